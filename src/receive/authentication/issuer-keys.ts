/**
 * The public keys of a token issuer: read from its JWKS, which its discovery document names where the configuration does
 * not; kept, read anew when they are old or a token names one that is not among them. While the issuer cannot be reached
 * the keys that are there go on.
 */
import type { CryptoKey, JWK } from "jose";
import type { TokenIssuer } from "../../core/authentication/token-issuer.ts";
import type { Events } from "../../events/events.ts";
import type { HttpRequest } from "../../ports/http-request.ts";
import type { Clock } from "../../ports/ports.ts";

export interface IssuerKeys {
  /** Keys that may have signed so; several where the token names none. Rejects when none could ever be read. */
  find(algorithm: string, kid: string | undefined): Promise<readonly CryptoKey[]>;
}

const timeoutMs = 5_000;
/** 10,000 keys have about that much. */
const mostBytes = 6_000_000;
const oldAfterMs = 10 * 60_000;
/** However many tokens name keys that are not there, the issuer is asked this often. */
const askAgainMs = 30_000;
/** Without a kid each of these is tried. */
const mostCandidates = 8;

interface KeySet {
  readonly byKid: ReadonlyMap<string, readonly JWK[]>;
  readonly all: readonly JWK[];
  readonly readAt: number;
}

export function discoveryUrl({ issuer }: Pick<TokenIssuer, "issuer">): string {
  return `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
}

export function createIssuerKeys(
  issuer: Pick<TokenIssuer, "name" | "issuer" | "jwksUri">,
  around: { readonly clock: Clock; readonly events: Events; readonly http: HttpRequest },
): IssuerKeys {
  const { clock, events, http } = around;
  const imported = new Map<string, Promise<CryptoKey>>();
  let set: KeySet | undefined;
  let reading: Promise<KeySet> | undefined;
  let askedAt = -Infinity;
  let isDown = false;

  const json = async (url: string): Promise<Record<string, unknown>> => {
    const { status, body } = await http({
      method: "GET",
      url,
      headers: { accept: "application/json" },
      body: "",
      timeoutMs,
      mostBytes,
    });
    if (status !== 200) throw new Error(`it answered ${status}`);
    const value: unknown = JSON.parse(body.toString("utf8"));
    if (typeof value !== "object" || value === null) throw new Error("it answered no JSON object");
    return value as Record<string, unknown>;
  };

  const jwksUri = async (): Promise<string> => {
    if (issuer.jwksUri !== undefined) return issuer.jwksUri;
    const document = await json(discoveryUrl(issuer));
    // OpenID Connect Discovery §4.3.
    if (document["issuer"] !== issuer.issuer) throw new Error("its discovery document is of another issuer");
    const uri = document["jwks_uri"];
    const wanted = new URL(discoveryUrl(issuer)).protocol;
    if (typeof uri !== "string" || !URL.canParse(uri))
      throw new Error("its discovery document has no jwks_uri");
    if (new URL(uri).protocol !== wanted && new URL(uri).protocol !== "https:")
      throw new Error("its jwks_uri is not https");
    return uri;
  };

  const readSet = async (): Promise<KeySet> => {
    const { keys } = await json(await jwksUri());
    if (!Array.isArray(keys)) throw new Error("its JWKS has no keys");
    const all = keys.filter(
      (key: unknown): key is JWK =>
        typeof key === "object" && key !== null && "kty" in key && key.kty !== "oct" && !("d" in key),
    );
    const byKid = new Map<string, JWK[]>();
    for (const key of all) {
      if (typeof key.kid !== "string") continue;
      const same = byKid.get(key.kid);
      if (same === undefined) byKid.set(key.kid, [key]);
      else same.push(key);
    }
    return { byKid, all, readAt: clock.now() };
  };

  /** One at a time, whoever asks. */
  const read = (): Promise<KeySet> => {
    askedAt = clock.now();
    reading ??= readSet()
      .then((found) => {
        set = found;
        imported.clear();
        if (isDown) events.emit("TokenIssuerReached", { issuer: issuer.name });
        isDown = false;
        return found;
      })
      .catch((fault: unknown) => {
        const error = fault instanceof Error ? fault.message : String(fault);
        if (!isDown)
          events.emit("TokenIssuerUnreachable", {
            issuer: issuer.name,
            error,
            consequence:
              set === undefined
                ? "nobody can log on with its tokens, who tries is told to try again"
                : "the keys that were read before go on",
          });
        isDown = true;
        throw fault;
      })
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };

  const among = ({ byKid, all }: KeySet, algorithm: string, kid: string | undefined): readonly JWK[] =>
    (kid === undefined ? all : (byKid.get(kid) ?? []))
      .filter((key) => fits(key, algorithm))
      .slice(0, mostCandidates);

  const keyOf = async (jwk: JWK, algorithm: string): Promise<CryptoKey> => {
    const id = JSON.stringify([algorithm, jwk.kid, jwk.x ?? jwk.n]);
    let key = imported.get(id);
    if (key === undefined) {
      const { importJWK } = await import("jose");
      key = importJWK(jwk, algorithm) as Promise<CryptoKey>;
      imported.set(id, key);
    }
    return key;
  };

  return {
    async find(algorithm, kid) {
      const mayAsk = (): boolean => reading !== undefined || clock.now() - askedAt >= askAgainMs;
      let current = set;
      if (current === undefined) {
        if (!mayAsk()) throw new Error("the issuer's keys could not be read");
        current = await read();
      } else if (clock.now() - current.readAt >= oldAfterMs && mayAsk()) {
        // In the background: what is there is good enough meanwhile.
        read().catch(() => undefined);
      }
      let found = among(current, algorithm, kid);
      if (found.length === 0 && mayAsk()) found = among(await read(), algorithm, kid);
      else if (found.length === 0 && isDown) throw new Error("the issuer's keys cannot be read anew");
      const keys = await Promise.allSettled(found.map((jwk) => keyOf(jwk, algorithm)));
      return keys.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    },
  };
}

/** RFC 7517: the kind of key an algorithm takes, and what the key says of its use. */
function fits({ kty, crv, use, key_ops: operations, alg }: JWK, algorithm: string): boolean {
  if (use !== undefined && use !== "sig") return false;
  if (operations !== undefined && !operations.includes("verify")) return false;
  if (alg !== undefined && alg !== algorithm && !(alg === "EdDSA" && algorithm === "Ed25519")) return false;
  if (algorithm.startsWith("RS") || algorithm.startsWith("PS")) return kty === "RSA";
  if (algorithm.startsWith("ES"))
    return kty === "EC" && crv === `P-${algorithm === "ES512" ? "521" : algorithm.slice(2)}`;
  return kty === "OKP" && crv === "Ed25519";
}
