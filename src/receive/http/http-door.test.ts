/** Connections of the HTTP door, second by second: what closes them, and what they are told before. */
import { createSecureContext } from "node:tls";
import { describe, expect, test } from "vitest";
import { rawRequest } from "../../testing/raw-http-client.ts";
import { createTestHttpDoor, type TestHttpClient } from "../../testing/test-http-door.ts";
import type { ServerContexts } from "../tls/server-contexts.ts";

const json = JSON.stringify({ from: "a@s.test", to: "b@d.test", text: "Hi" });
const post = rawRequest("/v1/emails", json);
const head = "POST /v1/emails HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
const nameOf = async (one: TestHttpClient): Promise<unknown> => {
  const { status, json: answer } = await one.answer();
  return [status, answer["name"] ?? "taken"];
};

describe("time", () => {
  test("a request has ten seconds for its header, the first one and those behind it", async () => {
    const it = createTestHttpDoor();
    const one = it.connect();
    one.send("POST /v1");
    await it.clock.advance(9_999);
    expect(await one.answers()).toEqual([]);
    await it.clock.advance(1);
    expect(await nameOf(one)).toEqual([408, "request_timeout"]);
    expect(one.ended).toBe("said");

    const other = it.connect();
    other.send(post);
    expect(await nameOf(other)).toEqual([202, "taken"]);
    await it.clock.advance(20_000);
    other.send("POST /v1");
    await it.clock.advance(9_500);
    expect(await other.answers()).toEqual([]);
    await it.clock.advance(1_000);
    expect(await nameOf(other)).toEqual([408, "request_timeout"]);
  });

  test("an idle connection goes after connectionInactivityTimeout, counted from its last answer", async () => {
    const it = createTestHttpDoor({ connectionInactivityTimeout: 20_000 });
    const one = it.connect();
    one.send(post);
    expect(await nameOf(one)).toEqual([202, "taken"]);
    await it.clock.advance(15_000);
    one.send(post);
    expect(await nameOf(one)).toEqual([202, "taken"]);
    await it.clock.advance(19_999);
    expect(one.ended).toBeUndefined();
    await it.clock.advance(1);
    expect([one.ended, await one.answers()]).toEqual(["said", []]);
    expect(it.freed).toEqual([]);
    one.finish();
    await it.clock.settle();
    expect(it.freed).toEqual(["lease of 127.0.0.1", "AppRelay"]);
  });

  test("no connection lasts longer than connectionTimeout, used or not", async () => {
    const it = createTestHttpDoor({ connectionTimeout: 30_000, connectionInactivityTimeout: 20_000 });
    const [busy, slow] = [it.connect(), it.connect()];
    slow.send(`${head}Content-Length: 900000\r\n\r\n${" ".repeat(50_000)}`);
    for (let n = 0; n < 2; n++) {
      await it.clock.advance(14_999);
      slow.send(" ".repeat(50_000));
      busy.send(post);
      expect(await nameOf(busy)).toEqual([202, "taken"]);
    }
    expect([busy.ended, slow.ended]).toEqual([undefined, undefined]);
    await it.clock.advance(2);
    expect(busy.ended).toBe("said");
    expect(await nameOf(slow)).toEqual([408, "request_timeout"]);
    expect(slow.ended).toBe("said");
  });

  test("a body may be slow for ten seconds, then it has to bring 500 octets a second", async () => {
    const it = createTestHttpDoor({ connectionTimeout: 600_000 });
    const one = it.connect();
    one.send(`${head}Content-Length: 90000\r\n\r\n`);
    await it.clock.advance(10_000);
    one.send(" ".repeat(2_000));
    await it.clock.advance(4_000);
    expect(await one.answers()).toEqual([]);
    await it.clock.advance(500);
    expect(await nameOf(one)).toEqual([408, "request_timeout"]);
  });

  test("who does not read the answer keeps its place no longer than an idle client", async () => {
    const it = createTestHttpDoor({ connectionInactivityTimeout: 5_000 });
    const one = it.connect();
    one.stall();
    one.send(post);
    await it.clock.advance(4_500);
    expect(it.freed).toEqual([]);
    await it.clock.advance(500);
    expect(it.freed).toEqual(["lease of 127.0.0.1", "AppRelay"]);
  });

  test("behind its last answer a client has three seconds to go", async () => {
    const it = createTestHttpDoor();
    const one = it.connect();
    one.send("EHLO x\r\n");
    expect(await nameOf(one)).toEqual([400, "validation_error"]);
    await it.clock.advance(2_500);
    expect(it.freed).toEqual([]);
    await it.clock.advance(500);
    expect(it.freed).toHaveLength(2);
    expect(it.clock.pendingTimers).toBe(1);
    await it.clock.advance(500);
    expect(it.clock.pendingTimers).toBe(0);
  });

  test("a handshake of TLS has ten seconds; where there is no certificate there is none", async () => {
    const told: unknown[] = [];
    const contexts: ServerContexts = { byDefault: createSecureContext(), named: () => undefined };
    const it = createTestHttpDoor(
      {},
      { tlsContexts: () => contexts, tell: (_, kind) => void told.push(kind) },
    );
    const one = it.connect();
    one.send(Buffer.from([22, 3, 1]));
    await it.clock.settle();
    expect([...it.door.connections()].map(({ activity }) => activity)).toEqual(["handshake"]);
    await it.clock.advance(9_500);
    expect([one.ended, told]).toEqual([undefined, []]);
    await it.clock.advance(500);
    expect([one.ended, told, it.freed.length]).toEqual(["cut", ["tlsHandshakeFailed"], 2]);

    const without = createTestHttpDoor();
    const other = without.connect();
    other.send(Buffer.from([22, 3, 1]));
    await without.clock.settle();
    expect([other.ended, without.freed.length]).toEqual(["cut", 2]);
  });
});

