/** What an API key is limited to holds over HTTP, request by request, and so do changes of the settings. */
import { createHash } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { parseAcceptedDomain } from "../../src/config/accepted-domain.ts";
import { formatApiKey, type ApiKey } from "../../src/core/authentication/api-key.ts";
import { parseSenderPattern, type SenderPattern } from "../../src/core/policy/sender-pattern.ts";
import type { ResourceSample } from "../../src/ports/ports.ts";
import { createFakeClock } from "../../src/testing/fake-clock.ts";
import { connectRawHttp, rawRequest, type RawHttpClient } from "../../src/testing/raw-http-client.ts";
import { startRecordingSink, type RecordingSink } from "../../src/testing/recording-sink.ts";
import { startTemporaryRelay, type TemporaryRelay } from "../../src/testing/temporary-relay.ts";
import { receiveConnector, smartHostConnector } from "../../src/testing/test-settings.ts";

const clock = createFakeClock();
const anywhere = { address: "127.0.0.1", port: 0 };
const email = { from: "App <app@contoso.com>", to: "you@d.test", subject: "Hello", text: "Hi" };
const calm: ResourceSample = {
  diskUsedBytes: 10e9,
  diskSizeBytes: 100e9,
  memoryUsedBytes: 1e9,
  memoryLimitBytes: 10e9,
  eventLoopLagMs: 1,
};
const names = ["plain", "rated", "daily", "contoso", "bound", "soon"] as const;
type Name = (typeof names)[number];
const secretOf = (name: Name): string => formatApiKey(createHash("sha1").update(name).digest());
const patterns = (...texts: string[]): readonly SenderPattern[] =>
  texts.map((text) => {
    const read = parseSenderPattern(text, parseAcceptedDomain);
    if (!read.ok) throw new Error(text);
    return read.value;
  });
const rightsOf: Partial<Record<Name, Partial<ApiKey>>> = {
  rated: { messageRateLimit: 2 },
  daily: { recipientRateLimit: 5 },
  contoso: { sendAs: patterns("contoso.com") },
  bound: { receiveConnectors: ["other"] },
  soon: { expires: clock.wall().getTime() + 20 * 60_000 },
};

let sample = calm;
let sink: RecordingSink;
let relay: TemporaryRelay;
const open: RawHttpClient[] = [];

beforeAll(async () => {
  sink = await startRecordingSink();
  relay = await startTemporaryRelay({
    receiveConnectors: [
      receiveConnector({ name: "Keys", permissionGroups: ["ExchangeUsers"], httpBindings: [anywhere] }),
      receiveConnector({ name: "Other", permissionGroups: ["ExchangeUsers"], httpBindings: [anywhere] }),
      receiveConnector({ name: "Anybody", messageRateLimit: 3, httpBindings: [anywhere] }),
    ].map((one) => ({ ...one, explainRefusals: true, tarpitInterval: 0 })),
    sendConnectors: [smartHostConnector(sink.port)],
    apiKeys: names.map((name) => ({
      name,
      keyHash: createHash("sha256").update(secretOf(name)).digest("hex"),
      enabled: true,
      ...rightsOf[name],
    })),
    transport: { backPressureEnabled: true },
    ports: { clock, resourceMeter: () => ({ sample: () => Promise.resolve(sample), close: () => {} }) },
  });
});
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});
afterAll(async () => {
  await relay.stop();
  await sink.close();
});

async function client(connector = "Keys"): Promise<RawHttpClient> {
  const connected = await connectRawHttp(relay.httpPortOf(connector));
  open.push(connected);
  return connected;
}
const requestOf = (name: Name | undefined, body: object | string = {}, path = "/v1/emails", more = {}) =>
  rawRequest(path, typeof body === "string" ? body : JSON.stringify({ ...email, ...body }), {
    ...(name === undefined ? {} : { authorization: `Bearer ${secretOf(name)}` }),
    ...more,
  });
async function post(name: Name | undefined, body: object | string = {}, connector = "Keys") {
  const one = await client(connector);
  one.send(requestOf(name, body));
  const answer = await one.answer();
  one.close();
  return answer;
}
const left = ({ headers }: Awaited<ReturnType<typeof post>>) =>
  ["limit", "remaining", "reset"].map((name) => headers[`ratelimit-${name}`]);

