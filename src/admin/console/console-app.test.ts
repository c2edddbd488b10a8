import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { type AdminTokens, openAdminTokens } from "../admin-tokens.ts";
import type { AdminBindings } from "../caller.ts";
import type { Asset } from "./assets.ts";
import { createConsoleApp } from "./console-app.ts";
import { absoluteMs, createSessions, idleMs } from "./sessions.ts";
import { createSignInLimit, mostFailures, windowMs } from "./sign-in-limit.ts";

let directory: string;
let clock: ReturnType<typeof createFakeClock>;
let tokens: AdminTokens;
let secret: string;
let asked: AdminBindings[];
let told: [string, number][];
let faults: unknown[];
let app: (path: string, given?: Given) => Promise<Response>;

interface Given {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly from?: string;
}

const asset = (text: string): Asset => ({
  body: new TextEncoder().encode(text),
  contentType: "text/html; charset=utf-8",
  etag: `"${text}"`,
  immutable: false,
});

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-console-"));
  clock = createFakeClock();
  tokens = await openAdminTokens(directory);
  secret = await tokens.add({ name: "Ann", role: "operator", createdAt: clock.wall().toISOString() });
  [asked, told, faults] = [[], [], []];
  const fetch = createConsoleApp({
    api(_, bindings) {
      asked.push(bindings);
      return Response.json({});
    },
    tokens,
    sessions: createSessions(clock, tokens),
    limit: createSignInLimit(clock, (source, failures) => told.push([source, failures])),
    hostname: () => "relay.test",
    assets: () =>
      new Map([
        ["/index.html", asset("index")],
        ["/app.js", asset("app")],
      ]),
    allowedHosts: () => ["relay.test"],
    open: new Map([["/livez", () => new Response("live")]]),
    viewed: new Map([["/metrics", () => new Response("weir_up 1")]]),
    onFault: (_, fault) => faults.push(fault),
  });
  app = (path, { method = "GET", headers = {}, body, from = "192.0.2.7" } = {}) =>
    fetch(
      new Request(`http://127.0.0.1:8025${path}`, {
        method,
        headers: { host: "127.0.0.1:8025", ...headers },
        ...(body === undefined ? {} : { body }),
      }),
      { address: from },
    );
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const post = (token: string, given: Given = {}) =>
  app("/session", { method: "POST", body: JSON.stringify({ token }), ...given });

async function signIn(): Promise<{ readonly cookie: string; readonly csrf: string }> {
  const response = await post(secret);
  expect(response.status).toBe(200);
  const { csrfToken } = (await response.json()) as { csrfToken: string };
  return { cookie: response.headers.get("set-cookie")?.split(";")[0] ?? "", csrf: csrfToken };
}

