/** Recipients per transaction and messages per connection: set, announced, or learned from refusals. */
import { afterEach, describe, expect, it } from "vitest";
import { createFakeClock } from "../../../../testing/fake-clock.ts";
import type { RecordingSink } from "../../../../testing/recording-sink.ts";
import { smtpPeers } from "../../../../testing/smtp-peers.ts";
import { testClaim } from "../../../../testing/test-claim.ts";
import { brief } from "../../../../testing/test-smtp-carrier.ts";
import { messageLimitMs, recipientLimitMs } from "../peer/peer.ts";

const recorded = "delivered: 250 2.0.0 Ok: recorded";

const { sinkWith, carrierTo } = smtpPeers(afterEach);

const people = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `user${index}@b.test`);
const sizes = (sink: RecordingSink): number[] => sink.messages.map(({ recipients }) => recipients.length);
const ways = [
  ["BDAT", ["PIPELINING", "CHUNKING"]],
  ["DATA", ["PIPELINING"]],
  ["one by one", []],
] as const;

describe.each(ways)("recipients per transaction, %s", (_, extensions) => {
  it("are maxRecipientsPerTransaction at most", async () => {
    const sink = await sinkWith({ extensions });
    const { carrier } = carrierTo(sink.port, { connector: { maxRecipientsPerTransaction: 20 } });
    expect(brief(await carrier.carry(testClaim({ recipients: people(50) })))).toEqual(
      Array(50).fill(recorded),
    );
    expect(sizes(sink)).toEqual([20, 20, 10]);
    expect(sink.connections).toBe(1);
  });

  it("are what LIMITS announces at most", async () => {
    const sink = await sinkWith({ extensions: [...extensions, "LIMITS RCPTMAX=3 MAILMAX=2"] });
    const { carrier } = carrierTo(sink.port);
    expect(brief(await carrier.carry(testClaim({ recipients: people(7) })))).toEqual(Array(7).fill(recorded));
    expect(sizes(sink)).toEqual([3, 3, 1]);
    expect(sink.connections).toBe(2);
  });

  it.each([
    ["550 5.5.3 Too many recipients", [30, 30]],
    ["452 4.5.3 too many recipients", [30, 30]],
    ["554 Message refused: more than 50 recipients", [50, 10]],
    ["550 5.7.1 Recipient limit is 7 per message", [7, 7, 7, 7, 7, 7, 7, 7, 4]],
  ])("refused at the end of data with %s: nobody is lost, and it is remembered", async (reply, expected) => {
    const most = expected[0] ?? 0;
    const sink = await sinkWith({
      extensions,
      behave: ({ at, recipients }) => (at === "content" && recipients.length > most ? { reply } : undefined),
    });
    const clock = createFakeClock();
    const { carrier, told } = carrierTo(sink.port, { clock });
    const claim = (): ReturnType<typeof testClaim> => testClaim({ recipients: people(60) });
    expect(brief(await carrier.carry(claim()))).toEqual(Array(60).fill(recorded));
    expect(sizes(sink)).toEqual(expected);
    const refused = sink.commands.filter((line) => line.startsWith("MAIL")).length - expected.length;
    expect(brief(await carrier.carry(claim()))).toEqual(Array(60).fill(recorded));
    expect(sink.commands.filter((line) => line.startsWith("MAIL"))).toHaveLength(
      refused + 2 * expected.length,
    );
    expect(told).toMatchObject([{ name: "PeerLimitLearned", fields: { limit: most } }]);
    await clock.advance(recipientLimitMs);
    expect(brief(await carrier.carry(claim()))).toEqual(Array(60).fill(recorded));
    expect(sink.commands.filter((line) => line.startsWith("MAIL")).length).toBe(
      2 * refused + 3 * expected.length,
    );
  });

  it("down to one, whose refusal stands", async () => {
    const sink = await sinkWith({
      extensions,
      behave: ({ at }) => (at === "content" ? { reply: "554 5.5.3 Too many recipients" } : undefined),
    });
    const { carrier } = carrierTo(sink.port);
    expect(brief(await carrier.carry(testClaim({ recipients: people(4) })))).toEqual(
      Array(4).fill("permanent: 554 5.5.3 Too many recipients"),
    );
  });

  it("that were refused for good are not asked again, a 4xx puts off all", async () => {
    let first = true;
    const sink = await sinkWith({
      extensions,
      behave: ({ at, line }) => {
        if (at === "RCPT" && line.includes("user1@")) return { reply: "550 5.1.1 Unknown" };
        if (at !== "content" || !first) return undefined;
        first = false;
        return { reply: "452 4.3.1 Full" };
      },
    });
    const { carrier } = carrierTo(sink.port, { connector: { maxRecipientsPerTransaction: 2 } });
    expect(brief(await carrier.carry(testClaim({ recipients: people(6) })))).toEqual([
      "transient: 452 4.3.1 Full",
      "permanent: 550 5.1.1 Unknown",
      ...Array<string>(4).fill("transient: 452 4.3.1 Full"),
    ]);
    expect(sink.messages).toEqual([]);
  });
});

describe.each(ways)("messages per connection, %s", (_, extensions) => {
  it.each([
    ["MAIL", "452 4.4.5 Too many messages in this session"],
    ["MAIL", "421 4.7.0 Too many messages"],
    ["MAIL", "450 4.7.1 Enough"],
    ["content", "452 4.3.2 too many messages per session"],
    ["content", "421 4.3.2 too many messages per session"],
  ] as const)(
    "a 4xx to %s (%s) on a used one: a new one, and the number is kept below",
    async (at, reply) => {
      const counts = new Map<number, number>();
      const sink = await sinkWith({
        extensions,
        behave: (stage) => {
          if (stage.at === "connect") counts.set(stage.connection, 0);
          const count = counts.get(stage.connection) ?? 0;
          if (stage.at === at && count >= 5) return { reply };
          if (stage.at === "stored") counts.set(stage.connection, count + 1);
          return undefined;
        },
      });
      const clock = createFakeClock();
      const { carrier, told } = carrierTo(sink.port, { clock, connector: { maxConcurrentConnections: 1 } });
      const results = await Promise.all(Array.from({ length: 40 }, () => carrier.carry(testClaim())));
      expect(results.flatMap(brief)).toEqual(Array(40).fill(recorded));
      expect(told).toMatchObject([
        { name: "PeerLimitLearned", fields: { limit: 5, what: "messages per connection" } },
      ]);
      const refused = sink.commands.filter((line) => line.startsWith("MAIL")).length - 40;
      expect(refused).toBeGreaterThan(0);
      expect(refused).toBeLessThanOrEqual(2);
      await clock.advance(messageLimitMs);
      const more = await Promise.all(Array.from({ length: 7 }, () => carrier.carry(testClaim())));
      expect(more.flatMap(brief)).toEqual(Array(7).fill(recorded));
    },
  );

  it("a 4xx on a new connection as well is the message's own", async () => {
    const sink = await sinkWith({
      extensions,
      behave: ({ at, reversePath, line }) =>
        at === "MAIL" && (reversePath ?? line).includes("bad@") ? { reply: "451 4.1.8 Sender" } : undefined,
    });
    const { carrier, told } = carrierTo(sink.port, { connector: { maxConcurrentConnections: 1 } });
    await carrier.carry(testClaim());
    expect(brief(await carrier.carry(testClaim({ envelope: { reversePath: "bad@a.test" } })))).toEqual([
      "transient: 451 4.1.8 Sender",
    ]);
    expect(sink.connections).toBe(2);
    expect(told).toEqual([]);
  });
});
