/** Tokens against a server of the test: every grant, every shape of an answer, failures, throttling, one flight. */
import { createHash, createPublicKey, verify, X509Certificate } from "node:crypto";
import { afterEach, beforeAll, describe, expect, it, test } from "vitest";
import type { OAuthSettings } from "../../core/policy/oauth-settings.ts";
import { createHttpRequest } from "../../ports/http-request.ts";
import { createSystemPorts } from "../../ports/system-ports.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { testCertificate } from "../../testing/test-certificate.ts";
import { aadError, startTokenServer, type TokenServer } from "../../testing/token-server.ts";
import { createTokenSource, type TokenSource } from "./token-source.ts";

let pair: { key: string; cert: string };
beforeAll(async () => {
  pair = await testCertificate("app", "RSA");
});

const open: TokenServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

const secret = { kind: "secret", clientSecret: "s3cret&value", expiresAt: undefined } as const;

async function sourceWith(grant?: OAuthSettings["grant"]) {
  const server = await startTokenServer();
  open.push(server);
  const clock = createFakeClock();
  const told: string[] = [];
  const system = createSystemPorts();
  const http = createHttpRequest({ clock: system.clock, dns: system.dns });
  let underWay = 0;
  const source = createTokenSource(
    {
      grant: grant ?? { kind: "clientCredentials", clientId: "client", credential: secret },
      tokenEndpoint: `${server.url}/tenant/oauth2/v2.0/token`,
      scope: "https://outlook.office365.com/.default",
      shown: {},
    },
    {
      clock,
      // The server's time is the machine's; only the token's life is the clock's.
      async http(request) {
        underWay++;
        return http(request).finally(() => underWay--);
      },
      events: {
        wants: () => true,
        emit: (name, fields) => void told.push(`${name} ${JSON.stringify(fields)}`),
      },
    },
    "Microsoft 365",
  );
  /** When what the source asks for by itself is answered, and was heard. */
  const quiet = async (): Promise<void> => {
    await clock.settle();
    await expect.poll(() => underWay).toBe(0);
    await clock.settle();
  };
  return { server, clock, source, told, quiet };
}

const settled = (source: TokenSource, mailbox = ""): Promise<string> =>
  source.token(mailbox).then(
    ({ value }) => value,
    (error: Error) => `${error.name}: ${error.message}`,
  );

function jwt(token: string | undefined): [Record<string, unknown>, Record<string, unknown>] {
  const [head = "", claims = ""] = (token ?? "").split(".");
  const part = (text: string) =>
    JSON.parse(Buffer.from(text, "base64url").toString()) as Record<string, unknown>;
  return [part(head), part(claims)];
}

function isSigned(text: string, padding: "pss" | "pkcs1"): boolean {
  const [head, claims, signature = ""] = text.split(".");
  const key = createPublicKey(pair.cert);
  return verify(
    "sha256",
    Buffer.from(`${head}.${claims}`),
    padding === "pss" ? { key, padding: 6, saltLength: 32 } : key,
    Buffer.from(signature, "base64url"),
  );
}

describe("the grants", () => {
  it("a client secret", async () => {
    const { server, source } = await sourceWith();
    expect(await settled(source)).toBe(server.issued[0]);
    expect(server.requests).toMatchObject([
      {
        path: "/tenant/oauth2/v2.0/token",
        form: {
          grant_type: "client_credentials",
          client_id: "client",
          client_secret: "s3cret&value",
          scope: "https://outlook.office365.com/.default",
        },
      },
    ]);
  });

  it("a certificate's assertion in PS256, with its SHA-256", async () => {
    const { server, source, clock } = await sourceWith({
      kind: "clientCredentials",
      clientId: "client",
      credential: { kind: "certificate", certificate: pair.cert, privateKey: pair.key, expiresAt: 0 },
    });
    await source.token("");
    const { form } = server.requests[0]!;
    expect(form).not.toHaveProperty("client_secret");
    expect(form).toMatchObject({
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    });
    const [head, claims] = jwt(form["client_assertion"]);
    const { raw } = new X509Certificate(pair.cert);
    expect(head).toEqual({
      alg: "PS256",
      typ: "JWT",
      "x5t#S256": createHash("sha256").update(raw).digest("base64url"),
    });
    const now = Math.floor(clock.wall().getTime() / 1000);
    expect(claims).toMatchObject({
      iss: "client",
      sub: "client",
      aud: `${server.url}/tenant/oauth2/v2.0/token`,
      nbf: now,
      iat: now,
      exp: now + 300,
    });
    expect(String(claims["jti"])).toMatch(/^[0-9a-f-]{36}$/);
    expect(isSigned(form["client_assertion"] ?? "", "pss")).toBe(true);
  });

  it("a service account's assertion for each mailbox", async () => {
    const { server, source } = await sourceWith({
      kind: "serviceAccount",
      clientEmail: "relay@project.test",
      privateKeyId: "kid1",
      privateKey: pair.key,
    });
    const tokens = [await settled(source, "a@b.test"), await settled(source, "c@b.test")];
    expect([...tokens, await settled(source, "a@b.test")]).toEqual([...server.issued, server.issued[0]]);
    const { form } = server.requests[0]!;
    expect(form["grant_type"]).toBe("urn:ietf:params:oauth:grant-type:jwt-bearer");
    const [head, claims] = jwt(form["assertion"]);
    expect(head).toEqual({ alg: "RS256", typ: "JWT", kid: "kid1" });
    expect(claims).toMatchObject({ iss: "relay@project.test", sub: "a@b.test" });
    expect(isSigned(form["assertion"] ?? "", "pkcs1")).toBe(true);
  });
});

