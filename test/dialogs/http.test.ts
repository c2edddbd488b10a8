/**
 * Mail by HTTP: what is taken and refused, and that limits, events and stops are those of SMTP. A relay for all that needs
 * no time.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ipRange } from "../../src/core/units/ip-range.ts";
import type { ReceiveConnectorSettings } from "../../src/core/policy/receive-connector.ts";
import { createFakeClock } from "../../src/testing/fake-clock.ts";
import { connectRawHttp, rawRequest, type RawHttpClient } from "../../src/testing/raw-http-client.ts";
import { startRecordingSink, type RecordingSink } from "../../src/testing/recording-sink.ts";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { startTemporaryRelay, type TemporaryRelay } from "../../src/testing/temporary-relay.ts";
import { receiveConnector, smartHostConnector } from "../../src/testing/test-settings.ts";
import { passwordHash } from "./test-relay.ts";

const anywhere = { address: "127.0.0.1", port: 0 };
const email = { from: "App <app@contoso.com>", to: "you@d.test", subject: "Hello", text: "Hi" };
const json = JSON.stringify(email);

let sink: RecordingSink;
let relay: TemporaryRelay;
const open: RawHttpClient[] = [];

beforeAll(async () => {
  sink = await startRecordingSink();
  relay = await startTemporaryRelay({
    receiveConnectors: [
      { name: "Open" },
      { name: "Closed", anonymousRelay: false },
      { name: "Users", permissionGroups: ["ExchangeUsers"] as const, authMechanism: ["BasicAuth"] as const },
      { name: "One", maxInboundConnectionPerSource: 1 },
      { name: "Rate", messageRateLimit: 2 },
      { name: "Small", maxMessageSize: 65_536, maxRecipientsPerMessage: 2 },
      { name: "Developers", capture: true },
      {
        name: "Looks",
        messageRateLimit: 1,
        maxMessageSize: 65_536,
        maxRecipientsPerMessage: 2,
        reportOnly: ["messageRateLimit", "maxMessageSize", "maxRecipientsPerMessage"],
        candidate: { maxInboundConnectionPerSource: 1 },
      } satisfies Partial<ReceiveConnectorSettings>,
    ].map((given: Partial<ReceiveConnectorSettings>) =>
      receiveConnector({ ...given, httpBindings: [anywhere], explainRefusals: true }),
    ),
    sendConnectors: [smartHostConnector(sink.port)],
    users: [{ name: "app", passwordHash: passwordHash("secret") }],
  });
});
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});
afterAll(async () => {
  await relay.stop();
  await sink.close();
});

async function client(connector = "Open", of = relay): Promise<RawHttpClient> {
  const connected = await connectRawHttp(of.httpPortOf(connector));
  open.push(connected);
  return connected;
}
async function post(connector: string, body: object | string, headers: Record<string, string> = {}) {
  const one = await client(connector);
  one.send(rawRequest("/v1/emails", typeof body === "string" ? body : JSON.stringify(body), headers));
  return one.answer();
}
const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
});
const taken = (): number => relay.relay.metrics.totals.receivedBy.HTTP;
const eventOf = (reference: unknown) => relay.events.find(({ fields }) => fields["reference"] === reference);

describe("a message that is taken", () => {
  test("is answered when it is kept, and arrives with what it was made of", async () => {
    sink.clear();
    const answer = await post("Open", { ...email, bcc: ["hidden@d.test"], html: "<p>Hi" });
    expect(answer.status).toBe(202);
    const { id, message_id, recipients } = answer.json;
    expect(answer.headers["location"]).toBe(`/v1/emails/${String(id)}`);
    expect(recipients).toEqual([
      { address: "you@d.test", status: "queued" },
      { address: "hidden@d.test", status: "queued" },
    ]);
    const [message] = await sink.waitFor(1);
    const text = message!.content.toString();
    expect(text).toMatch(/^Received: from \[127\.0\.0\.1\] by relay\.test\r\n with HTTP id \d+;/);
    expect(text).toContain(`\r\nMessage-ID: ${String(message_id)}\r\n`);
    expect(text).not.toContain("hidden");
    expect(message!.recipients.map(({ path }) => path)).toEqual(["you@d.test", "hidden@d.test"]);
    const [tracked] = await relay.relay.tracking.search({
      resultSize: 10,
      internalMessageId: Number(id),
      eventIds: ["RECEIVE"],
    });
    expect(tracked).toMatchObject({ source: "HTTP", connectorId: expect.stringMatching(/\\Open$/) });
  });

  test("one after the other on one connection, also when they were sent ahead", async () => {
    const one = await client();
    const bodies = [1, 2, 3].map((n) => JSON.stringify({ ...email, subject: `${n}` }));
    one.send(Buffer.concat(bodies.map((body) => rawRequest("/emails", body))));
    const ids = [];
    for (let n = 0; n < 3; n++) {
      const { status, json: answered } = await one.answer();
      expect(status).toBe(202);
      ids.push(Number(answered["id"]));
    }
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    const [shown] = relay.relay.connections().filter(({ port }) => port === one.socket.localPort);
    expect(shown).toMatchObject({ connector: "Open", activity: "idle", messages: 3 });
  });
});

describe("what is refused says what SMTP would say", () => {
  test.each<[string, string, object, number, string, RegExp]>([
    ["a recipient", "Closed", { to: ["a@x.test", "b@x.test"] }, 403, "relay_denied", /^550 5\.7\.54 /],
    [
      "a recipient that is none",
      "Closed",
      { envelope: { rcpt_to: ["a b@"] } },
      422,
      "validation_error",
      /^501 5\.1\.3 /,
    ],
    [
      "too many",
      "Small",
      { to: ["a@d.test", "b@d.test", "c@d.test"] },
      422,
      "too_many_recipients",
      /^452 4\.5\.3 /,
    ],
    ["its size", "Small", { text: "x".repeat(80_000) }, 413, "message_too_large", /^552 5\.3\.4 /],
    ["a key that is missing", "Users", {}, 401, "missing_api_key", /^530 5\.7\.57 /],
    [
      "as a recipient asks",
      "Developers",
      { to: "refuse-550@d.test" },
      422,
      "validation_error",
      /^550 5\.1\.1 /,
    ],
    [
      "for now, as one asks",
      "Developers",
      { to: "refuse-451@d.test" },
      503,
      "temporarily_unavailable",
      /^451 4\.7\.1 /,
    ],
    ["a field", "Open", { subjct: "x" }, 400, "validation_error", /^501 5\.5\.4 /],
    ["an address", "Open", { from: "nobody" }, 422, "validation_error", /^501 5\.5\.4 /],
  ])("%s", async (_, connector, given, status, name, smtp) => {
    const before = taken();
    const answer = await post(connector, { ...email, ...given });
    expect([answer.status, answer.json["name"], answer.json["statusCode"]]).toEqual([status, name, status]);
    expect(answer.json["smtp"]).toMatch(smtp);
    expect(answer.headers["content-type"]).toMatch(/^application\/problem\+json/);
    const event = eventOf(answer.json["reference"]);
    expect(event?.fields).toMatchObject({ connector, reply: answer.json["smtp"] });
    expect(taken()).toBe(before);
  });

  test("each recipient with its own reply, and an event each; one good recipient does not get it alone", async () => {
    await relay.relay.reconfigure({
      ...relay.settings,
      acceptedDomains: [{ domain: "d.test", subdomains: false }],
    });
    sink.clear();
    const { json: answer } = await post("Closed", { ...email, to: ["a@d.test", "b@x.test", "c@y.test"] });
    const refused = answer["recipients"] as { address: string; reference: string }[];
    expect(refused.map(({ address }) => address)).toEqual(["b@x.test", "c@y.test"]);
    expect(new Set(refused.map(({ reference }) => eventOf(reference)?.fields["recipient"])).size).toBe(2);
    await relay.relay.reconfigure(relay.settings);
    expect(sink.messages).toHaveLength(0);
  });

  test("a request that comes again with its key hears again who was left out (partial)", async () => {
    const to = Array.from({ length: 11 }, (_, n) => `r${n}@d.test`);
    const body = JSON.stringify({ ...email, to, partial: true });
    const said = async () => {
      const { status, headers, json: given } = await post("Small", body, { "idempotency-key": "partial-1" });
      const recipients = given["recipients"] as { address: string; status: string }[];
      const states = recipients.map((one) => [one.address, one.status]);
      return { status, replayed: headers["idempotency-replayed"], id: given["id"], states };
    };
    const first = await said();
    expect(first.states.filter(([, state]) => state === "queued")).toEqual([
      ["r0@d.test", "queued"],
      ["r1@d.test", "queued"],
    ]);
    expect(await said()).toEqual({ ...first, replayed: "true" });
  });

  test("a wrong password, held against the connection; a good one goes", async () => {
    const one = await client("Users");
    for (let n = 1; n <= 4; n++) {
      one.send(rawRequest("/v1/emails", json, basic("app", "wrong")));
      const answer = await one.answer();
      expect([answer.status, answer.json["name"]]).toEqual(
        n <= 3 ? [401, "invalid_api_key"] : [429, "too_many_logon_failures"],
      );
      if (n === 1) expect(answer.headers["www-authenticate"]).toMatch(/^Bearer, Basic /);
    }
    await one.closed();
    const { status } = await post("Users", email, basic("app", "secret"));
    expect(status).toBe(202);
    expect((await post("Users", email, { authorization: "Bearer weir_nothing" })).status).toBe(401);
    const twice = await post("Users", email, { ...basic("app", "secret"), "x-api-key": "weir_x" });
    expect(twice.status).toBe(400);
  });
});

describe("limits count a source once, whichever door it comes by", () => {
  test("connections: keep-alive is one", async () => {
    const smtp = await connectScriptedClient({ port: relay.portOf("One") });
    await smtp.expect(220);
    const { status, headers, json: answer } = await post("One", email);
    expect([status, answer["name"], headers["connection"]]).toEqual([
      429,
      "connection_limit_exceeded",
      "close",
    ]);
    // None of its connections has ended yet.
    expect(headers["retry-after"]).toBe("5");
    expect(answer["limit"]).toMatchObject({ name: "maxInboundConnectionPerSource", value: 1, current: 1 });
    smtp.close();
    await expect
      .poll(() => relay.relay.connections().some(({ connector }) => connector === "One"))
      .toBe(false);
    const one = await client("One");
    for (let n = 0; n < 3; n++) {
      one.send(rawRequest("/v1/emails", json));
      expect((await one.answer()).status).toBe(202);
    }
    expect(await relay.relay.counts()).toContainEqual({ connector: "One", source: "127.0.0.1", open: 1 });
    const second = await connectScriptedClient({ port: relay.portOf("One") });
    await second.expect(421);
  });

  test("messages a minute", async () => {
    const smtp = await connectScriptedClient({ port: relay.portOf("Rate") });
    for (const line of ["EHLO x", "MAIL FROM:<a@b.test>", "RSET"]) await smtp.command(line);
    expect((await post("Rate", email)).status).toBe(202);
    const { status, headers, json: answer } = await post("Rate", email);
    expect([status, answer["name"]]).toEqual([429, "rate_limit_exceeded"]);
    expect(headers["retry-after"]).toMatch(/^\d+$/);
    expect(answer["limit"]).toMatchObject({ name: "messageRateLimit", value: 2, current: 2 });
    smtp.close();
  });

  test("of reportOnly refuse nobody, and are told in the answer; a candidate is not", async () => {
    const other = await connectScriptedClient({ port: relay.portOf("Looks") });
    await other.expect(220);
    const one = await client("Looks");
    const told = async (body: object): Promise<unknown> => {
      one.send(rawRequest("/v1/emails", JSON.stringify(body)));
      const { status, headers } = await one.answer();
      return [status, headers["weir-would-refuse"]];
    };
    expect(await told(email)).toEqual([202, undefined]);
    expect(await told(email)).toEqual([202, "messageRateLimit"]);
    const to = ["a@d.test", "b@d.test", "c@d.test"];
    expect(await told({ ...email, to })).toEqual([202, "messageRateLimit, maxRecipientsPerMessage"]);
    const text = "x".repeat(70) + "\n";
    expect(await told({ ...email, text: text.repeat(1_000) })).toEqual([
      202,
      "maxMessageSize, messageRateLimit",
    ]);
    expect(await told(email)).toEqual([202, "messageRateLimit"]);
    other.close();
  });

  test("a service that is suspended takes nothing, on open connections either", async () => {
    const one = await client();
    one.send(rawRequest("/v1/emails", json));
    expect((await one.answer()).status).toBe(202);
    await relay.relay.suspendService("a test");
    one.send(rawRequest("/v1/emails", json));
    const answer = await one.answer();
    expect([answer.status, answer.json["name"]]).toEqual([503, "service_suspended"]);
    expect((await post("Open", email)).status).toBe(503);
    await relay.relay.suspendService(undefined);
    expect((await post("Open", email)).status).toBe(202);
  });
});

describe("requests that are none", () => {
  const head = "POST /v1/emails HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
  test.each<[string, string | Buffer, number]>([
    ["a greeting of SMTP", "EHLO x\r\n", 400],
    ["two lengths", `${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, 400],
    ["a length and chunks", `${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    ["a coding that is no chunks", `${head}Transfer-Encoding: gzip\r\n\r\n`, 415],
    ["a coding before the chunks", `${head}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, 415],
    ["a space before a colon", `${head}Content-Length : 2\r\n\r\n{}`, 400],
    ["a bare LF in its header", `${head}X: a\nContent-Length: 2\r\n\r\n{}`, 400],
    ["no host", "POST /v1/emails HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 400],
    ["a header without end", `${head}X: ${"x".repeat(80_000)}`, 431],
    ["a packed body", rawRequest("/v1/emails", "x", { "content-encoding": "gzip" }), 415],
    ["another media type", rawRequest("/v1/emails", json, { "content-type": "text/plain" }), 415],
    ["a web page's", rawRequest("/v1/emails", json, { origin: "https://evil.test" }), 403],
    ["a browser's", rawRequest("/v1/emails", json, { "sec-fetch-site": "cross-site" }), 403],
    ["another method", rawRequest("/v1/emails", "", {}, "PUT"), 405],
    ["another path", rawRequest("/v2/emails", json), 404],
    ["several messages at once", rawRequest("/emails/batch", `[${json}]`), 404],
    ["no JSON", rawRequest("/v1/emails", "{'a':1}"), 400],
    ["a name twice", rawRequest("/v1/emails", '{"to":"a@b.test","to":"c@d.test"}'), 400],
    ["no UTF-8", rawRequest("/v1/emails", Buffer.from([0x7b, 0xff])), 400],
    ["deep JSON", rawRequest("/v1/emails", "[".repeat(100_000)), 400],
    ["half a character", rawRequest("/v1/emails", '{"subject":"\\ud800"}'), 400],
    ["a longer body than is taken", `${head}Content-Length: 999999999999\r\n\r\n`, 413],
  ])("%s", async (_, octets, status) => {
    const one = await client();
    const before = taken();
    one.send(octets);
    const answer = await one.answer();
    expect([answer.status, answer.json["statusCode"]]).toEqual([status, status]);
    expect(eventOf(answer.json["reference"])).toBeDefined();
    expect(taken()).toBe(before);
  });

  test("an early answer leaves the connection as it was: the rest of the body is no request", async () => {
    const one = await client();
    one.send(rawRequest("/nothing", `${"x".repeat(300_000)}GET /smuggled HTTP/1.1\r\n\r\n`));
    expect((await one.answer()).status).toBe(404);
    one.send(rawRequest("/v1/emails", json));
    expect((await one.answer()).status).toBe(202);
  });

  test("a client that waits to be told to go on hears of limits first", async () => {
    const one = await client("Users");
    const [header, body] = [rawRequest("/v1/emails", json, { expect: "100-continue" }), Buffer.from(json)];
    one.send(header.subarray(0, header.length - body.length));
    expect((await one.answer()).status).toBe(401);
    await one.closed();
    const other = await client();
    other.send(header.subarray(0, header.length - body.length));
    expect((await other.answer()).status).toBe(100);
    other.send(body);
    expect((await other.answer()).status).toBe(202);
  });

  test("who leaves in the middle has handed in nothing", async () => {
    const before = taken();
    const one = await client();
    const request = rawRequest("/v1/emails", json);
    one.send(request.subarray(0, request.length - 3));
    await expect.poll(() => relay.relay.connections().some(({ activity }) => activity !== "idle")).toBe(true);
    one.close();
    await expect.poll(() => relay.relay.connections().length).toBe(0);
    expect(taken()).toBe(before);
  });
});

test("HTTP without TLS is for this machine alone, whatever a load balancer says of the source", async () => {
  const proxied = async (allowPlainHttp: boolean) => {
    await relay.relay.reconfigure({
      ...relay.settings,
      proxyProtocolFrom: [ipRange("127.0.0.1")],
      receiveConnectors: relay.settings.receiveConnectors.map((one) => ({
        ...one,
        allowPlainHttp,
        remoteIpRanges: [ipRange("10.0.0.0/8"), ipRange("127.0.0.0/8")],
      })),
    });
    const one = await client();
    one.send("PROXY TCP4 10.0.0.9 127.0.0.1 1000 25\r\n");
    one.send(rawRequest("/v1/emails", json));
    return one.answer();
  };
  const { status, json: answer } = await proxied(false);
  expect([status, answer["name"]]).toEqual([403, "https_required"]);
  expect(eventOf(answer["reference"])?.fields).toMatchObject({ source: "10.0.0.9" });
  expect((await proxied(true)).status).toBe(202);
  await relay.relay.reconfigure(relay.settings);
});

test("listeners follow the configuration, and are told of", async () => {
  const [first, ...others] = relay.settings.receiveConnectors;
  const without = { ...relay.settings, receiveConnectors: [{ ...first!, httpBindings: [] }, ...others] };
  await relay.relay.reconfigure(without);
  await expect(connectRawHttp(relay.httpPortOf("Open"))).rejects.toThrow();
  await relay.relay.reconfigure(relay.settings);
  expect((await post("Open", email)).status).toBe(202);
  const told = relay.events
    .filter(({ name }) => name === "ListenerOpened")
    .map(({ fields }) => fields["endpoint"]);
  expect(told).toContain(`127.0.0.1:${relay.httpPortOf("Open")} (HTTP)`);
});

describe("time", () => {
  const clock = createFakeClock();
  let timed: TemporaryRelay;
  beforeAll(async () => {
    timed = await startTemporaryRelay({
      receiveConnectors: [
        receiveConnector({
          httpBindings: [anywhere],
          connectionInactivityTimeout: 60_000,
          connectionTimeout: 120_000,
          tarpitInterval: 5_000,
          anonymousRelay: false,
        }),
      ],
      ports: { clock },
    });
  });
  afterAll(() => timed.stop());
  const connected = async () => {
    const one = await client("AppRelay", timed);
    await clock.settle();
    return one;
  };
  const local = JSON.stringify({ ...email, to: "postmaster@d.test", envelope: { rcpt_to: ["Postmaster"] } });

  test("the header of a request has ten seconds", async () => {
    const one = await connected();
    one.send("POST /v1/emails HTTP/1.1\r\n");
    await clock.advance(1_000);
    await clock.advance(11_000);
    expect((await one.answer()).status).toBe(408);
    await one.closed();
  });

  test("a body that trickles is broken off; one that flows is not", async () => {
    const one = await connected();
    const request = rawRequest("/v1/emails", local.padEnd(20_000, " "));
    one.send(request.subarray(0, 300));
    await clock.advance(9_000);
    one.send(request.subarray(300, 10_000));
    await clock.advance(9_000);
    expect(timed.relay.connections()).toHaveLength(1);
    await clock.advance(25_000);
    const answer = await one.answer();
    expect([answer.status, answer.json["name"]]).toEqual([408, "request_timeout"]);
    await one.closed();
  });

  test("an idle connection goes without a word", async () => {
    const one = await connected();
    one.send(rawRequest("/v1/emails", local));
    expect((await one.answer()).status).toBe(202);
    await clock.advance(61_000);
    await one.closed();
    expect(timed.relay.sessions).toBe(0);
  });

  test("a refusal is held back, and who leaves meanwhile waits for each answer", async () => {
    const one = await connected();
    one.send(rawRequest("/v1/emails", json));
    await clock.settle();
    await expect.poll(() => timed.relay.connections()[0]?.activity).toBe("tarpit");
    one.close();
    await expect.poll(() => timed.relay.discredits().length).toBe(1);
  });

  test("a stop lets what is under way end, and takes nothing new", async () => {
    const [idle, busy, late] = [await connected(), await connected(), await connected()];
    const request = rawRequest("/v1/emails", local);
    for (const one of [busy, late]) one.send(request.subarray(0, 200));
    await expect
      .poll(() => timed.relay.connections().filter(({ activity }) => activity === "working").length)
      .toBe(2);
    const stopped = timed.relay.stop("a test", 5_000);
    await idle.closed();
    busy.send(request.subarray(200));
    const last = await busy.answer();
    expect([last.status, last.headers["connection"]]).toEqual([202, "close"]);
    await busy.closed();
    await clock.advance(6_000);
    const refused = await late.answer();
    expect([refused.status, refused.json["name"]]).toEqual([503, "shutting_down"]);
    await clock.advance(10_000);
    await stopped;
  });
});