describe("signing in", () => {
  test("gives a cookie no script can read, and who one is", async () => {
    const response = await post(secret);
    expect(response.headers.get("set-cookie")).toMatch(
      /^weir_session=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/,
    );
    expect(await response.json()).toEqual({
      name: "Ann",
      role: "operator",
      csrfToken: expect.stringMatching(/^[\w-]{43}$/) as string,
    });
  });

  test("lasts until signing out", async () => {
    const { cookie, csrf } = await signIn();
    const headers = { cookie };
    expect(await (await app("/session", { headers })).json()).toEqual({
      name: "Ann",
      role: "operator",
      csrfToken: csrf,
    });
    expect((await app("/session", { headers, method: "DELETE" })).status).toBe(403);
    const out = await app("/session", { headers: { cookie, "x-weir-csrf": csrf }, method: "DELETE" });
    expect(out.status).toBe(204);
    expect(out.headers.get("set-cookie")).toContain("Max-Age=0");
    expect((await app("/session", { headers })).status).toBe(401);
  });

  test.each([
    ["an idle hour", 1, idleMs],
    ["twelve hours of use", 13, absoluteMs / 13],
  ])("ends after %s", async (_, steps, stepMs) => {
    const { cookie } = await signIn();
    for (let step = 1; step <= steps; step++) {
      expect((await app("/v1/about", { headers: { cookie } })).status).toBe(200);
      await clock.advance(stepMs);
    }
    expect((await app("/v1/about", { headers: { cookie } })).status).toBe(401);
    // Whoever follows a stream is cut off too.
    expect(asked[0]?.caller?.ended?.aborted).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  test("ends when the token is removed, also for a new one of the same name", async () => {
    const { cookie } = await signIn();
    await app("/v1/about", { headers: { cookie } });
    await tokens.remove("ann");
    await tokens.add({ name: "Ann", role: "administrator", createdAt: clock.wall().toISOString() });
    expect(asked[0]?.caller?.ended?.aborted).toBe(true);
    expect((await app("/session", { headers: { cookie } })).status).toBe(401);
    expect((await post(secret)).status).toBe(401);
  });

  test("never takes up a session that somebody else chose, and ends the one before", async () => {
    const chosen = "weir_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const response = await post(secret, { headers: { cookie: chosen } });
    const first = response.headers.get("set-cookie")?.split(";")[0] ?? "";
    expect(first).not.toBe(chosen);
    expect((await app("/session", { headers: { cookie: chosen } })).status).toBe(401);
    await post(secret, { headers: { cookie: first } });
    expect((await app("/session", { headers: { cookie: first } })).status).toBe(401);
  });

  test("is slowed down after ten failures, for that address alone", async () => {
    for (let i = 0; i < mostFailures; i++) expect((await post("wrong")).status).toBe(401);
    const refused = await post(secret);
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("60");
    const headers = { authorization: `Bearer ${secret}` };
    expect((await app("/v1/about", { headers })).status).toBe(429);
    expect((await post(secret, { from: "192.0.2.8" })).status).toBe(200);
    expect(told).toEqual([
      ["192.0.2.7", 1],
      ["192.0.2.7", mostFailures],
    ]);
    await clock.advance(windowMs);
    expect((await post(secret)).status).toBe(200);
  });

  test("counts a network of IPv6 as one", async () => {
    for (let i = 0; i < mostFailures; i++) await post("wrong", { from: `2001:db8::${i}` });
    expect((await post(secret, { from: "2001:db8::ffff" })).status).toBe(429);
  });

  test.each(["", "{}", "[]", '{"token":1}', "token"])("with the body %o is refused", async (body) => {
    expect((await app("/session", { method: "POST", body })).status).toBe(400);
  });

  test("with a large body is refused", async () => {
    expect((await post("x".repeat(5000))).status).toBe(413);
  });
});

describe("the API", () => {
  test("is closed to who is not signed in", async () => {
    expect((await app("/v1/about")).status).toBe(401);
    expect((await app("/v1/about", { headers: { cookie: "weir_session=x" } })).status).toBe(401);
    expect((await app("/v1/about", { headers: { authorization: "Bearer x" } })).status).toBe(401);
    expect((await app("/metrics")).status).toBe(401);
    expect(asked).toEqual([]);
  });

  test.each(["token", "access_token", "authorization", "weir_session"])(
    "takes no %s from the address",
    async (name) => {
      const { cookie } = await signIn();
      for (const value of [secret, `Bearer ${secret}`, cookie.split("=")[1] ?? ""])
        for (const path of ["/v1/about", "/session", "/metrics"]) {
          const query = new URLSearchParams({ [name]: value }).toString();
          expect((await app(`${path}?${query}`)).status).toBe(401);
        }
      expect(asked).toEqual([]);
    },
  );

  test("hears who asks, and from where", async () => {
    const { cookie } = await signIn();
    await app("/v1/about", { headers: { cookie } });
    await app("/v1/queues/retry", { method: "POST", headers: { authorization: `Bearer ${secret}` } });
    expect(asked.map(({ caller }) => [caller?.name, caller?.role, caller?.from])).toEqual([
      ["Ann", "operator", "192.0.2.7"],
      ["Ann", "operator", "192.0.2.7"],
    ]);
  });

  test.each<[string, string, Readonly<Record<string, string>>, number]>([
    ["its own page", "POST", { origin: "http://127.0.0.1:8025", "sec-fetch-site": "same-origin" }, 200],
    ["a program", "POST", {}, 200],
    ["a page elsewhere", "POST", { origin: "http://evil.example" }, 403],
    ["another port here", "POST", { origin: "http://127.0.0.1:80" }, 403],
    ["a page without an origin", "POST", { origin: "null" }, 403],
    ["another site", "POST", { "sec-fetch-site": "cross-site" }, 403],
    ["another site, reading", "GET", { "sec-fetch-site": "cross-site" }, 403],
    ["a sister site", "POST", { "sec-fetch-site": "same-site" }, 403],
    ["the address bar", "GET", { "sec-fetch-site": "none" }, 200],
    ["a wrong CSRF token", "POST", { "x-weir-csrf": "wrong" }, 403],
    ["no CSRF token", "DELETE", { "x-weir-csrf": "" }, 403],
  ])("asked by %s (%s)", async (_, method, headers, status) => {
    const { cookie, csrf } = await signIn();
    const response = await app("/v1/x", { method, headers: { cookie, "x-weir-csrf": csrf, ...headers } });
    expect(response.status).toBe(status);
    expect(asked).toHaveLength(status === 200 ? 1 : 0);
  });

  test("a sign-in by another site is refused", async () => {
    expect((await post(secret, { headers: { origin: "http://evil.example" } })).status).toBe(403);
  });
});

test.each([
  ["127.0.0.1:8025", 200],
  ["[::1]:8025", 200],
  ["localhost:8025", 200],
  ["Relay.Test", 200],
  ["evil.example:8025", 403],
  ["relay.test.evil.example", 403],
  ["127.0.0.1.evil.example", 403],
  ["", 403],
])("called by the name %o: %i", async (host, status) => {
  expect((await app("/", { headers: { host } })).status).toBe(status);
});

test.each([
  ["/", "index"],
  ["/app.js", "app"],
  ["/queues", "index"],
  ["/..%2f..%2fetc%2fpasswd", "index"],
  ["/%2e%2e/%2e%2e/etc/passwd", "index"],
  ["/__proto__", "index"],
])("the page %s is %s", async (path, text) => {
  const response = await app(path);
  expect(await response.text()).toBe(text);
  expect(response.headers.get("content-security-policy")).toMatch(
    /default-src 'self'.*frame-ancestors 'none'/,
  );
  expect(response.headers.get("content-security-policy")).not.toContain("unsafe");
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  expect(response.headers.get("x-frame-options")).toBe("DENY");
  expect(response.headers.get("referrer-policy")).toBe("no-referrer");
});

test("a page that did not change is not sent again; nothing is written to pages", async () => {
  const response = await app("/app.js", { headers: { "if-none-match": '"app"' } });
  expect([response.status, await response.text()]).toEqual([304, ""]);
  expect((await app("/app.js", { method: "POST", body: "x" })).status).toBe(404);
});

test("health needs no sign-in, metrics any role; the API's answers are not kept", async () => {
  expect(await (await app("/livez", { headers: { host: "load-balancer" } })).text()).toBe("live");
  const headers = { authorization: `Bearer ${secret}` };
  expect(await (await app("/metrics", { headers })).text()).toBe("weir_up 1");
  expect((await app("/v1/about", { headers })).headers.get("cache-control")).toBe("no-store");
  expect(faults).toEqual([]);
});

describe("the file of tokens", () => {
  test("is its user's alone and has no secret", async () => {
    const file = join(directory, "admin", "tokens.json");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const text = await readFile(file, "utf8");
    expect(text).not.toContain(secret);
    expect(text).toContain(createHash("sha256").update(secret).digest("hex"));
    const again = await openAdminTokens(directory);
    expect(again.find(secret)).toEqual(tokens.named("ANN"));
    expect(again.find(`${secret}x`)).toBeUndefined();
  });

  test("that is damaged lets nobody in, and is left alone", async () => {
    const file = join(directory, "admin", "tokens.json");
    await writeFile(file, '{"tokens":[{"name":"x"}]}');
    const again = await openAdminTokens(directory);
    expect(again.fault).toContain(file);
    expect(again.list()).toEqual([]);
    await expect(again.add({ name: "B", role: "viewer", createdAt: "" })).rejects.toThrow(/tokens/);
    expect(await readFile(file, "utf8")).toContain('"x"');
  });
});