describe("a token's life", () => {
  it("is asked for once by all who want one at the same time", async () => {
    const { server, source } = await sourceWith();
    const all = await Promise.all(Array.from({ length: 20 }, () => settled(source)));
    expect(new Set(all).size).toBe(1);
    expect(server.requests).toHaveLength(1);
  });

  // An hour is replaced ten minutes before its end; a short life at its half.
  test.each<[expiresIn: unknown, usedUntilMs: number, replacedFromMs: number]>([
    [3600, 2_999_000, 3_000_000],
    ["3600", 2_999_000, 3_000_000],
    [undefined, 2_999_000, 3_000_000],
    [null, 2_999_000, 3_000_000],
    ["soon", 2_999_000, 3_000_000],
    [-5, 2_999_000, 3_000_000],
    [600, 299_000, 300_000],
    [4, 1_900, 2_000],
  ])("expires_in %j", async (expiresIn, usedUntilMs, replacedFromMs) => {
    const { server, source, clock, quiet } = await sourceWith();
    server.configure({ expiresIn });
    const first = await settled(source);
    await clock.advance(usedUntilMs);
    await settled(source);
    await quiet();
    expect(server.requests).toHaveLength(1);
    await clock.advance(replacedFromMs - usedUntilMs);
    // In the background: the old one is given meanwhile.
    expect(await settled(source)).toBe(first);
    await quiet();
    expect(server.requests).toHaveLength(2);
    expect(await settled(source)).toBe(server.issued[1]);
  });

  it("goes on to its end when the endpoint fails, and not beyond", async () => {
    const { server, source, clock, told, quiet } = await sourceWith();
    const first = await settled(source);
    server.configure({ answer: () => ({ status: 503, body: "" }) });
    for (let minutes = 50; minutes < 59; minutes++) {
      await clock.advance(minutes === 50 ? 50 * 60_000 : 60_000);
      expect(await settled(source)).toBe(first);
      await quiet();
    }
    // 5, 15, 60, 300 s behind each failure: at minutes 50, 51, 52, 53, 58.
    expect(server.requests).toHaveLength(6);
    await clock.advance(2 * 60_000);
    expect(await settled(source)).toMatch(/^TokenFailure: no token from 127\.0\.0\.1:\d+: answered 503$/);
    expect(told).toHaveLength(1);
    server.configure({ answer: undefined });
    await clock.advance(5 * 60_000);
    expect(await settled(source)).toBe(server.issued[1]);
    expect(told.map((line) => line.split(" ")[0])).toEqual(["OAuthTokenFailed", "OAuthTokenRestored"]);
  });

  it("ends when a server refuses it", async () => {
    const { server, source } = await sourceWith();
    const token = await source.token("");
    source.drop("", token);
    const next = await source.token("");
    expect(server.issued).toEqual([token.value, next.value]);
    // One that is replaced already is not dropped with it.
    source.drop("", token);
    expect(await settled(source)).toBe(next.value);
  });
});