describe("what is left of a body that nobody wanted", () => {
  const refused = (length: number) =>
    `POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`;

  test("is read away for two seconds; then the next request is read", async () => {
    const it = createTestHttpDoor();
    const one = it.connect();
    one.send(refused(10));
    expect(await nameOf(one)).toEqual([404, "not_found"]);
    expect(one.connection?.activity).toBe("reading");
    await it.clock.advance(1_500);
    one.send(`0123456789`);
    one.send(post);
    expect(await nameOf(one)).toEqual([202, "taken"]);
    expect(one.connection?.activity).toBe("idle");
    one.send(refused(10));
    expect(await nameOf(one)).toEqual([404, "not_found"]);
    await it.clock.advance(2_500);
    expect(one.ended).toBe("cut");
  });

  test("is not read for ever: 4 MB of it", async () => {
    const it = createTestHttpDoor();
    const [most, more] = [it.connect(), it.connect()];
    for (const one of [most, more]) {
      one.send(refused(90_000_000));
      expect(await nameOf(one)).toEqual([404, "not_found"]);
    }
    most.send(Buffer.alloc(4 * 1024 * 1024));
    more.send(Buffer.alloc(4 * 1024 * 1024 + 1));
    await it.clock.advance(1_000);
    expect([most.ended, more.ended]).toEqual([undefined, "cut"]);
  });
});

describe("requests that are sent ahead", () => {
  const many = (count: number) => Buffer.concat(Array.from({ length: count }, () => post));
  test("are answered one after the other, up to 32 of them", async () => {
    const it = createTestHttpDoor();
    const one = it.connect();
    one.send(many(33));
    const answers = await one.answers();
    expect(answers.map(({ status }) => status)).toEqual(Array(33).fill(202));
    expect(one.ended).toBeUndefined();
    expect(one.connection).toMatchObject({ activity: "idle", messages: 33 });
  });

  test("beyond that only the one under way is answered", async () => {
    const it = createTestHttpDoor();
    const one = it.connect();
    one.send(many(34));
    const answers = await one.answers();
    expect(answers.map(({ status, headers }) => [status, headers["connection"]])).toEqual([[202, "close"]]);
    expect([one.ended, it.spool.size]).toEqual(["said", 1]);
  });
});

describe("one that has no place", () => {
  const reply = (it: ReturnType<typeof createTestHttpDoor>) =>
    it.services.refuse(it.submitter, { refused: "connectionLimitPerSource", configured: 1, seen: 1 });

  test("is told so with its first request, and is gone behind the answer", async () => {
    const it = createTestHttpDoor();
    const one = it.turnAway(reply(it));
    one.send(Buffer.concat([post, post]));
    const [answer, ...others] = await one.answers();
    expect([answer?.status, answer?.headers["connection"], others]).toEqual([429, "close", []]);
    expect([one.ended, [...it.door.connections()]]).toEqual(["said", []]);
    one.finish();
    await it.clock.settle();
    expect([it.freed, it.spool.size]).toEqual([[], 0]);
  });

  test("hears it in answer to what is no request as well, and waits five seconds in silence", async () => {
    const it = createTestHttpDoor();
    const [one, silent] = [it.turnAway(reply(it)), it.turnAway(reply(it))];
    one.send("EHLO x\r\n");
    expect(await nameOf(one)).toEqual([429, "connection_limit_exceeded"]);
    await it.clock.advance(4_500);
    expect(silent.ended).toBeUndefined();
    await it.clock.advance(500);
    expect(silent.ended).toBe("cut");
  });

  test("there are 500 of them at most, and a stop waits for none", async () => {
    const it = createTestHttpDoor();
    const all = Array.from({ length: 501 }, () => it.turnAway(reply(it)));
    await it.clock.settle();
    expect(all.flatMap(({ ended }, n) => (ended === undefined ? [] : [n]))).toEqual([500]);
    all[0]?.hangUp();
    await it.clock.settle();
    const next = it.turnAway(reply(it));
    await it.clock.settle();
    expect(next.ended).toBeUndefined();
    await it.door.stop(60_000);
    await it.clock.settle();
    expect([next.ended, it.clock.pendingTimers]).toEqual(["said", 0]);
    const late = it.turnAway(reply(it));
    await it.clock.settle();
    expect(late.ended).toBe("cut");
  });
});

