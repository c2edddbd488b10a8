/**
 * Bearer tokens of clients, verified with jose: the issuer by `iss`, its keys by `kid`, signature by an algorithm of its
 * list, `aud`, `exp`, `nbf`. Good tokens are remembered for minutes, at most to their end.
 */
import { createHash } from "node:crypto";
import type { JWTPayload } from "jose";
import { LRUCache } from "lru-cache";
import { userOfClaims, type TokenIssuer } from "../../core/authentication/token-issuer.ts";
import type { Events } from "../../events/events.ts";
import type { HttpRequest } from "../../ports/http-request.ts";
import type { Clock } from "../../ports/ports.ts";
import { createIssuerKeys, discoveryUrl, type IssuerKeys } from "./issuer-keys.ts";
import type { LogonDenied, LogonOutcome } from "./logon.ts";

export interface TokenVerifier {
  /** Whose the token is. Rejects when it cannot be told now: the issuer's keys cannot be had. */
  verify(token: string): Promise<LogonOutcome & { readonly issuer?: TokenIssuer }>;
  replace(issuers: readonly TokenIssuer[]): void;
}

const rememberMs = 5 * 60_000;
const clockToleranceSeconds = 60;

interface Known {
  readonly issuer: TokenIssuer;
  readonly keys: IssuerKeys;
}

export function createTokenVerifier(
  initial: readonly TokenIssuer[],
  around: { readonly clock: Clock; readonly events: Events; readonly http: HttpRequest },
): TokenVerifier {
  const { clock } = around;
  const good = new LRUCache<
    string,
    { readonly user: string; readonly untilMs: number; readonly issuer: TokenIssuer }
  >({
    max: 1_000,
  });
  let issuers: readonly Known[] = [];

  const replace = (next: readonly TokenIssuer[]): void => {
    issuers = next.map((issuer) => {
      const same = issuers.find(
        ({ issuer: old }) => old.issuer === issuer.issuer && old.jwksUri === issuer.jwksUri,
      );
      return { issuer, keys: same?.keys ?? createIssuerKeys(issuer, around) };
    });
    good.clear();
  };
  replace(initial);

  const check = async (token: string): Promise<LogonOutcome & { issuer?: TokenIssuer }> => {
    const jose = await import("jose");
    let header: Record<string, unknown>;
    let claimed: JWTPayload;
    try {
      header = jose.decodeProtectedHeader(token);
      claimed = jose.decodeJwt(token);
    } catch {
      return denied("the token is no signed JWT");
    }
    const known = issuers.find(({ issuer }) => issuer.issuer === claimed.iss);
    if (known === undefined) return denied("no token issuer has the token's iss");
    const { issuer, keys } = known;
    const algorithm = issuer.algorithms.find((one) => one === header["alg"]);
    if (algorithm === undefined)
      return denied("the token is signed with an algorithm that is not in algorithms", issuer);
    const kid = typeof header["kid"] === "string" ? header["kid"] : undefined;
    const options = {
      issuer: issuer.issuer,
      audience: [...issuer.audiences],
      algorithms: [algorithm],
      clockTolerance: clockToleranceSeconds,
      requiredClaims: ["exp"],
      currentDate: clock.wall(),
    };
    const candidates = await keys.find(algorithm, kid);
    if (candidates.length === 0)
      return denied("the token is signed with a key that its issuer does not have", issuer);
    let payload: JWTPayload | undefined;
    for (const key of candidates) {
      try {
        ({ payload } = await jose.jwtVerify(token, key, options));
        break;
      } catch (error) {
        if (error instanceof jose.errors.JWSSignatureVerificationFailed) continue;
        return denied(reasonOf(error, jose.errors), issuer);
      }
    }
    if (payload === undefined) return denied("the token's signature is wrong", issuer);
    const outcome = userOfClaims(payload, issuer);
    if ("denied" in outcome) return denied(outcome.denied, issuer);
    const untilMs = Math.min(clock.wall().getTime() + rememberMs, (payload.exp ?? 0) * 1000);
    good.set(digestOf(token), { user: outcome.user, untilMs, issuer });
    return { user: outcome.user, issuer };
  };

  return {
    replace,
    async verify(token) {
      const known = good.get(digestOf(token));
      if (known !== undefined && known.untilMs > clock.wall().getTime())
        return { user: known.user, issuer: known.issuer };
      return check(token);
    },
  };
}

function denied(why: string, issuer?: TokenIssuer): LogonDenied {
  return {
    denied: why,
    scope: issuer?.scope,
    openIdConfiguration: issuer === undefined ? undefined : discoveryUrl(issuer),
  };
}

/** In words, without anything of the token. */
function reasonOf(error: unknown, errors: typeof import("jose").errors): string {
  if (error instanceof errors.JWTExpired) return "the token has expired, or the clock of this host is ahead";
  if (error instanceof errors.JWTClaimValidationFailed)
    return error.reason === "missing"
      ? `the token has no ${error.claim}`
      : error.claim === "aud"
        ? "the token is for another audience"
        : `the token's ${error.claim} does not fit`;
  return "the token cannot be verified";
}

function digestOf(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}
