import { expect, test } from "vitest";
import { byTrouble, ConnectorTally, SourceTally, totalOf, type SourceOutcome } from "./tally.ts";

const hourMs = 3_600_000;

test("refusals are counted by limit, of the source too, and by hour", () => {
  const tally = new ConnectorTally();
  const [one, other] = [new SourceTally(), new SourceTally()];
  tally.isRefused(one, "maxInboundConnection", 5);
  tally.isRefused(one, "messageRateLimit", hourMs - 1);
  tally.isRefused(other, "messageRateLimit", hourMs);
  tally.isRefused(one, "messageRateLimit", 3 * hourMs + 7);
  // The clock on the wall went back.
  tally.isRefused(one, "messageRateLimit", hourMs + 9);
  expect(tally.refused).toEqual({ maxInboundConnection: 1, messageRateLimit: 4 });
  expect([one.refused, one.firstRefused, one.lastRefused]).toEqual([
    { maxInboundConnection: 1, messageRateLimit: 3 },
    5,
    hourMs + 9,
  ]);
  expect([other.refused, other.firstRefused, other.lastRefused]).toEqual([
    { messageRateLimit: 1 },
    hourMs,
    hourMs,
  ]);
  const hours = [
    [0, 2],
    [hourMs, 2],
    [3 * hourMs, 1],
  ];
  expect(tally.hours).toEqual(hours);
  expect(tally.hours).toEqual(hours);
  expect([totalOf(one.refused), totalOf({})]).toEqual([4, 0]);
});

test("waits are counted apart, and their time together", () => {
  const tally = new ConnectorTally();
  expect([tally.waits, tally.hours]).toEqual([{ connections: 0, messages: 0, totalMs: 0, longestMs: 0 }, []]);
  tally.waited("connection", 5);
  tally.waited("message", 9);
  tally.waited("message", 1);
  expect(tally.waits).toEqual({ connections: 1, messages: 2, totalMs: 15, longestMs: 9 });
});

test("who was refused most stands first, then who lost most, had most open, came most often", () => {
  const of = (name: string, refused: number, lostMessages: number, open: number, connections: number) =>
    ({
      source: name,
      refused: { messageRateLimit: refused },
      lostMessages,
      highestOpen: { value: open },
      connections,
    }) as unknown as SourceOutcome;
  const sources = [
    of("e", 1, 1, 1, 1),
    of("d", 1, 1, 1, 2),
    of("c", 1, 1, 2, 0),
    of("b", 1, 2, 0, 0),
    of("a", 2, 0, 0, 0),
  ];
  expect(sources.toSorted(byTrouble).map(({ source }) => source)).toEqual(["a", "b", "c", "d", "e"]);
});
