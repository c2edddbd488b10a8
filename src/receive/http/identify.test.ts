/** Who a request says it is, by each of the ways there are, and what becomes of those who are nobody. */
import { expect, test } from "vitest";
import type { RightsOwner } from "../../core/policy/client-rights.ts";
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import { rawRequest } from "../../testing/raw-http-client.ts";
import { createTestHttpDoor } from "../../testing/test-http-door.ts";
import type { HttpServices } from "./http-services.ts";

const json = JSON.stringify({ from: "a@s.test", to: "b@d.test", text: "Hi" });
const key = `weir_${"aB3".repeat(9)}`;
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const users = { permissionGroups: ["ExchangeUsers"], authMechanism: ["BasicAuth", "OAuth"] } as const;
const owner = (rights: RightsOwner["rights"] = {}): RightsOwner => ({ kind: "key", name: "Shop", rights });

async function asked(
  headers: Record<string, string>,
  connector: Partial<ReceiveConnectorSettings> = users,
  services: Partial<HttpServices> = {},
) {
  const it = createTestHttpDoor(connector, services);
  const one = it.connect();
  one.send(rawRequest("/emails", json, headers));
  const answer = await one.answer();
  return { it, one, answer, said: [answer.status, answer.status < 300 ? "taken" : answer.json["name"]] };
}

test.each<[string, Record<string, string>, unknown[], Partial<ReceiveConnectorSettings>?]>([
  ["nobody", {}, [401, "missing_api_key"]],
  ["nobody, where anybody may", {}, [202, "taken"], {}],
  ["an empty key", { "x-api-key": " " }, [401, "missing_api_key"], {}],
  ["an empty password", { authorization: " BASIC " }, [401, "missing_api_key"], {}],
  ["nothing at all", { authorization: "" }, [401, "missing_api_key"], {}],
  ["two at once", { authorization: `Bearer ${key}`, "x-api-key": key }, [400, "validation_error"]],
  ["twice the same", { "x-api-key": key, "X-API-Key": key }, [400, "validation_error"]],
  [
    "another scheme",
    { authorization: `Digest ${base64("app:secret")}` },
    [401, "authentication_not_offered"],
  ],
  ["no scheme", { authorization: key }, [401, "authentication_not_offered"]],
  ["a password", { authorization: `basic  ${base64("app:secret")}` }, [202, "taken"]],
  ["a password with a colon", { authorization: `Basic ${base64("app:se:cret")}` }, [401, "invalid_api_key"]],
  ["a wrong one", { authorization: `Basic ${base64("app:wrong")}` }, [401, "invalid_api_key"]],
  ["no name", { authorization: `Basic ${base64(":secret")}` }, [422, "validation_error"]],
  ["no colon", { authorization: `Basic ${base64("secret")}` }, [422, "validation_error"]],
  [
    "a password that is not asked for",
    { authorization: `Basic ${base64("app:secret")}` },
    [401, "authentication_not_offered"],
    { ...users, authMechanism: ["OAuth"] },
  ],
  [
    "a password in clear text",
    { authorization: `Basic ${base64("app:secret")}` },
    [403, "https_required"],
    { ...users, authMechanism: ["BasicAuth", "BasicAuthRequireTLS"] },
  ],
  ["a key that is none", { authorization: `Bearer ${key}` }, [401, "invalid_api_key"]],
  [
    "an account where accounts may not submit",
    { authorization: `Basic ${base64("app:secret")}` },
    [403, "restricted_api_key"],
    { ...users, permissionGroups: ["AnonymousUsers"] },
  ],
])("%s", async (_, headers, expected, connector) => {
  expect((await asked(headers, connector)).said).toEqual(expected);
});

test.each<[string, Record<string, string>, Partial<ReceiveConnectorSettings>, string]>([
  ["a key", { authorization: `Bearer ${key}` }, users, `key ${key}`],
  ["a key by its own field", { "x-api-key": key }, users, `key ${key}`],
  ["a token", { authorization: "Bearer eyJ.x.y" }, users, "token eyJ.x.y"],
  [
    "what can be no token, where there are none",
    { authorization: "Bearer eyJ.x.y" },
    { ...users, authMechanism: [] },
    "key eyJ.x.y",
  ],
])("%s is asked of who knows it", async (_, headers, connector, expected) => {
  const heard: string[] = [];
  const { said, one } = await asked(headers, connector, {
    authenticateKey(given) {
      heard.push(`key ${given}`);
      return { owner: owner() };
    },
    authenticateToken({ token }) {
      heard.push(`token ${token}`);
      return Promise.resolve({ user: "app" });
    },
  });
  expect([said, heard]).toEqual([[202, "taken"], [expected]]);
  expect(one.connection?.user).toBe(expected.startsWith("key") ? "Shop" : "app");
});

test("a key that is for other connectors is refused here", async () => {
  const authenticateKey = (connector: string) => () => ({ owner: owner({ receiveConnectors: [connector] }) });
  const by = { "x-api-key": key };
  expect((await asked(by, users, { authenticateKey: authenticateKey("AppRelay") })).said).toEqual([
    202,
    "taken",
  ]);
  expect((await asked(by, users, { authenticateKey: authenticateKey("Other") })).said).toEqual([
    403,
    "restricted_api_key",
  ]);
});

test("where nobody can say whether it is right, it is not wrong", async () => {
  const authenticate = () => Promise.reject(new Error("the directory is away"));
  const { answer, said } = await asked({ authorization: `Basic ${base64("app:x")}` }, users, {
    authenticate,
  });
  expect([said[0], answer.headers["retry-after"] !== undefined]).toEqual([503, true]);
  expect(answer.text).not.toContain("directory");
});

test("failures are counted over a connection; the first beyond maxLogonFailures is its last", async () => {
  const it = createTestHttpDoor({ ...users, maxLogonFailures: 1 });
  const one = it.connect();
  for (const expected of [401, 429]) {
    one.send(rawRequest("/emails", json, { authorization: `Basic ${base64("app:wrong")}` }));
    expect((await one.answer()).status).toBe(expected);
  }
  expect(one.ended).toBe("said");
  expect(it.events.map(({ name }) => name)).toEqual([
    "SmtpReceiveAuthenticationFailed",
    "SmtpReceiveAuthenticationFailed",
    "SmtpReceiveAuthenticationFailedTooManyErrors",
  ]);
});

test("a message is kept in the name of who handed it in", async () => {
  const { it } = await asked({ authorization: `Basic ${base64("App:secret")}` });
  const { it: byKey } = await asked({ "x-api-key": key }, users, {
    authenticateKey: () => ({ owner: owner() }),
  });
  for (const each of [it, byKey]) await each.clock.settle();
  expect(it.tracked[0]?.context).toMatch(/^\w+;owner=user%20app$/);
  expect(byKey.tracked[0]?.context).toMatch(/^\w+;owner=key%20shop$/);
  expect(it.tracked[0]?.message.origin).toMatchObject({ authenticatedUser: "App" });
});
