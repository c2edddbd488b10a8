/** The policy that a domain serves over HTTPS (RFC 8461 §3.2). */

export type PolicyMode = "enforce" | "testing" | "none";

export interface MtaStsPolicy {
  readonly mode: PolicyMode;
  /** Lower case: names of hosts, or `*.` and what stands behind the first label. Empty for mode `none` only. */
  readonly mx: readonly string[];
  /** Seconds, 0..31557600. */
  readonly maxAgeS: number;
  /** As served, line by line, for reports (RFC 8460 §4.4); without empty lines. */
  readonly lines: readonly string[];
}

export type ReadPolicy =
  | { readonly kind: "policy"; readonly policy: MtaStsPolicy }
  | { readonly kind: "invalid"; readonly reason: string };

/** RFC 8461 §3.2: about a year. What says more is taken for as much. */
export const longestMaxAgeS = 31_557_600;

/** More mail exchangers are none that a domain has. */
const mostMx = 1_000;
const modes: readonly string[] = ["enforce", "testing", "none"] satisfies PolicyMode[];
// Underscores are no fault: they are in use.
const mxPattern = /^(?:\*\.)?[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/;

/** Lines end in LF or CRLF. Unknown fields are passed over; of a field that comes again the first counts, `mx` apart. */
export function readPolicy(text: string): ReadPolicy {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const first = new Map<string, string>();
  const mx: string[] = [];
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon <= 0) return invalid("a line is no field with a value");
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1).trim();
    // The root's dot is no part of a name, and must not make a policy one that does not count.
    if (name === "mx") mx.push(value.toLowerCase().replace(/\.$/, ""));
    else if (!first.has(name)) first.set(name, value);
  }
  const mode = first.get("mode");
  const maxAge = first.get("max_age");
  if (first.get("version") !== "STSv1") return invalid("its version is not STSv1");
  if (mode === undefined || !isMode(mode)) return invalid("its mode is none of enforce, testing, none");
  if (maxAge === undefined || !/^\d{1,10}$/.test(maxAge))
    return invalid("its max_age is no number of seconds");
  if (mx.length > mostMx) return invalid(`it names more than ${mostMx} mail exchangers`);
  const wrong = mx.find((pattern) => pattern.length > 255 || !mxPattern.test(pattern));
  if (wrong !== undefined) return invalid(`mx ${JSON.stringify(wrong.slice(0, 80))} is no host name`);
  if (mx.length === 0 && mode !== "none") return invalid("it names no mail exchanger");
  const maxAgeS = Math.min(Number(maxAge), longestMaxAgeS);
  return { kind: "policy", policy: { mode, mx, maxAgeS, lines } };
}

const isMode = (text: string): text is PolicyMode => modes.includes(text);
const invalid = (reason: string): ReadPolicy => ({ kind: "invalid", reason });
