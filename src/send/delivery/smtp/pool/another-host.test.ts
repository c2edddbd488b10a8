/** What one peer puts off, cannot take or hangs on, another is asked for in the same attempt. */
import { afterEach, describe, expect, it } from "vitest";
import { createSystemPorts } from "../../../../ports/system-ports.ts";
import { createFakeClock } from "../../../../testing/fake-clock.ts";
import type { RecordingSink } from "../../../../testing/recording-sink.ts";
import { startScriptedServer } from "../../../../testing/scripted-server.ts";
import { smtpPeers } from "../../../../testing/smtp-peers.ts";
import { testClaim } from "../../../../testing/test-claim.ts";
import { brief } from "../../../../testing/test-smtp-carrier.ts";
import { avoidHungMs } from "../peer/peer.ts";
import { timeouts } from "../wire/timeouts.ts";

const recorded = "delivered: 250 2.0.0 Ok: recorded";
const one = { maxConcurrentConnections: 1 };

const { open, sinkWith, carrierTo } = smtpPeers(afterEach);

const taken = (sink: RecordingSink): string[][] =>
  sink.messages.map(({ recipients }) => recipients.map(({ path }) => path));

describe("a 4xx of one smart host", () => {
  it.each([
    ["MAIL", "451 4.3.0 Not now"],
    ["RCPT", "450 4.7.1 Greylisted"],
    ["DATA", "451 4.3.0 No"],
    ["content", "452 4.3.1 Disk full"],
    ["MAIL", "421 4.7.0 Too busy"],
  ] as const)("to %s (%s): the next host takes it in the same attempt", async (at, reply) => {
    const bad = await sinkWith({
      extensions: ["PIPELINING"],
      behave: (stage) => (stage.at === at ? { reply } : undefined),
    });
    const good = await sinkWith();
    for (const connector of [one, {}]) {
      const { carrier } = carrierTo([bad.port, good.port], { connector });
      const claims = Array.from({ length: 5 }, () =>
        carrier.carry(testClaim({ recipients: ["a@b", "c@b"] })),
      );
      const results = await Promise.all(claims);
      expect(results.flatMap(brief)).toEqual(Array(10).fill(recorded));
      expect(results.every((result) => result.kind === "attempted")).toBe(true);
    }
    expect(good.messages).toHaveLength(10);
    expect(bad.messages).toHaveLength(0);
  });

  it("for some recipients: only those go to the next host", async () => {
    const bad = await sinkWith({
      behave: ({ at, line }) =>
        at !== "RCPT"
          ? undefined
          : line.includes("later")
            ? { reply: "450 4.2.1 Busy" }
            : line.includes("never")
              ? { reply: "550 5.1.1 Unknown" }
              : undefined,
    });
    const good = await sinkWith();
    const { carrier } = carrierTo([bad.port, good.port]);
    const recipients = ["later1@b", "yes@b", "never@b", "later2@b"];
    expect(brief(await carrier.carry(testClaim({ recipients })))).toEqual([
      recorded,
      recorded,
      "permanent: 550 5.1.1 Unknown",
      recorded,
    ]);
    expect(taken(bad)).toEqual([["yes@b"]]);
    expect(taken(good)).toEqual([["later1@b", "later2@b"]]);
  });

  it("and of all others: each is asked once, and the last answer stands", async () => {
    const sinks = await Promise.all(
      [1, 2, 3].map((number) =>
        sinkWith({
          behave: ({ at }) => (at === "RCPT" ? { reply: `450 4.7.1 Greylisted by ${number}` } : undefined),
        }),
      ),
    );
    const { carrier } = carrierTo(sinks.map(({ port }) => port));
    expect(brief(await carrier.carry(testClaim()))).toEqual([
      expect.stringMatching(/^transient: 450 4.7.1 Greylisted by \d/),
    ]);
    const asked = sinks.map(({ commands }) => commands.filter((line) => line.startsWith("RCPT")).length);
    expect(asked).toEqual([1, 1, 1]);
  });

  it("while the others are dead is told as it was said", async () => {
    const bad = await sinkWith({
      behave: ({ at }) => (at === "MAIL" ? { reply: "451 4.3.0 Later" } : undefined),
    });
    const { carrier } = carrierTo([bad.port, 1], { connector: one });
    const results = await Promise.all(Array.from({ length: 4 }, () => carrier.carry(testClaim())));
    expect(results.flatMap(brief)).toEqual(Array(4).fill("transient: 451 4.3.0 Later"));
  });
});

