/** Client responses that carry a bearer token: OAUTHBEARER (RFC 7628 §3.1) and Google's and Microsoft's XOAUTH2. */

export interface BearerResponse {
  /** Whom the client says it is; undefined: whoever the token is of. */
  readonly user: string | undefined;
  readonly token: string;
}

export type BearerMechanism = "XOAUTH2" | "OAUTHBEARER";

const separator = "\x01";
/** RFC 6750 §2.1, b64token. */
const bearer = /^bearer ([A-Za-z0-9\-._~+/]+=*)$/i;

/** `text`: the decoded response. Undefined: it is not of that form. Linear. */
export function parseBearerResponse(mechanism: BearerMechanism, text: string): BearerResponse | undefined {
  const parts = text.split(separator);
  // Ends in two separators: an empty field, and nothing behind it.
  if (parts.length < 3 || parts.pop() !== "" || parts.pop() !== "") return undefined;
  const [first = "", ...rest] = parts;
  const [user, fields] = mechanism === "XOAUTH2" ? xoauth2User(parts) : [gs2User(first), rest];
  if (user === undefined) return undefined;
  const auth = fields.filter((field) => /^auth=/i.test(field));
  const [, token] = bearer.exec(auth[0]?.slice("auth=".length) ?? "") ?? [];
  if (auth.length !== 1 || token === undefined) return undefined;
  return { user: user === "" ? undefined : user, token };
}

function xoauth2User(fields: readonly string[]): readonly [string | undefined, readonly string[]] {
  const users = fields.filter((field) => /^user=/i.test(field));
  return [users.length > 1 ? undefined : (users[0]?.slice("user=".length) ?? ""), fields];
}

/** GS2 header (RFC 5801 §4) without channel binding: `n,a=user,`; `=2C` and `=3D` stand for comma and equals sign. */
function gs2User(header: string): string | undefined {
  const [, given] = /^[ny],(?:a=((?:[^,=\0]|=2C|=3D)+))?,$/.exec(header) ?? ["", undefined];
  if (!/^[ny],/.test(header) || !header.endsWith(",")) return undefined;
  if (given === undefined) return /^[ny],,$/.test(header) ? "" : undefined;
  return given.replaceAll("=2C", ",").replaceAll("=3D", "=");
}

/** What refuses a token, as the challenge says it (RFC 7628 §3.2.2); the client answers, and is then refused. */
export function bearerError(
  mechanism: BearerMechanism,
  about: { readonly scope: string | undefined; readonly openIdConfiguration: string | undefined },
): string {
  return JSON.stringify({
    status: mechanism === "XOAUTH2" ? "401" : "invalid_token",
    schemes: "bearer",
    ...(about.scope === undefined ? undefined : { scope: about.scope }),
    ...(about.openIdConfiguration === undefined
      ? undefined
      : { "openid-configuration": about.openIdConfiguration }),
  });
}
