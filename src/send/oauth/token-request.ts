/** What a token endpoint is asked with: a secret, or an assertion (RFC 7523). */
import { createHash, createPrivateKey, randomUUID, X509Certificate } from "node:crypto";
import type {
  ClientCertificate,
  OAuthSettings,
  ServiceAccountGrant,
} from "../../core/policy/oauth-settings.ts";

/** Entra takes ten minutes at most. */
const clientAssertionSeconds = 300;
/** Google takes an hour at most. */
const userAssertionSeconds = 3600;

/**
 * The body of the request, form-encoded; it is secret. `mailbox`: the user a service account acts for. `now`: wall clock,
 * milliseconds. Loads its library when an assertion is first made. Rejects when the key cannot be used.
 */
export async function tokenRequestBody(
  { grant, scope, tokenEndpoint }: OAuthSettings,
  mailbox: string,
  now: number,
): Promise<string> {
  const seconds = Math.floor(now / 1000);
  if (grant.kind === "serviceAccount")
    return form({
      grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
      assertion: await userAssertion(grant, { scope, tokenEndpoint, mailbox, seconds }),
    });
  const { clientId, credential } = grant;
  return form({
    grant_type: "client_credentials",
    client_id: clientId,
    scope,
    ...(credential.kind === "secret"
      ? { client_secret: credential.clientSecret }
      : {
          client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
          client_assertion: await clientAssertion(credential, clientId, tokenEndpoint, seconds),
        }),
  });
}

const secretFields = ["client_secret", "client_assertion", "assertion"];

/** What must not be told of a request, in the forms an endpoint that repeats it may use: plain and encoded. */
export function requestSecrets(body: string): readonly string[] {
  const fields = new URLSearchParams(body);
  const secrets = secretFields.flatMap((name) => fields.get(name) ?? []);
  return secrets.flatMap((secret) => [
    secret,
    encodeURIComponent(secret),
    new URLSearchParams([["", secret]]).toString().slice(1),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret, "utf8").toString("base64"),
  ]);
}

/** Entra, "certificate credentials": PS256, and the certificate by its SHA-256. */
async function clientAssertion(
  { certificate, privateKey }: ClientCertificate,
  clientId: string,
  tokenEndpoint: string,
  seconds: number,
): Promise<string> {
  const { SignJWT, importPKCS8 } = await import("jose");
  const { raw } = new X509Certificate(certificate);
  return await new SignJWT({ jti: randomUUID() })
    .setProtectedHeader({
      alg: "PS256",
      typ: "JWT",
      "x5t#S256": createHash("sha256").update(raw).digest("base64url"),
    })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(tokenEndpoint)
    .setIssuedAt(seconds)
    .setNotBefore(seconds)
    .setExpirationTime(seconds + clientAssertionSeconds)
    .sign(await importPKCS8(asPkcs8(privateKey), "PS256"));
}

/** Google, "OAuth 2.0 for server to server applications". */
async function userAssertion(
  { clientEmail, privateKey, privateKeyId }: ServiceAccountGrant,
  about: {
    readonly scope: string;
    readonly tokenEndpoint: string;
    readonly mailbox: string;
    readonly seconds: number;
  },
): Promise<string> {
  const { SignJWT, importPKCS8 } = await import("jose");
  return await new SignJWT({ scope: about.scope })
    .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: privateKeyId })
    .setIssuer(clientEmail)
    .setSubject(about.mailbox)
    .setAudience(about.tokenEndpoint)
    .setIssuedAt(about.seconds)
    .setExpirationTime(about.seconds + userAssertionSeconds)
    .sign(await importPKCS8(asPkcs8(privateKey), "RS256"));
}

/** Keys come in PKCS #1 too (`BEGIN RSA PRIVATE KEY`). */
function asPkcs8(pem: string): string {
  return createPrivateKey(pem).export({ type: "pkcs8", format: "pem" }).toString();
}

function form(fields: Readonly<Record<string, string>>): string {
  return new URLSearchParams(fields).toString();
}
