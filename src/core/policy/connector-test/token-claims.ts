/** What a token says of itself (RFC 7519), for people; never the token, nor its signature. */

/** Those that decide whether a mail service takes it. Entra: "Access token claims reference". */
const shown = ["aud", "iss", "roles", "scp", "appid", "azp", "tid"] as const;
const longestValue = 300;

/** Empty where the token is opaque, as Google's are. `exp` as ISO 8601. Nothing is verified. Never throws. */
export function tokenClaims(token: string): Readonly<Record<string, string>> {
  const parts = token.split(".");
  const payload = parts.length === 3 ? decode(parts[1] ?? "") : undefined;
  if (payload === undefined) return {};
  const found: Record<string, string> = {};
  for (const name of shown) {
    const text = textOf(payload[name]);
    if (text !== undefined) found[name] = text;
  }
  const { exp } = payload;
  if (typeof exp === "number" && Math.abs(exp) < 8e12) found["exp"] = new Date(exp * 1000).toISOString();
  return found;
}

function textOf(value: unknown): string | undefined {
  const all = Array.isArray(value) ? (value as readonly unknown[]) : [value];
  const texts = all.filter((each) => typeof each === "string");
  return texts.length === 0 ? undefined : texts.join(" ").slice(0, longestValue);
}

/** Base64url, JSON. */
function decode(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const bytes = Uint8Array.from(atob(part.replaceAll("-", "+").replaceAll("_", "/")), (char) =>
      char.charCodeAt(0),
    );
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
