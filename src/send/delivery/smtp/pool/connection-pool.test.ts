import { afterEach, describe, expect, it } from "vitest";
import { createSystemPorts } from "../../../../ports/system-ports.ts";
import { createFakeClock } from "../../../../testing/fake-clock.ts";
import { freePort } from "../../../../testing/free-port.ts";
import { startScriptedServer } from "../../../../testing/scripted-server.ts";
import { smtpPeers } from "../../../../testing/smtp-peers.ts";
import { testClaim } from "../../../../testing/test-claim.ts";
import { smartHostConnector } from "../../../../testing/test-settings.ts";
import { brief } from "../../../../testing/test-smtp-carrier.ts";
import { tlsBySettings } from "../opening/open-connection.ts";
import { avoidRefusedMs } from "../peer/peer.ts";
import { timeouts } from "../wire/timeouts.ts";

const { open, sinkWith, carrierTo } = smtpPeers(afterEach);

describe("connections", () => {
  it("are reused, without RSET between good transactions", async () => {
    const sink = await sinkWith();
    const { carrier } = carrierTo(sink.port);
    for (let sent = 0; sent < 5; sent++) expect(brief(await carrier.carry(testClaim()))).toHaveLength(1);
    expect(sink.messages).toHaveLength(5);
    expect(sink.connections).toBe(1);
    expect(sink.commands).not.toContain("RSET");
  });

  it("end with QUIT after smtpMaxMessagesPerConnection messages", async () => {
    const sink = await sinkWith({ extensions: ["PIPELINING"] });
    const { carrier } = carrierTo(sink.port, {
      connector: { smtpMaxMessagesPerConnection: 3, maxConcurrentConnections: 1 },
    });
    await Promise.all(Array.from({ length: 7 }, () => carrier.carry(testClaim())));
    await sink.until(() => sink.commands.filter((line) => line === "QUIT").length === 2);
    expect(sink.messages.map(({ connection }) => connection)).toEqual([1, 1, 1, 2, 2, 2, 3]);
  });

  it("are used no longer than what showed who the peer is holds, be they idle or busy", async () => {
    const sink = await sinkWith();
    const clock = createFakeClock();
    const { carrier } = carrierTo(sink.port, {
      clock,
      connector: { maxConcurrentConnections: 1 },
      more: {
        tlsOf: ({ name }) => ({ ...tlsBySettings(smartHostConnector(sink.port), name), keepMs: 5_000 }),
      },
    });
    await carrier.carry(testClaim());
    await clock.advance(4_999);
    await carrier.carry(testClaim());
    expect(sink.connections).toBe(1);
    await clock.advance(1);
    await carrier.carry(testClaim());
    expect(sink.connections).toBe(2);
    const late = carrier.carry(testClaim());
    const behind = carrier.carry(testClaim());
    await clock.advance(5_000);
    await Promise.all([late, behind]);
    expect(sink.messages).toHaveLength(5);
  });

  it("are not begun with mail that is called back while it waits for one", async () => {
    let isAnswered = false;
    const sink = await sinkWith({ behave: ({ at }) => (at === "content" ? { delayMs: 100 } : undefined) });
    const { carrier } = carrierTo(sink.port, { connector: { maxConcurrentConnections: 1 } });
    const claims = [1, 2, 3].map((id) => ({ ...testClaim(), message: { ...testClaim().message, id } }));
    const [first, second, third] = claims.map(async (claim) => {
      const result = await carrier.carry(claim);
      return isAnswered ? brief(result) : ["before it", brief(result)];
    });
    await sink.until(() => sink.commands.length > 2);
    expect(claims[1] && carrier.recall?.(claims[1])).toBe(true);
    expect(await second).toEqual(["before it", "aborted"]);
    expect([carrier.recall?.(), carrier.recall?.()]).toEqual([true, false]);
    expect(await third).toEqual(["before it", "aborted"]);
    isAnswered = true;
    expect(await first).toEqual(["delivered: 250 2.0.0 Ok: recorded"]);
    expect(sink.messages).toHaveLength(1);
  });

  it("are never more than maxConcurrentConnections", async () => {
    let most = 0;
    const inUse = new Set<number>();
    const sink = await sinkWith({
      behave: ({ at, line, connection }) => {
        if (line === "QUIT") inUse.delete(connection);
        else inUse.add(connection);
        most = Math.max(most, inUse.size);
        return at === "content" ? { delayMs: 5 } : undefined;
      },
    });
    const { carrier } = carrierTo(sink.port, {
      connector: { maxConcurrentConnections: 3, smtpMaxMessagesPerConnection: 4 },
    });
    await Promise.all(Array.from({ length: 40 }, () => carrier.carry(testClaim())));
    expect(sink.messages).toHaveLength(40);
    expect(most).toBe(3);
  });

  it("all say QUIT when the carrier is closed", async () => {
    const sink = await sinkWith({ behave: ({ at }) => (at === "content" ? { delayMs: 50 } : undefined) });
    const { carrier } = carrierTo(sink.port, { connector: { maxConcurrentConnections: 3 } });
    await Promise.all(Array.from({ length: 3 }, () => carrier.carry(testClaim())));
    await carrier.close(1_000);
    expect(sink.connections).toBe(3);
    expect(sink.commands.filter((line) => line === "QUIT")).toHaveLength(3);
  });

  it("that wait idle are closed after a while", async () => {
    const clock = createFakeClock();
    const sink = await sinkWith();
    const { carrier } = carrierTo(sink.port, { clock });
    await carrier.carry(testClaim());
    await clock.advance(timeouts.idleMs - 1);
    expect(sink.commands).not.toContain("QUIT");
    await clock.advance(1);
    await sink.until(() => sink.open === 0);
    expect(sink.commands).toContain("QUIT");
    await clock.settle();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("a connection lost", () => {
  it("while idle costs nothing", async () => {
    const server = await startScriptedServer(async (peer) => {
      await peer.greet("PIPELINING", "CHUNKING");
      await peer.lines(2);
      peer.send("250 a\r\n250 b\r\n");
      await peer.chunks();
      peer.send("250 Ok\r\n");
      peer.socket.end();
    });
    open.push(server);
    const { carrier } = carrierTo(server.port);
    expect(brief(await carrier.carry(testClaim()))).toEqual(["delivered: 250 Ok"]);
    expect(brief(await carrier.carry(testClaim()))).toEqual(["delivered: 250 Ok"]);
    expect(server.connections).toBe(2);
  });

  it.each(["MAIL", "RCPT", "DATA"] as const)("at %s is tried once more at once", async (at) => {
    const sink = await sinkWith({
      extensions: ["PIPELINING"],
      behave: (stage) => (stage.at === at && stage.connection === 1 ? { drop: true } : undefined),
    });
    const { carrier } = carrierTo(sink.port);
    expect(brief(await carrier.carry(testClaim()))).toEqual(["delivered: 250 2.0.0 Ok: recorded"]);
    expect(sink.connections).toBe(2);
  });

  it("twice is a failure", async () => {
    const sink = await sinkWith({ behave: ({ at }) => (at === "MAIL" ? { drop: true } : undefined) });
    const { carrier } = carrierTo(sink.port);
    expect(brief(await carrier.carry(testClaim()))).toEqual([
      expect.stringMatching(/^transient: the connection was (closed|lost)/),
    ]);
    expect(sink.connections).toBe(2);
  });

  it("by 421 is tried once more; a second 421 is told", async () => {
    const sink = await sinkWith({
      behave: ({ at }) => (at === "MAIL" ? { reply: "421 4.4.2 Rate exceeded" } : undefined),
    });
    const { carrier } = carrierTo(sink.port);
    const claim = testClaim({ recipients: ["a@b.test", "b@b.test"] });
    expect(brief(await carrier.carry(claim))).toEqual(Array(2).fill("transient: 421 4.4.2 Rate exceeded"));
    expect(sink.connections).toBe(2);
  });
});

describe("connections that are opened at once", () => {
  it("one that fails gives nothing up while another is on its way", async () => {
    const sink = await sinkWith();
    const system = createSystemPorts();
    let dials = 0;
    let goOn: () => void = () => undefined;
    const isHeld = new Promise<void>((resolve) => (goOn = resolve));
    const { carrier } = carrierTo(sink.port, {
      more: {
        ports: {
          ...system,
          async dial(target) {
            if (++dials === 1) throw Object.assign(new Error(), { code: "ECONNREFUSED" });
            await isHeld;
            return await system.dial(target);
          },
        },
      },
    });
    const results = [carrier.carry(testClaim()), carrier.carry(testClaim())];
    await expect.poll(() => dials).toBe(2);
    await new Promise((resolve) => setImmediate(resolve));
    goOn();
    const taken = ["delivered: 250 2.0.0 Ok: recorded"];
    expect((await Promise.all(results)).map(brief)).toEqual([taken, taken]);
  });
});

describe("hosts", () => {
  it("that cannot be reached are passed over, and tried last for a while", async () => {
    const dead = await freePort();
    const sink = await sinkWith();
    const clock = createFakeClock();
    const { dial, dns } = createSystemPorts();
    let dialled: number[] = [];
    const { carrier } = carrierTo([dead, sink.port], {
      connector: { smtpMaxMessagesPerConnection: 1, maxConcurrentConnections: 1 },
      more: {
        ports: {
          clock,
          dns,
          random: () => 0,
          dial: (target) => {
            dialled.push(target.port);
            return dial(target);
          },
        },
      },
    });
    for (let sent = 0; sent < 3; sent++) expect(brief(await carrier.carry(testClaim()))).toHaveLength(1);
    expect(dialled).toEqual([dead, sink.port, sink.port, sink.port]);
    dialled = [];
    await clock.advance(avoidRefusedMs);
    for (let sent = 0; sent < 2; sent++) await carrier.carry(testClaim());
    expect(dialled).toContain(dead);
  });

  it.each([
    ["a greeting of 421", "connect", "421 4.3.2 Too many"],
    ["a greeting of 554", "connect", "554 5.7.1 Not you"],
    ["EHLO refused for now", "EHLO", "451 4.3.0 Not now"],
  ] as const)("%s make room for the next host", async (_, at, reply) => {
    const bad = await sinkWith({ behave: (stage) => (stage.at === at ? { reply } : undefined) });
    const good = await sinkWith();
    const { carrier } = carrierTo([bad.port, good.port]);
    expect(brief(await carrier.carry(testClaim()))).toHaveLength(1);
    expect(bad.connections).toBe(1);
    expect(good.messages).toHaveLength(1);
  });

  it("are unreachable when all fail, and the last failure is told", async () => {
    const dead = await freePort();
    const bad = await sinkWith({
      behave: ({ at }) => (at === "connect" ? { reply: "554 5.7.1 Not you" } : undefined),
    });
    const { carrier } = carrierTo([dead, bad.port]);
    expect(await carrier.carry(testClaim())).toEqual({
      kind: "unreachable",
      host: "127.0.0.1",
      verdict: { status: "5.7.1", text: "554 5.7.1 Not you", fromPeer: true },
    });
    const { carrier: other } = carrierTo(dead);
    const results = await Promise.all(Array.from({ length: 10 }, () => other.carry(testClaim())));
    for (const result of results) {
      expect(result).toMatchObject({ kind: "unreachable", verdict: { status: "4.4.1", fromPeer: false } });
    }
  });

  it("whose names do not resolve are unreachable", async () => {
    const { carrier } = carrierTo(1, { more: { nextHop: [{ host: "nowhere.invalid", port: 25 }] } });
    expect(await carrier.carry(testClaim())).toMatchObject({
      kind: "unreachable",
      verdict: { status: "4.4.3" },
    });
  });

  it("that take no further connection are served by those there are", async () => {
    const sink = await sinkWith({
      behave: ({ at, connection }) =>
        at === "connect" && connection > 1 ? { reply: "421 4.3.2 Too many connections" } : undefined,
    });
    const { carrier } = carrierTo(sink.port);
    await carrier.carry(testClaim());
    const results = await Promise.all(Array.from({ length: 30 }, () => carrier.carry(testClaim())));
    expect(results.flatMap(brief)).toEqual(Array(30).fill("delivered: 250 2.0.0 Ok: recorded"));
    expect(new Set(sink.messages.map(({ connection }) => connection))).toEqual(new Set([1]));
  });

  it("that never greet time out", async () => {
    const clock = createFakeClock();
    const server = await startScriptedServer(() => {});
    open.push(server);
    const { carrier } = carrierTo(server.port, { clock });
    const result = carrier.carry(testClaim());
    while (server.connections === 0) await clock.settle();
    await clock.advance(timeouts.greetingMs);
    expect(await result).toMatchObject({
      kind: "unreachable",
      verdict: { status: "4.4.2", text: "no answer to the greeting in time" },
    });
  });

  it("are known by HELO where they do not know EHLO, and by forceHelo", async () => {
    const sink = await sinkWith({ behave: ({ at }) => (at === "EHLO" ? { reply: "502 What?" } : undefined) });
    expect(brief(await carrierTo(sink.port).carrier.carry(testClaim()))).toHaveLength(1);
    expect(sink.commands.slice(0, 3)).toEqual([
      "EHLO relay.test",
      "HELO relay.test",
      "MAIL FROM:<app@a.test>",
    ]);
    sink.clear();
    expect(
      brief(await carrierTo(sink.port, { connector: { forceHelo: true } }).carrier.carry(testClaim())),
    ).toHaveLength(1);
    expect(sink.commands[0]).toBe("HELO relay.test");
  });
});

describe("close", () => {
  it("lets a running transaction finish, gives waiting ones back, and leaves nothing open", async () => {
    const clock = createFakeClock();
    let proceed: (() => void) | undefined;
    const server = await startScriptedServer(async (peer) => {
      await peer.greet();
      await peer.line();
      await new Promise<void>((resolve) => (proceed = resolve));
      peer.send("250 Ok\r\n");
      await peer.line();
      peer.send("250 Ok\r\n");
      await peer.line();
      peer.send("354 Go\r\n");
      await peer.content();
      peer.send("250 taken\r\n");
      expect(await peer.line()).toBe("QUIT");
      peer.send("221 Bye\r\n");
      peer.socket.end();
    });
    open.push(server);
    const { carrier } = carrierTo(server.port, { clock, connector: { maxConcurrentConnections: 1 } });
    const running = carrier.carry(testClaim());
    const waiting = carrier.carry(testClaim());
    while (proceed === undefined) await clock.settle();
    const closed = carrier.close(10_000);
    expect(brief(await waiting)).toBe("aborted");
    expect(brief(await carrier.carry(testClaim()))).toBe("aborted");
    proceed();
    expect(brief(await running)).toEqual(["delivered: 250 taken"]);
    await closed;
    expect(clock.pendingTimers).toBe(0);
  });

  it("aborts what is not done in time", async () => {
    const clock = createFakeClock();
    const sink = await sinkWith({ behave: ({ at }) => (at === "MAIL" ? { stall: true } : undefined) });
    const { carrier } = carrierTo(sink.port, { clock });
    const running = carrier.carry(testClaim());
    await sink.until(() => sink.commands.some((line) => line.startsWith("MAIL")));
    const closed = carrier.close(5_000);
    await clock.advance(4_999);
    let done = false;
    void running.then(() => (done = true));
    await clock.settle();
    expect(done).toBe(false);
    await clock.advance(1);
    expect(brief(await running)).toBe("aborted");
    await closed;
    await sink.until(() => sink.open === 0);
    expect(clock.pendingTimers).toBe(0);
  });

  it("gives up connections that are being opened", async () => {
    const clock = createFakeClock();
    const server = await startScriptedServer(() => {});
    open.push(server);
    const { carrier } = carrierTo(server.port, { clock });
    const waiting = carrier.carry(testClaim());
    while (server.connections === 0) await clock.settle();
    await carrier.close(10_000);
    expect(brief(await waiting)).toBe("aborted");
    while (server.open > 0) await clock.settle();
    expect(clock.pendingTimers).toBe(0);
  });
});