describe("a message that one smart host cannot take", () => {
  const large = "x".repeat(1000);
  it("goes to the one that can, whichever is idle", async () => {
    const small = await sinkWith({ extensions: ["PIPELINING", "SIZE 100"] });
    const big = await sinkWith({ extensions: ["PIPELINING", "SIZE 10000"] });
    const { carrier } = carrierTo([small.port, big.port], { connector: one });
    for (let round = 0; round < 3; round++) {
      expect(brief(await carrier.carry(testClaim()))).toEqual([recorded]);
      expect(brief(await carrier.carry(testClaim({ content: large })))).toEqual([recorded]);
    }
    expect(big.messages.filter(({ content }) => content.length > 100)).toHaveLength(3);
    expect(small.commands.filter((line) => /SIZE=1\d\d\d/.test(line))).toEqual([]);
  });

  it("is refused only when all have said so", async () => {
    const small = await sinkWith({ extensions: ["SIZE 100"] });
    const smaller = await sinkWith({ extensions: ["SIZE 50"] });
    const { carrier } = carrierTo([small.port, smaller.port]);
    expect(brief(await carrier.carry(testClaim({ content: large })))).toEqual([
      expect.stringMatching(/^permanent: 552 5.3.4/),
    ]);
    const { carrier: half } = carrierTo([small.port, 1]);
    expect(brief(await half.carry(testClaim({ content: large })))).toEqual([
      expect.stringMatching(/^transient: cannot connect to 127.0.0.1:1: connection refused/),
    ]);
  });
});

describe("one name with several addresses", () => {
  it("is not held up by the one that never greets, and remembers it", async () => {
    const clock = createFakeClock();
    const hung = await startScriptedServer(() => {});
    open.push(hung);
    const good = await sinkWith();
    const dialled: string[] = [];
    const { dial } = createSystemPorts();
    const { carrier } = carrierTo(25, {
      connector: { smtpMaxMessagesPerConnection: 1 },
      more: {
        nextHop: [{ host: "mx.test", port: 25 }],
        ports: {
          clock,
          random: () => 0,
          dns: { addresses: async () => ["2001:db8::1", "192.0.2.1", "192.0.2.2"] },
          dial: ({ address, signal }) => {
            dialled.push(address);
            if (address === "2001:db8::1")
              return Promise.reject(Object.assign(new Error(), { code: "ENETUNREACH" }));
            const port = address === "192.0.2.1" ? hung.port : good.port;
            return dial({ address: "127.0.0.1", port, signal });
          },
        },
      },
    });
    const first = carrier.carry(testClaim());
    while (hung.connections === 0) await clock.settle();
    await clock.advance(timeouts.slowOpeningMs);
    expect(brief(await first)).toEqual([recorded]);
    expect(dialled).toEqual(["2001:db8::1", "192.0.2.1", "192.0.2.2"]);
    expect(brief(await carrier.carry(testClaim()))).toEqual([recorded]);
    expect(dialled.slice(3)).toEqual(["192.0.2.2"]);
    await clock.advance(avoidHungMs);
    const later = carrier.carry(testClaim());
    while (hung.connections < 2) await clock.settle();
    await clock.advance(timeouts.slowOpeningMs);
    expect(brief(await later)).toEqual([recorded]);
  });

  it.each([0, 1])(
    "waits in full for a slow one when the others fail, %i of them slow as well",
    async (more) => {
      const clock = createFakeClock();
      let greet: (() => void) | undefined;
      const slow = await startScriptedServer(async (peer) => {
        if (peer.connection === 1) return;
        await new Promise<void>((resolve) => (greet = resolve));
        await peer.greet("PIPELINING", "CHUNKING");
        await peer.lines(2);
        peer.send("250 a\r\n250 b\r\n");
        await peer.chunks();
        peer.send("250 taken\r\n");
      });
      open.push(slow);
      const hung = await startScriptedServer(() => {});
      open.push(hung);
      const others = [hung.port].slice(0, more);
      const { carrier } = carrierTo([slow.port, ...others, 1], { clock });
      const result = carrier.carry(testClaim());
      while (slow.connections === 0) await clock.settle();
      await clock.advance(timeouts.slowOpeningMs);
      if (more > 0) {
        while (hung.connections === 0) await clock.settle();
        await clock.advance(timeouts.slowOpeningMs);
      }
      while (greet === undefined) await clock.settle();
      await clock.advance(timeouts.greetingMs - 1);
      greet();
      expect(brief(await result)).toEqual(["delivered: 250 taken"]);
    },
  );
});
