import { expect, it } from "vitest";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { receiveConnector } from "../../testing/test-settings.ts";
import type { Client } from "./client.ts";
import { createDiscredits } from "./discredits.ts";

const told: unknown[] = [];
const setUp = () => {
  told.length = 0;
  const clock = createFakeClock();
  const emit = (name: string, fields: unknown): void => void told.push([name, fields]);
  return { clock, discredits: createDiscredits({ clock, events: { emit, wants: () => true } as never }) };
};
const client = (address: string, name = "AppRelay", discreditInterval = 60_000): Client => ({
  connector: receiveConnector({ name, discreditInterval, tarpitInterval: 5_000 }),
  address,
  source: address,
});

it("lasts discreditInterval, on that connector, and is told once", async () => {
  const { clock, discredits } = setUp();
  discredits.begin(client("10.0.0.1"));
  expect(discredits.has(client("10.0.0.1"))).toBe(true);
  expect(discredits.has(client("10.0.0.1", "Other"))).toBe(false);
  expect(discredits.has(client("10.0.0.2"))).toBe(false);
  expect(discredits.all()).toEqual([{ connector: "AppRelay", source: "10.0.0.1", leftMs: 60_000 }]);
  await clock.advance(50_000);
  // Leaving again prolongs nothing.
  discredits.begin(client("10.0.0.1"));
  await clock.advance(10_001);
  expect(discredits.has(client("10.0.0.1"))).toBe(false);
  expect(discredits.all()).toEqual([]);
  expect(told).toEqual([
    [
      "SourceDiscredited",
      expect.objectContaining({ connector: "AppRelay", source: "10.0.0.1", seconds: 60 }),
    ],
  ]);
});

it("ends with a message that is taken, and never begins where it is switched off", () => {
  const { discredits } = setUp();
  discredits.begin(client("10.0.0.1"));
  discredits.end(client("10.0.0.1", "Other"));
  expect(discredits.has(client("10.0.0.1"))).toBe(true);
  discredits.end(client("10.0.0.1"));
  expect(discredits.has(client("10.0.0.1"))).toBe(false);
  discredits.begin(client("10.0.0.3", "AppRelay", 0));
  expect(discredits.all()).toEqual([]);
  expect(told).toHaveLength(1);
});

it("is every node's: what one tells the others hear, and its end", async () => {
  const { clock } = setUp();
  const listeners: ((connector: string, source: string, leftMs: number) => void)[] = [];
  const said: unknown[] = [];
  const shared = {
    tell: (...news: readonly [string, string, number]) => void said.push(news),
    onNews: (listener: (typeof listeners)[number]) => void listeners.push(listener),
  };
  const events = { emit: () => undefined, wants: () => true };
  const discredits = createDiscredits({ clock, events, shared });
  discredits.begin(client("10.0.0.1"));
  discredits.begin(client("10.0.0.1"));
  discredits.end(client("10.0.0.9"));
  discredits.end(client("10.0.0.1"));
  expect(said).toEqual([
    ["AppRelay", "10.0.0.1", 60_000],
    ["AppRelay", "10.0.0.1", 0],
  ]);
  listeners[0]?.("AppRelay", "10.0.0.2", 5_000);
  expect(discredits.all()).toEqual([{ connector: "AppRelay", source: "10.0.0.2", leftMs: 5_000 }]);
  await clock.advance(5_001);
  expect(discredits.has(client("10.0.0.2"))).toBe(false);
  listeners[0]?.("AppRelay", "10.0.0.2", 5_000);
  listeners[0]?.("AppRelay", "10.0.0.2", 0);
  expect(discredits.has(client("10.0.0.2"))).toBe(false);
  // What is heard is not told on.
  expect(said).toHaveLength(2);
});