describe("failures", () => {
  it("are not repeated before their pause is over, and an administrator can end it", async () => {
    const { server, source, clock } = await sourceWith();
    server.configure({ answer: () => ({ status: 500, body: "{}" }) });
    await settled(source);
    await settled(source);
    expect(server.requests).toHaveLength(1);
    await clock.advance(5_000);
    await settled(source);
    expect(server.requests).toHaveLength(2);
    source.retryNow();
    await settled(source);
    expect(server.requests).toHaveLength(3);
  });

  it("wait as long as the endpoint says", async () => {
    const { server, source, clock } = await sourceWith();
    server.configure({
      answer: () => ({ status: 429, headers: { "Retry-After": "120" }, body: { error: "throttled" } }),
    });
    await settled(source);
    await clock.advance(119_000);
    await settled(source);
    expect(server.requests).toHaveLength(1);
    await clock.advance(1_000);
    await settled(source);
    expect(server.requests).toHaveLength(2);
  });

  test.each<[Parameters<typeof aadError>, words: RegExp]>([
    [[7000215, "invalid_client", "Invalid client secret provided."], /paste its Value/],
    [
      [7000222, "invalid_client", "The provided client secret keys are expired."],
      /has expired: make a new one/,
    ],
    [[700016, "unauthorized_client", "Application not found.", 400], /not in this tenant/],
    [[700027, "invalid_client", "Signature validation failed."], /upload it there/],
    [
      [700024, "invalid_client", "Client assertion is not within its valid time range."],
      /clock of this host/,
    ],
    [[70011, "invalid_scope", "The provided value for scope is not valid.", 400], /end in \/\.default/],
  ])("%j are told in words", async (error, words) => {
    const { server, source, told } = await sourceWith();
    server.configure({ answer: () => aadError(...error) });
    const text = await settled(source);
    expect(text).toMatch(words);
    expect(text).toContain(`AADSTS${error[0]}`);
    expect(told.join()).not.toContain("s3cret");
    expect(text).not.toContain("s3cret");
  });

  it("of the connection, of answers that are none, and of redirects are failures like others", async () => {
    const { server, source, clock } = await sourceWith();
    const next = async (answer: Parameters<TokenServer["configure"]>[0]["answer"]): Promise<string> => {
      server.configure({ answer });
      source.retryNow();
      return await settled(source);
    };
    expect(await next(() => "drop")).toMatch(/no token from .*: the peer reset the connection|hang up/);
    expect(await next(() => ({ status: 200, body: "<html>" }))).toMatch(/without a usable access_token/);
    expect(await next(() => ({ status: 200, body: { access_token: "a\u0001b" } }))).toMatch(/usable/);
    expect(await next(() => ({ status: 200, body: "x".repeat(70_000) }))).toMatch(/longer than 65536 bytes/);
    const location = `${server.url}/elsewhere`;
    expect(await next(() => ({ status: 302, headers: { location }, body: "" }))).toMatch(/answered 302/);
    expect(server.requests.map(({ path }) => path)).not.toContain("/elsewhere");
    await server.close();
    open.length = 0;
    await clock.advance(300_000);
    expect(await settled(source)).toMatch(/connection refused/);
  });
});

describe("an endpoint that repeats what it was asked", () => {
  const credentials = {
    "a secret": secret,
    "an assertion": () => ({
      kind: "certificate" as const,
      certificate: pair.cert,
      privateKey: pair.key,
      expiresAt: 0,
    }),
  };
  test.each(Object.entries(credentials))("brings no %s into words or events", async (_, given) => {
    const credential = typeof given === "function" ? given() : given;
    const { server, source, told } = await sourceWith({
      kind: "clientCredentials",
      clientId: "client",
      credential,
    });
    server.configure({
      answer: ({ form }) => {
        const sent = form["client_secret"] ?? form["client_assertion"] ?? "";
        const error_description = `AADSTS7000215: ${"x".repeat(200)} client_secret=${encodeURIComponent(sent)} or ${sent}`;
        return { status: 401, body: { error: "invalid_client", error_description } };
      },
    });
    const all = (await settled(source)) + told.join("\n");
    expect(all).toContain("AADSTS7000215");
    const [{ form } = { form: {} as Record<string, string> }] = server.requests;
    const sent = form["client_secret"] ?? form["client_assertion"] ?? "";
    expect(sent.length).toBeGreaterThan(8);
    for (const text of [sent.slice(0, 12), encodeURIComponent(sent).slice(0, 12)])
      expect(all).not.toContain(text);
  });
});
