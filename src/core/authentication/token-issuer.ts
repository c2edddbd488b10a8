/** Who issues the tokens that clients log on with, and whose a token is by its claims. */

/** Public keys alone: with a secret that both sides know, whoever can check a token could make one. */
export const tokenAlgorithms = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
] as const;
export type TokenAlgorithm = (typeof tokenAlgorithms)[number];

export interface TokenIssuer {
  readonly name: string;
  /** `iss`, letter by letter. */
  readonly issuer: string;
  /** One of them has to be in `aud`. */
  readonly audiences: readonly string[];
  readonly algorithms: readonly TokenAlgorithm[];
  /** Where its keys are; undefined: its discovery document says it. */
  readonly jwksUri?: string | undefined;
  /** The claims that may name the user, in the order they are looked for. */
  readonly userClaims: readonly string[];
  /** Has to be among `scp`, `scope` or `roles`; undefined: none is asked for. */
  readonly scope?: string | undefined;
  /** Users that are not in `users` are taken as well. */
  readonly acceptUnknownUsers: boolean;
}

type Claims = Readonly<Record<string, unknown>>;

/** The user a token is of; or why it is nobody's. */
export function userOfClaims(
  claims: Claims,
  { userClaims, scope }: Pick<TokenIssuer, "userClaims" | "scope">,
): { readonly user: string } | { readonly denied: string } {
  if (scope !== undefined && !granted(claims).includes(scope))
    return { denied: `the token does not hold the scope or role ${scope}` };
  for (const name of userClaims) {
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
    if (typeof value === "string" && value !== "" && value.length <= 256 && !/\p{Cc}/u.test(value))
      return { user: value };
  }
  return { denied: `the token has none of the claims ${userClaims.join(", ")}` };
}

function granted(claims: Claims): readonly string[] {
  return ["scp", "scope", "roles"].flatMap((name) => {
    const value = claims[name];
    if (typeof value === "string") return value.split(" ");
    return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
  });
}