describe("messages a minute", () => {
  test("are told with each answer, refused with the time to come again, and taken when it is over", async () => {
    expect(left(await post("plain"))).toEqual([undefined, undefined, undefined]);
    const first = await post("rated");
    expect([first.status, left(first)]).toEqual([202, ["2", "1", "60"]]);
    await clock.advance(10_000);
    // What is refused for another reason spends nothing, and is told the same.
    const faulty = await post("rated", { subjct: "x" });
    expect([faulty.status, left(faulty)]).toEqual([400, ["2", "1", "50"]]);
    // At another connector it is the same key.
    expect(left(await post("rated", {}, "Other"))).toEqual(["2", "0", "50"]);
    const refused = await post("rated");
    expect([refused.status, refused.headers["retry-after"], left(refused)]).toEqual([
      429,
      "50",
      ["2", "0", "50"],
    ]);
    expect(refused.json["limit"]).toMatchObject({ name: "messageRateLimit", value: 2, retryAfter: 50 });
    expect((await post("plain")).status).toBe(202);
    await clock.advance(49_000);
    expect((await post("rated")).headers["retry-after"]).toBe("1");
    await clock.advance(1_000);
    const again = await post("rated");
    expect([again.status, left(again)]).toEqual([202, ["2", "0", "10"]]);
  });

  test("of a connector are told where refusals are explained, and to nobody else", async () => {
    expect(left(await post(undefined, {}, "Anybody"))).toEqual(["3", "2", "60"]);
    await relay.relay.reconfigure({
      ...relay.settings,
      receiveConnectors: relay.settings.receiveConnectors.map((one) => ({ ...one, explainRefusals: false })),
    });
    expect(left(await post(undefined, {}, "Anybody"))[0]).toBeUndefined();
    await post(undefined, {}, "Anybody");
    const { status, headers, json } = await post(undefined, {}, "Anybody");
    expect([status, headers["retry-after"], headers["ratelimit-limit"], json["limit"]]).toEqual([
      429,
      "60",
      undefined,
      undefined,
    ]);
    // Who has a key is told: it is its own.
    expect(left(await post("rated"))[0]).toBe("2");
    await relay.relay.reconfigure(relay.settings);
  });
});

test("recipients of a day: all of a request or none, with the time to come again, or never", async () => {
  const to = (count: number) => ({ to: Array.from({ length: count }, (_, n) => `r${n}@d.test`) });
  const since = clock.now();
  expect((await post("daily", to(3))).status).toBe(202);
  const over = await post("daily", to(3));
  expect([over.status, over.json["name"]]).toEqual([429, "daily_quota_exceeded"]);
  const quarter = since - (since % 900_000);
  expect(Number(over.headers["retry-after"])).toBe((quarter + 900_000 + 86_400_000 - since) / 1000);
  expect(over.json["limit"]).toMatchObject({ name: "recipientRateLimit", value: 5, current: 3 });
  const never = await post("daily", to(6));
  expect([never.status, never.headers["retry-after"]]).toEqual([422, undefined]);
  expect(relay.relay.recipientsLastDay({ kind: "key", name: "daily" })).toBe(3);
  expect((await post("daily", to(2))).status).toBe(202);
});

describe("as whom, and where", () => {
  test.each<[string, object | string, string, number]>([
    ["its own", {}, "/v1/emails", 202],
    ["another From", { from: "a@other.test" }, "/v1/emails", 403],
    ["another envelope", { envelope: { mail_from: "a@other.test" } }, "/v1/emails", 403],
    ["another Sender", { headers: { Sender: "a@other.test" } }, "/v1/emails", 403],
    ["another Resent-From", { raw: base64("From: a@contoso.com", "Resent-From: a@other.test") }, "", 403],
    ["another From within", { raw: base64("From: a@other.test") }, "", 403],
    ["two in From", { raw: base64("From: a@contoso.com, b@other.test") }, "", 403],
    ["From twice", { raw: base64("From: a@contoso.com", "From: b@other.test") }, "", 403],
  ])("%s", async (_, body, path, status) => {
    const wanted =
      "raw" in (body as object)
        ? JSON.stringify({
            ...(body as object),
            envelope: { mail_from: "a@contoso.com", rcpt_to: ["b@d.test"] },
          })
        : body;
    const one = await client();
    one.send(requestOf("contoso", wanted, path === "" ? "/v1/emails" : path));
    const answer = await one.answer();
    expect([answer.status, status === 403 ? answer.json["name"] : undefined]).toEqual([
      status,
      status === 403 ? "sender_not_allowed" : undefined,
    ]);
  });

  test("a connector that is not its own", async () => {
    const answer = await post("bound");
    expect([answer.status, answer.json["name"]]).toEqual([403, "restricted_api_key"]);
    expect((await post("bound", {}, "Other")).status).toBe(202);
  });
});