describe("an end", () => {
  const begun = (length: number) => `${head}Content-Length: ${length}\r\n\r\n`;

  test("by a stop: what is idle goes, what is under way has its grace, and what is being kept five seconds more", async () => {
    let keep: (() => void) | undefined;
    const held = new Promise<void>((resolve) => (keep = resolve));
    const it = createTestHttpDoor();
    const accept = it.spool.accept.bind(it.spool);
    it.spool.accept = async (...given) => {
      await held;
      return accept(...given);
    };
    const [idle, late, kept] = [it.connect(), it.connect(), it.connect()];
    late.send(begun(100));
    kept.send(post);
    await it.clock.settle();
    let isOver = false;
    const stopped = it.door.stop(8_000).then(() => (isOver = true));
    await it.clock.settle();
    expect([idle.ended, late.ended, kept.ended]).toEqual(["said", undefined, undefined]);
    await it.clock.advance(7_999);
    expect(await late.answers()).toEqual([]);
    await it.clock.advance(1);
    expect(await nameOf(late)).toEqual([503, "shutting_down"]);
    await it.clock.advance(4_000);
    expect(isOver).toBe(false);
    keep?.();
    expect(await nameOf(kept)).toEqual([202, "taken"]);
    for (const one of [idle, late, kept]) one.finish();
    await it.clock.settle();
    await stopped;
    expect(it.clock.pendingTimers).toBe(0);
  });

  test("because the database of all nodes is away: nobody's place is kept", async () => {
    const it = createTestHttpDoor();
    const [idle, working] = [it.connect(), it.connect()];
    working.send(begun(100));
    await it.clock.settle();
    it.door.away();
    expect(await nameOf(working)).toEqual([503, "service_unavailable"]);
    expect([idle.ended, working.ended]).toEqual(["said", "said"]);
  });
});

describe("a connection shows", () => {
  test("who it is and what it did, and its protocol log each request and answer", async () => {
    const it = createTestHttpDoor({
      protocolLoggingLevel: "Verbose",
      authMechanism: ["BasicAuth"],
      permissionGroups: ["ExchangeUsers"],
    });
    const one = it.connect();
    const authorization = `Basic ${Buffer.from("app:secret").toString("base64")}`;
    one.send(rawRequest("/v1/emails", json, { authorization, "user-agent": "till/2" }));
    expect(await nameOf(one)).toEqual([202, "taken"]);
    expect(one.connection).toMatchObject({
      activity: "idle",
      user: "app",
      userAgent: "till/2",
      messages: 1,
      closing: false,
      ended: false,
      tls: undefined,
    });
    one.hangUp();
    await it.clock.settle();
    expect(it.log).toEqual([
      "+",
      "< POST /v1/emails HTTP/1.1",
      expect.stringMatching(/^> 202 \{"id":"\d+"/),
      "-  Remote",
    ]);
    const other = it.connect();
    other.send("x\r\n\r\n");
    await it.clock.settle();
    other.finish();
    await it.clock.settle();
    expect(it.logged[0]).toMatchObject({
      connectorId: "relay.test\\AppRelay",
      localEndpoint: "127.0.0.1:8025",
      remoteEndpoint: "127.0.0.1:4711",
    });
    expect(it.log.slice(4)).toEqual(["+", "> HTTP/1.1 400 Bad Request", "-  Local"]);
  });

  test("nothing in the protocol log where the connector has none", async () => {
    const it = createTestHttpDoor({ protocolLoggingLevel: "None" });
    const one = it.connect();
    one.send(post);
    expect(await nameOf(one)).toEqual([202, "taken"]);
    expect(it.log).toEqual([]);
  });
});

test("in clear text only this machine is heard, whatever it says", async () => {
  const it = createTestHttpDoor();
  for (const octets of [post, "EHLO x\r\n"]) {
    const one = it.connect("10.0.0.9");
    one.send(octets);
    expect(await nameOf(one)).toEqual([403, "https_required"]);
  }
  const open = createTestHttpDoor({ allowPlainHttp: true }).connect("10.0.0.9");
  open.send(post);
  expect(await nameOf(open)).toEqual([202, "taken"]);
});

test("a fault of ours is answered and told, and ends the connection", async () => {
  const it = createTestHttpDoor({}, { history: { search: () => Promise.reject(new Error("disk")) } });
  const one = it.connect();
  one.send(rawRequest("/v1/emails/7", "", {}, "GET"));
  const { status, headers } = await one.answer();
  expect([status, headers["retry-after"], headers["connection"]]).toEqual([500, "10", "close"]);
  expect(it.events.map(({ name }) => name)).toContain("RelayFault");
});
