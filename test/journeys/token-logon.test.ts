/** Clients that log on with tokens: keys and tokens of an OpenID provider of other people's making (oidc-provider). */
import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, SignJWT, type JWK, type KeyObject } from "jose";
import { createTransport } from "nodemailer";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { parseConfigValue } from "../../src/config/parse-config.ts";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { startTemporaryRelay, type TemporaryRelay } from "../../src/testing/temporary-relay.ts";
import { receiveConnector } from "../../src/testing/test-settings.ts";

let server: Server;
let issuer: string;
let signing: JWK & { kid: string };
let key: KeyObject;
let relay: TemporaryRelay;
let jwksAnswers = true;
let jwksAsked = 0;

const audience = "urn:weir";
const hidden = 12 * 60_000;

beforeAll(async () => {
  for (const method of ["warn", "info"] as const) vi.spyOn(console, method).mockReturnValue(undefined);
  const { Provider } = await import("oidc-provider");
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  key = pair.privateKey;
  signing = {
    ...(await exportJWK(pair.privateKey)),
    kid: "k1",
    alg: "ES256",
    use: "sig",
  };
  let answer: RequestListener = () => undefined;
  server = createServer((request, response) => {
    if (request.url?.startsWith("/jwks") === true) {
      jwksAsked++;
      if (!jwksAnswers) return void response.writeHead(503).end();
    }
    answer(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "erp-daemon",
        id_token_signed_response_alg: "ES256",
        client_secret: "s3cr3t-of-erp",
        token_endpoint_auth_method: "client_secret_post",
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
        scope: "smtp",
      },
    ],
    jwks: { keys: [signing] },
    scopes: ["smtp"],
    ttl: { ClientCredentials: 300 },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        getResourceServerInfo: () => ({
          scope: "smtp",
          audience,
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: "ES256" } },
        }),
      },
    },
  });
  answer = provider.callback();
  const parsed = parseConfigValue(
    {
      hostname: "relay.test",
      receiveConnectors: [
        {
          name: "Tokens",
          bindings: ["127.0.0.1:25"],
          remoteIpRanges: ["127.0.0.0/8"],
          authMechanism: ["Tls", "OAuth"],
          permissionGroups: ["ExchangeUsers"],
        },
      ],
      tokenIssuers: [
        {
          name: "Provider",
          issuer,
          audiences: [audience],
          userClaims: ["preferred_username", "client_id"],
          scope: "smtp",
        },
      ],
      users: [{ name: "erp-daemon", sendAs: ["erp@contoso.com"] }],
    },
    { file: "/weir.yaml" },
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  const { users, tokenIssuers } = parsed.settings;
  relay = await startTemporaryRelay({
    receiveConnectors: [
      receiveConnector({
        name: "Tokens",
        authMechanism: ["Tls", "OAuth"],
        permissionGroups: ["ExchangeUsers"],
        maxLogonFailures: 0,
        authTarpitInterval: 0,
      }),
    ],
    users,
    tokenIssuers,
  });
});
afterAll(async () => {
  await relay.stop();
  server.close();
  vi.restoreAllMocks();
});

async function fetchToken(): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: "erp-daemon",
      client_secret: "s3cr3t-of-erp",
      scope: "smtp",
    }),
  });
  const answer = (await response.json()) as { access_token?: string };
  if (answer.access_token === undefined) throw new Error(JSON.stringify(answer));
  return answer.access_token;
}

interface Made {
  readonly header?: Record<string, unknown>;
  readonly claims?: Record<string, unknown>;
  readonly by?: KeyObject | Uint8Array;
}

function make({ header = {}, claims = {}, by = key }: Made = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({
    iss: issuer,
    aud: audience,
    exp: now + 300,
    scope: "smtp",
    client_id: "erp-daemon",
    ...claims,
  })
    .setProtectedHeader({ alg: "ES256", kid: "k1", ...header })
    .sign(by);
}

const xoauth2 = (user: string, token: string): string =>
  Buffer.from(`user=${user}\x01auth=Bearer ${token}\x01\x01`).toString("base64");
const oauthBearer = (user: string, token: string): string =>
  Buffer.from(
    `n,${user === "" ? "" : `a=${user}`},\x01host=relay.test\x01port=587\x01auth=Bearer ${token}\x01\x01`,
  ).toString("base64");

/** The last reply to AUTH, behind the challenge that says why; `challenge`: what it said. */
async function logOn(mechanism: string, response: string): Promise<{ last: string; challenge?: unknown }> {
  const client = await connectScriptedClient({ port: relay.port });
  await client.expect(220);
  await client.command("EHLO c.example");
  await client.startTls();
  await client.command("EHLO c.example");
  let reply = await client.command(`AUTH ${mechanism}`);
  expect(reply.code).toBe(334);
  reply = await client.command(response);
  let challenge: unknown;
  if (reply.code === 334) {
    challenge = JSON.parse(Buffer.from(reply.last.slice(4), "base64").toString());
    reply = await client.command(mechanism === "XOAUTH2" ? "" : "AQ==");
  }
  client.close();
  return { last: reply.last, challenge };
}

test("a token of the provider logs on by both mechanisms, under its user's rights", async () => {
  const token = await fetchToken();
  expect((await logOn("XOAUTH2", xoauth2("erp-daemon", token))).last).toMatch(/^235 /);
  expect((await logOn("OAUTHBEARER", oauthBearer("", token))).last).toMatch(/^235 /);
  expect((await logOn("OAUTHBEARER", oauthBearer("erp@contoso.com", token))).last).toMatch(/^235 /);
  expect((await logOn("XOAUTH2", xoauth2("ceo@contoso.com", token))).last).toMatch(/^535 /);
});

