/** A session in moments that clients seldom bring about: faults of ours, a store that is away, TLS that cannot be had. */
import { describe, expect, test } from "vitest";
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { createMemorySpool } from "../../testing/memory-spool.ts";
import { createTestSession, type TestSession } from "../../testing/test-session.ts";
import type { ServerContexts } from "../tls/server-contexts.ts";
import type { SessionServices } from "./services.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const logOn = `AUTH PLAIN ${base64("\0app\0secret")}\r\n`;
const users = { authMechanism: ["BasicAuth"], permissionGroups: ["ExchangeUsers"] } as const;
const replies = ({ written }: TestSession): readonly string[] =>
  written
    .split("\r\n")
    .filter((line) => /^\d{3} /.test(line))
    .map((line) => line.slice(0, 9));

function begun(
  connector: Partial<ReceiveConnectorSettings> = {},
  services: Partial<SessionServices> = {},
  lines: readonly string[] = [],
): TestSession {
  const it = createTestSession(connector, services);
  it.send("EHLO x\r\n");
  for (const line of lines) it.send(`${line}\r\n`);
  return it;
}
const mail = ["MAIL FROM:<a@s.test>", "RCPT TO:<b@d.test>"];

describe("a mechanism of AUTH stands in events by its name, and what else came in its place does not", () => {
  test.each([
    ["PLAIN", "Plain"],
    ["login", "Login"],
    ["secret", "(another)"],
    ["constructor", "(another)"],
    ["__proto__", "(another)"],
  ])("%s: %s", (mechanism, shown) => {
    const it = begun(users, {}, [`AUTH ${mechanism} %%%`]);
    expect(it.events.map(({ fields }) => fields["mechanism"])).toEqual([shown]);
  });
});

describe("a log-on", () => {
  test("that nobody can judge is refused for now; the client may try again", async () => {
    const it = begun(users, { authenticate: () => Promise.reject(new Error("the directory is away")) });
    it.send(logOn);
    await it.clock.settle();
    expect([replies(it).at(-1), it.ended]).toEqual(["454 4.7.0", undefined]);
    expect(it.written).not.toContain("directory");
  });

  test("is answered in its turn: what was sent behind it waits", async () => {
    let judge: ((user: string) => void) | undefined;
    const it = begun(users, {
      authenticate: () => new Promise((resolve) => (judge = (user) => resolve({ user }))),
    });
    it.send(`${logOn}NOOP\r\n`);
    await it.clock.settle();
    expect([replies(it).length, it.session.activity, it.session.isWaiting]).toEqual([1, "working", true]);
    judge?.("App");
    await it.clock.settle();
    expect(replies(it).slice(1)).toEqual(["235 2.7.0", "250 2.0.0"]);
    expect(it.state).toMatchObject({ authenticatedUser: "App", mechanism: "PLAIN" });
    expect([it.session.activity, it.session.isWaiting]).toEqual(["idle", false]);
  });

  test("of somebody who left meanwhile is told to nobody; a fault in it is told to people", async () => {
    let fail: ((fault: Error) => void) | undefined;
    const services = {
      refuseMessage: () => new Promise<undefined>((_, reject) => (fail = reject)),
    };
    const it = begun({}, services, ["MAIL FROM:<a@s.test>"]);
    const before = it.written;
    it.hangUp();
    fail?.(new Error("a bug"));
    await it.clock.settle();
    expect([it.written, it.events.map(({ name }) => name)]).toEqual([before, ["RelayFault"]]);
    const other = begun({}, services, ["MAIL FROM:<a@s.test>"]);
    fail?.(new Error("a bug"));
    await other.clock.settle();
    expect([replies(other).at(-1), other.ended]).toEqual(["421 4.3.0", "end"]);
  });
});

test("a client that reads no replies is answered when it reads on, each command once", () => {
  const it = begun();
  it.stall();
  it.send("NOOP\r\n");
  it.send("RSET\r\nVRFY x\r\n");
  expect(replies(it).slice(1)).toEqual(["250 2.0.0"]);
  it.readOn();
  expect(replies(it).slice(1)).toEqual(["250 2.0.0", "250 2.0.0", "252 2.1.5"]);
  it.send("NOOP\r\n");
  expect(replies(it)).toHaveLength(5);
});

describe("while the store of all nodes is away", () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ["MAIL", [], ["MAIL FROM:<a@s.test>"]],
    ["RCPT", mail.slice(0, 1), ["RCPT TO:<b@d.test>"]],
    ["DATA", mail, ["DATA"]],
    ["BDAT", mail, ["BDAT 0 LAST"]],
  ])("%s is put off, and the session goes on", async (_, before, lines) => {
    const state: { away: string | undefined } = { away: undefined };
    const spool = Object.create(createMemorySpool({ clock: createFakeClock() }), {
      away: { get: () => state.away },
    }) as SessionServices["spool"];
    const it = begun({}, { spool }, before);
    state.away = "no database";
    for (const line of lines) it.send(`${line}\r\n`);
    await it.clock.settle();
    expect([replies(it).at(-1), it.ended]).toEqual(["451 4.3.2", undefined]);
    it.send("NOOP\r\n");
    expect(replies(it).at(-1)).toBe("250 2.0.0");
  });
});

