/** Signatures by Standard Webhooks (https://www.standardwebhooks.com): HMAC-SHA256 over id, time and body. */
import { createHmac } from "node:crypto";

/** `at`: seconds since 1970. A signature for each key, so that receivers may change to another. */
export function signatureHeaders(
  message: { readonly id: string; readonly at: number; readonly body: string },
  secrets: readonly Uint8Array[],
): Readonly<Record<string, string>> {
  const { id, at, body } = message;
  const named = { "webhook-id": id, "webhook-timestamp": String(at) };
  if (secrets.length === 0) return named;
  const signed = secrets.map(
    (secret) => `v1,${createHmac("sha256", secret).update(`${id}.${at}.${body}`).digest("base64")}`,
  );
  return { ...named, "webhook-signature": signed.join(" ") };
}
