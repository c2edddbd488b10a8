/** What a token endpoint answered (RFC 6749 §5), in what follows from it and in words. */

export type TokenAnswer =
  | { readonly kind: "token"; readonly token: string; readonly lifetimeMs: number }
  | {
      readonly kind: "refused";
      /** `invalid_client: AADSTS7000222: … (the client secret has expired: …)` */
      readonly words: string;
      /** The endpoint's own wish (Retry-After). */
      readonly retryAfterMs: number | undefined;
    };

/** Where `expires_in` is not there, or makes no sense. */
const usualLifetimeMs = 3_600_000;
const longestRetryAfterMs = 3_600_000;
const longestWords = 300;
/** RFC 6750 §2.1, and not longer than a line of SASL may be (RFC 4954 §4). */
const usableToken = /^[\x21-\x7e]{1,8000}$/;

/** `body` as it came; `retryAfter`: that header; `now`: wall clock, milliseconds. Never throws. */
export function readTokenAnswer(
  status: number,
  retryAfter: string | undefined,
  body: string,
  now: number,
): TokenAnswer {
  const fields = jsonSection(body);
  const token = fields?.["access_token"];
  if (status === 200 && typeof token === "string" && usableToken.test(token))
    return { kind: "token", token, lifetimeMs: lifetimeOf(fields?.["expires_in"]) };
  const retryAfterMs = retryAfterOf(retryAfter, now);
  if (status === 200)
    return { kind: "refused", words: "answered without a usable access_token", retryAfterMs };
  return { kind: "refused", words: wordsOf(status, fields), retryAfterMs };
}

/** Seconds, as a number or as text. */
function lifetimeOf(expiresIn: unknown): number {
  const seconds =
    typeof expiresIn === "number" || (typeof expiresIn === "string" && expiresIn.trim() !== "")
      ? Number(expiresIn)
      : Number.NaN;
  return seconds > 0 && Number.isFinite(seconds) ? seconds * 1000 : usualLifetimeMs;
}

/** Seconds or an HTTP date (RFC 9110 §10.2.3). */
export function retryAfterOf(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\s*\d+\s*$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), longestRetryAfterMs);
}

function wordsOf(status: number, fields: Readonly<Record<string, unknown>> | undefined): string {
  const error = fields?.["error"];
  const description = fields?.["error_description"];
  const said = [error, description].filter((each) => typeof each === "string" && each !== "").join(": ");
  if (said === "") return `answered ${status}`;
  const [line = ""] = said.split(/[\r\n]/, 1);
  const advice = adviceFor(said);
  const text = line.length > longestWords ? `${line.slice(0, longestWords - 1)}…` : line;
  return advice === undefined ? text : `${text} (${advice})`;
}

/**
 * What to tell the administrator, by number (Microsoft: "AADSTS error codes", "Troubleshooting authentication of a service
 * principal"), else by the error of RFC 6749 §5.2.
 */
const advices: Readonly<Record<string, string>> = {
  AADSTS7000215: "the client secret is wrong; paste its Value, not its Secret ID",
  AADSTS7000222: "the client secret has expired: make a new one; all mail of this connector waits",
  AADSTS700016: "the application is not in this tenant; clientId, tenant or cloud is wrong",
  AADSTS700027: "the certificate is not known to the application; upload it there",
  AADSTS700021: "the assertion names another application; clientId is wrong",
  AADSTS700023: "the assertion is for another authority; authority or cloud is wrong",
  AADSTS700024: "the assertion's time is wrong; the clock of this host is off",
  AADSTS70011: "the scope is not valid; it must end in /.default",
  AADSTS90002: "there is no such tenant in this cloud",
  AADSTS53003: "conditional access for workload identities blocks the application",
  invalid_scope: "for an application the scope must end in /.default",
  invalid_client: "clientId, secret or certificate is wrong",
  unauthorized_client:
    "the application may not do this; at Google domain-wide delegation for the scope is missing",
};

function adviceFor(said: string): string | undefined {
  const number = /\bAADSTS\d+\b/.exec(said)?.[0];
  return [number, said.split(":", 1)[0]]
    .map((key) => (key !== undefined && Object.hasOwn(advices, key) ? advices[key] : undefined))
    .find((advice) => advice !== undefined);
}

function jsonSection(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** When a token of such a lifetime is to be replaced, and from when on it is not used any more. */
export function tokenTimes(lifetimeMs: number): { readonly refreshMs: number; readonly endMs: number } {
  return {
    refreshMs: Math.max(lifetimeMs / 2, lifetimeMs - 600_000),
    endMs: lifetimeMs - Math.min(60_000, lifetimeMs / 4),
  };
}

/** After the `failures`-th failure in a row, from 1 on. */
export function tokenBackOffMs(failures: number): number {
  const steps = [5_000, 15_000, 60_000, 300_000];
  return steps[Math.min(failures, steps.length) - 1] ?? 0;
}