describe("TLS that cannot be had", () => {
  const contexts = {} as ServerContexts;
  test("any more when STARTTLS was answered: the client is told, and goes on in the clear", () => {
    let looks = 0;
    const it = begun({}, { tlsContexts: () => (++looks <= 2 ? contexts : undefined) }, ["STARTTLS"]);
    expect([replies(it).at(-1), it.handshaking, it.ended]).toEqual(["454 4.7.0", false, undefined]);
    it.send("NOOP\r\n");
    expect(replies(it).at(-1)).toBe("250 2.0.0");
  });

  test("where a client begins with it: it is cut off, and people are told", () => {
    const it = createTestSession();
    it.session.open(true);
    expect([it.ended, it.handshaking]).toEqual(["broken", false]);
    expect(it.events.map(({ name, fields }) => [name, fields["detail"]])).toEqual([
      ["TlsHandshakeFailed", "the connector's certificate cannot be used"],
    ]);
  });

  test("before who it is matters: nothing said in the clear counts behind the handshake", () => {
    const it = begun({}, { tlsContexts: () => contexts }, [...mail, "STARTTLS"]);
    expect([it.handshaking, it.session.activity]).toEqual([true, "handshake"]);
    it.secure();
    it.send("RCPT TO:<c@d.test>\r\n");
    expect(replies(it).at(-1)).toBe("503 5.5.2");
    expect(it.state).toMatchObject({ hello: undefined, transaction: undefined });
    expect(it.state.tls?.protocol).toBe("TLSv1.3");
    // A second end of the handshake is none.
    it.failHandshake("ECONNRESET");
    expect(it.events.map(({ name }) => name)).not.toContain("TlsHandshakeFailed");
  });
});

describe("how long a client may be silent", () => {
  test.each<[string, number, string, number]>([
    ["at all", 60_000, "x\r\n", 60_000],
    ["behind what it takes for the end of its content", 60_000, "x\r\n.\n", 10_000],
    ["there, where it has less anyway", 5_000, "x\r\n.\n", 5_000],
  ])("%s", (_, connectionInactivityTimeout, content, expected) => {
    const it = begun({ connectionInactivityTimeout }, {}, [...mail, "DATA"]);
    it.send(content);
    expect([it.session.inactivityTimeoutMs, it.session.activity]).toEqual([expected, "content"]);
    it.finish();
    expect(it.ended).toBe("end");
    expect(
      replies(it)
        .at(-1)
        ?.startsWith(expected === 60_000 ? "354" : "5"),
    ).toBe(true);
  });
});

test("what a session does now", () => {
  const it = createTestSession();
  const activities = [it.session.activity];
  for (const line of ["EHLO x", ...mail, "DATA"]) {
    it.send(`${line}\r\n`);
    activities.push(it.session.activity);
  }
  it.hangUp();
  expect([...activities, it.session.activity]).toEqual([
    "greeted",
    "idle",
    "mail",
    "rcpt",
    "content",
    "closing",
  ]);
});

test.each([
  [true, "HELO \r\n", "501 5.5.4"],
  [true, "HELO x\r\n", "250 relay"],
  [false, "HELO \r\n", "250 relay"],
])("requireEhloDomain %s: %j is answered %s", (requireEhloDomain, line, expected) => {
  const it = createTestSession({ requireEhloDomain });
  it.send(line);
  expect(replies(it)[0]).toBe(expected);
  if (line === "HELO \r\n" && !requireEhloDomain) expect(it.state.hello?.name).toBe("[127.0.0.1]");
});

test.each(["timedOut", "away"] as const)(
  "a reply that is held back goes at once when the session has to go (%s), and refusals behind it are not held back",
  async (reason) => {
    const it = begun({ anonymousRelay: false, tarpitInterval: 60_000 }, {}, ["MAIL FROM:<a@s.test>"]);
    it.send("RCPT TO:<b@d.test>\r\nRCPT TO:<c@d.test>\r\n");
    await it.clock.settle();
    expect([replies(it).length, it.session.activity]).toEqual([2, "tarpit"]);
    if (reason === "away") it.session.away();
    else it.session.timedOut();
    await it.clock.settle();
    expect(
      replies(it)
        .slice(2)
        .map((reply) => reply.slice(0, 3)),
    ).toEqual(["550", "421"]);
    expect([it.ended, it.clock.pendingTimers]).toEqual(["end", 0]);
  },
);