describe("on a connection that stays", () => {
  test("a key that ends, or is removed, is taken no more; what began before is", async () => {
    const one = await client();
    const ask = async (name: Name) => {
      one.send(requestOf(name));
      return (await one.answer()).status;
    };
    expect(await ask("soon")).toBe(202);
    const request = requestOf("plain");
    one.send(request.subarray(0, request.length - 5));
    await expect.poll(() => relay.relay.connections()[0]?.activity).toBe("working");
    const { apiKeys, ...others } = relay.settings;
    await relay.relay.reconfigure({ ...others, apiKeys: apiKeys.filter(({ name }) => name !== "plain") });
    one.send(request.subarray(request.length - 5));
    expect((await one.answer()).status).toBe(202);
    expect(await ask("plain")).toBe(401);
    await relay.relay.reconfigure(relay.settings);
    expect(await ask("plain")).toBe(202);
    one.close();
    await clock.advance(20 * 60_000);
    expect((await post("soon")).json).toMatchObject({ name: "invalid_api_key" });
  });

  test("settings hold from the next request on, and where its connector is gone, one more is taken", async () => {
    const one = await client("Anybody");
    const ask = async (body: object = {}) => {
      one.send(requestOf(undefined, body));
      const { status, headers } = await one.answer();
      return [status, headers["connection"]];
    };
    const anybody = (more: object) => ({
      ...relay.settings,
      receiveConnectors: relay.settings.receiveConnectors.map((connector) =>
        connector.name === "Anybody" ? { ...connector, messageRateLimit: Infinity, ...more } : connector,
      ),
    });
    await relay.relay.reconfigure(anybody({}));
    expect(await ask()).toEqual([202, "keep-alive"]);
    await relay.relay.reconfigure(anybody({ anonymousRelay: false }));
    expect(await ask()).toEqual([403, "keep-alive"]);
    await relay.relay.reconfigure({
      ...anybody({ anonymousRelay: false }),
      acceptedDomains: [{ domain: "d.test", subdomains: false }],
    });
    expect(await ask()).toEqual([202, "keep-alive"]);
    await relay.relay.reconfigure(anybody({ maxMessageSize: 65_536 }));
    expect(await ask({ text: "x".repeat(70_000) })).toEqual([413, "keep-alive"]);
    await relay.relay.reconfigure(anybody({ enabled: false }));
    expect(await ask()).toEqual([202, "close"]);
    await one.closed();
    await relay.relay.reconfigure(relay.settings);
  });
});

test("REQUIRETLS where the connector has it", async () => {
  const asked = { require_tls: true, priority: "low" };
  const { json } = await post("plain", asked);
  const found = await relay.relay.messages.find(Number(json["id"]));
  expect([found?.message.envelope.tls, found?.message.origin.priority]).toEqual(["required", "Low"]);
  await relay.relay.reconfigure({
    ...relay.settings,
    receiveConnectors: relay.settings.receiveConnectors.map((one) => ({
      ...one,
      requireTlsExtensionEnabled: false,
    })),
  });
  const refused = await post("plain", asked);
  expect([refused.status, refused.json["message"]]).toEqual([422, expect.stringMatching(/^require_tls /)]);
  await relay.relay.reconfigure(relay.settings);
});

test("short of disk who has a key goes before who has none; at High nobody goes, and is told when to come", async () => {
  sample = { ...calm, diskUsedBytes: 98.5e9 };
  await clock.advance(62_000);
  expect((await post("plain")).status).toBe(202);
  const anonymous = await post(undefined, {}, "Anybody");
  expect([anonymous.status, anonymous.json["name"]]).toEqual([503, "insufficient_resources"]);
  expect(Number(anonymous.headers["retry-after"])).toBeGreaterThan(60);
  sample = calm;
  await clock.advance(2_000);
  sample = { ...calm, diskUsedBytes: 99.99e9 };
  await clock.advance(2_000);
  const full = await post("plain");
  expect([full.status, full.headers["retry-after"]]).toEqual([503, "2"]);
  sample = calm;
  await clock.advance(2_000);
});

test("no key stands in an event", () => {
  const told = JSON.stringify(relay.events);
  for (const name of names) expect(told).not.toContain(secretOf(name).slice(5));
});

function base64(...lines: string[]): string {
  return Buffer.from([...lines, "Subject: x", "", "Hi", ""].join("\r\n")).toString("base64");
}
