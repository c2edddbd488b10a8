/**
 * Tokens by secret and by assertion from an authorization server of other people's making (oidc-provider): it checks
 * signature, algorithm, aud, iss, sub, exp, and that no jti comes twice. What Entra wants beside that, it is told here.
 */
import { createHash, createPublicKey, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { ClientCredentialsGrant } from "../../src/core/policy/oauth-settings.ts";
import { createHttpRequest } from "../../src/ports/http-request.ts";
import { createSystemPorts } from "../../src/ports/system-ports.ts";
import { tokenRequestBody } from "../../src/send/oauth/token-request.ts";
import { createTokenSource } from "../../src/send/oauth/token-source.ts";
import { testCertificate } from "../../src/testing/test-certificate.ts";

const clientId = "11111111-2222-3333-4444-555555555555";
const secret = "Q8~a real+one with/signs=&%";

let server: Server;
let endpoint: string;
let pair: { key: string; cert: string };
let other: { key: string; cert: string };
const refusals: string[] = [];

beforeAll(async () => {
  // It was made for a newer Node, and for more than a test; it says so.
  for (const method of ["warn", "info"] as const) vi.spyOn(console, method).mockReturnValue(undefined);
  const { Provider } = await import("oidc-provider");
  pair = await testCertificate("application", "RSA");
  other = await testCertificate("another application", "RSA");
  let answer: RequestListener = () => undefined;
  server = createServer((request, response) => answer(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const thumbprint = createHash("sha256").update(new X509Certificate(pair.cert).raw).digest("base64url");
  const key = { ...createPublicKey(pair.cert).export({ format: "jwk" }), alg: "PS256", use: "sig" };
  const client = {
    grant_types: ["client_credentials"],
    redirect_uris: [],
    response_types: [],
    scope: "smtp",
  };
  const provider = new Provider(issuer, {
    clients: [
      {
        ...client,
        client_id: clientId,
        token_endpoint_auth_method: "private_key_jwt",
        token_endpoint_auth_signing_alg: "PS256",
        jwks: { keys: [key] },
      },
      {
        ...client,
        client_id: "by-secret",
        client_secret: secret,
        token_endpoint_auth_method: "client_secret_post",
      },
    ],
    scopes: ["smtp"],
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
    clientAuthMethods: ["private_key_jwt", "client_secret_post"],
    clockTolerance: 5,
    ttl: { ClientCredentials: 300 },
    // Entra: "certificate credentials".
    assertJwtClientAuthClaimsAndHeader(
      _: unknown,
      claims: Record<string, number | string>,
      header: Record<string, string>,
    ) {
      // An Error becomes its answer 500.
      if (header["x5t#S256"] !== thumbprint) throw new Error("x5t#S256 names another certificate");
      if (claims["sub"] !== clientId) throw new Error("sub is not the client");
      if (Number(claims["exp"]) - Number(claims["nbf"]) > 600) throw new Error("it lives for too long");
      if (claims["aud"] !== endpoint) throw new Error("aud is not the token endpoint");
    },
  });
  provider.on("grant.error", (_, error) => refusals.push(`${error.message}: ${error.error_detail ?? ""}`));
  answer = provider.callback();
  endpoint = `${issuer}/token`;
});
afterAll(() => {
  vi.restoreAllMocks();
  server.close();
  server.closeAllConnections();
});

const byCertificate = ({ key, cert } = pair): ClientCredentialsGrant => ({
  kind: "clientCredentials",
  clientId,
  credential: { kind: "certificate", certificate: cert, privateKey: key, expiresAt: 0 },
});
const bySecret = (clientSecret: string): ClientCredentialsGrant => ({
  kind: "clientCredentials",
  clientId: "by-secret",
  credential: { kind: "secret", clientSecret, expiresAt: undefined },
});
const settingsWith = (grant: ClientCredentialsGrant) => ({
  grant,
  tokenEndpoint: endpoint,
  scope: "smtp",
  shown: {},
});

/** A token, or why there is none. */
async function ask(grant: ClientCredentialsGrant): Promise<string> {
  const { clock, dns } = createSystemPorts();
  const source = createTokenSource(
    settingsWith(grant),
    { clock, http: createHttpRequest({ clock, dns }), events: { wants: () => true, emit: () => undefined } },
    "Out",
  );
  return await source.token("").then(
    ({ value }) => `token of ${value.length}`,
    (error: Error) => error.message,
  );
}
const post = async (body: string): Promise<number> =>
  (await fetch(endpoint, { method: "POST", body: new URLSearchParams(body) })).status;

test("a certificate's assertion is taken, each time", async () => {
  expect(await ask(byCertificate())).toMatch(/^token of \d+$/);
  expect(await ask(byCertificate())).toMatch(/^token of \d+$/);
  expect(refusals.splice(0)).toEqual([]);
});

test("an assertion is good once and for a while", async () => {
  const now = Date.now();
  const body = await tokenRequestBody(settingsWith(byCertificate()), "", now);
  expect(await post(body)).toBe(200);
  expect(await post(body)).toBe(401);
  expect(await post(await tokenRequestBody(settingsWith(byCertificate()), "", now - 400_000))).toBe(401);
  expect(await post(await tokenRequestBody(settingsWith(byCertificate()), "", now + 400_000))).toBe(401);
  expect(refusals.splice(0)).toHaveLength(3);
});

test("another's key, and a certificate that is not its own, are told", async () => {
  expect(await ask(byCertificate(other))).toMatch(/invalid_client.*secret or certificate is wrong/);
  expect(await ask(byCertificate({ ...pair, cert: other.cert }))).toMatch(/server_error/);
  expect(refusals.splice(0)).toHaveLength(1);
});

test("a secret is taken whatever stands in it, and another is not", async () => {
  expect(await ask(bySecret(secret))).toMatch(/^token of \d+$/);
  expect(await ask(bySecret(`${secret} `))).toMatch(/invalid_client/);
  expect(refusals.splice(0)).toHaveLength(1);
});