test("nodemailer sends with a token, and as nobody else", async () => {
  const transport = createTransport({
    host: "127.0.0.1",
    port: relay.port,
    requireTLS: true,
    tls: { rejectUnauthorized: false },
    auth: { type: "OAuth2", user: "erp-daemon", accessToken: await fetchToken() },
  });
  const mail = { to: "a@b.example", text: "x" };
  const sent = await transport.sendMail({ ...mail, from: "ERP <erp@contoso.com>" });
  expect(sent.response).toMatch(/^250 2\.6\.0/);
  await expect(transport.sendMail({ ...mail, from: "ceo@contoso.com" })).rejects.toThrow(/5\.7\.60/);
  transport.close();
});

test.skipIf(spawnSync("curl", ["--version"]).status !== 0)(
  "curl sends with its token in the command",
  async () => {
    const token = await fetchToken();
    for (const options of [["--sasl-ir"], []]) {
      const result = spawnSync("true");
      expect(result.status).toBe(0);
      const { status, stderr } = await new Promise<{ status: number | null; stderr: string }>((resolve) => {
        void import("node:child_process").then(({ execFile }) =>
          execFile(
            "curl",
            [
              "-sSkv",
              "--ssl-reqd",
              ...options,
              "--login-options",
              "AUTH=OAUTHBEARER",
              "--user",
              "erp-daemon:",
              "--oauth2-bearer",
              token,
              "--mail-from",
              "erp@contoso.com",
              "--mail-rcpt",
              "a@b.example",
              "-T",
              "-",
              `smtp://127.0.0.1:${relay.port}`,
            ],
            (error, _out, text) =>
              resolve({ status: error === null ? 0 : Number(error.code ?? 1), stderr: text }),
          ).stdin?.end("From: erp@contoso.com\r\n\r\nx\r\n"),
        );
      });
      expect(stderr).toMatch(/235 /);
      expect(status).toBe(0);
    }
  },
);

const wrong: [name: string, token: () => Promise<string>, told?: string][] = [
  ["another audience", () => make({ claims: { aud: "urn:other" } }), "the token is for another audience"],
  ["no audience", () => make({ claims: { aud: undefined } }), "the token has no aud"],
  ["another issuer", () => make({ claims: { iss: "https://evil.example" } })],
  [
    "expired",
    () => make({ claims: { exp: Math.floor(Date.now() / 1000) - hidden / 1000 } }),
    "the token has expired, or the clock of this host is ahead",
  ],
  ["without an end", () => make({ claims: { exp: undefined } }), "the token has no exp"],
  [
    "not yet valid",
    () => make({ claims: { nbf: Math.floor(Date.now() / 1000) + 3_600 } }),
    "the token's nbf does not fit",
  ],
  ["another scope", () => make({ claims: { scope: "mail.read" } })],
  ["nobody's", () => make({ claims: { client_id: undefined } })],
  ["of a user that is not among users", () => make({ claims: { client_id: "stranger" } })],
  [
    "by another key of the same name",
    () => make({ by: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey }),
  ],
  ["by a key that is not there", () => make({ header: { kid: "k2" } })],
  [
    "HS256 with the public key",
    () => make({ header: { alg: "HS256" }, by: Buffer.from(JSON.stringify({ x: signing.x })) }),
  ],
  [
    "an algorithm that is not in the list",
    () =>
      make({
        header: { alg: "ES384", kid: "k1" },
        by: generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey,
      }),
  ],
  [
    "none",
    () => {
      const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
      return Promise.resolve(
        `${part({ alg: "none" })}.${part({ iss: issuer, aud: audience, client_id: "erp-daemon", scope: "smtp", exp: 9_999_999_999 })}.`,
      );
    },
  ],
  ["no JWT", () => Promise.resolve("abc.def.ghi")],
  ["huge", async () => `${await make({ claims: { x: "y".repeat(5_000) } })}x`],
];
test.each(wrong)("a token that is %s is refused by a challenge, then 535", async (_name, token, told) => {
  const before = relay.events.length;
  const { last, challenge } = await logOn("OAUTHBEARER", oauthBearer("", await token()));
  expect(last).toMatch(/^535 5\.7\.3 Authentication unsuccessful/);
  expect(challenge).toMatchObject({ status: "invalid_token", schemes: "bearer" });
  if (told !== undefined) expect(JSON.stringify(relay.events.slice(before))).toContain(told);
});

test("neither token nor challenge stands in an event", async () => {
  const token = await make({ claims: { aud: "urn:other" } });
  await logOn("XOAUTH2", xoauth2("erp-daemon", token));
  const told = JSON.stringify(relay.events);
  expect(told).toContain("the token is for another audience");
  for (const part of token.split(".")) expect(told).not.toContain(part.slice(0, 40));
});

test("many unknown keys ask the issuer once; while it is down its known keys go on, and unknown ones are temporary", async () => {
  const asked = jwksAsked;
  for (let i = 0; i < 5; i++)
    await logOn("OAUTHBEARER", oauthBearer("", await make({ header: { kid: `x${i}` } })));
  expect(jwksAsked - asked).toBeLessThanOrEqual(1);
  jwksAnswers = false;
  expect((await logOn("OAUTHBEARER", oauthBearer("", await make({ claims: { jti: "1" } })))).last).toMatch(
    /^235 /,
  );
  jwksAnswers = true;
});
