import { describe, expect, test } from "vitest";
import type { Events } from "../../../../events/events.ts";
import { createFakeClock } from "../../../../testing/fake-clock.ts";
import { testClaim } from "../../../../testing/test-claim.ts";
import { createJob } from "../job/job.ts";
import { createPeerMemory } from "../peer/peer.ts";
import { ConnectionWear } from "./connection-wear.ts";

function worn(messagesPerConnection = 3) {
  const clock = createFakeClock();
  const memory = createPeerMemory();
  const host = memory.host({ host: "mx.test", port: 25 });
  const peer = memory.peer(host, "192.0.2.1");
  const told: object[] = [];
  const events = { emit: (_: string, fields: object) => void told.push(fields) } as unknown as Events;
  const wear = new ConnectionWear(peer, { recipientsPerTransaction: Infinity, messagesPerConnection }, clock);
  const job = () => createJob(testClaim(), () => undefined);
  return { clock, host, wear, job, events, told, memory };
}

test.each([
  [2, false],
  [3, true],
])("behind %d of three messages it is worn: %s", (started, expected) => {
  const { wear } = worn();
  wear.started = started;
  expect(wear.worn).toBe(expected);
});

test("it is outdated when what was demanded of it may be another", async () => {
  const { clock, wear: endless } = worn(Infinity);
  const memory = createPeerMemory();
  const peer = memory.peer(memory.host({ host: "mx.test", port: 25 }), "192.0.2.1");
  const limits = { recipientsPerTransaction: Infinity, messagesPerConnection: Infinity };
  const wear = new ConnectionWear(peer, limits, clock, clock.now() + 10);
  expect([wear.isOutdated, wear.worn]).toEqual([false, false]);
  await clock.advance(10);
  expect([wear.isOutdated, wear.worn]).toEqual([true, true]);
  expect(endless.worn).toBe(false);
});

test("a limit that was learned wears it out while it holds", () => {
  const { wear, host, clock } = worn(Infinity);
  host.messagesPerConnection = { most: 2, until: clock.now() + 10 };
  wear.started = 1;
  expect(wear.worn).toBe(false);
  wear.started = 2;
  expect(wear.worn).toBe(true);
  host.messagesPerConnection = { most: 2, until: clock.now() };
  expect(wear.worn).toBe(false);
});

test("since when it is idle", async () => {
  const { wear, clock } = worn();
  expect(wear.idleSince).toBe(Infinity);
  wear.rest();
  expect(wear.idleSince).toBe(clock.now());
  await clock.advance(10);
  wear.resume();
  wear.resume();
  expect(wear.idleSince).toBe(Infinity);
});

describe("a refusal for wear", () => {
  test("is thought of once for each job, behind a first message", () => {
    const { wear, job, events } = worn();
    const [first, second] = [job(), job()];
    expect([wear.anyTaken, wear.mayBeWornOut(second)]).toEqual([false, false]);
    wear.delivered(first, events);
    expect([wear.anyTaken, wear.mayBeWornOut(second), wear.worn]).toEqual([true, true, false]);
    wear.started = 2;
    wear.wearOut(second, 1);
    expect([wear.worn, wear.mayBeWornOut(second)]).toEqual([true, false]);
    expect(second.wornOut).toMatchObject({ messages: 1 });
  });

  test.each([
    [5_000, 4],
    [5_001, 0],
  ])("behind a rest of %d ms speaks of %d messages", async (restMs, messages) => {
    const { wear, job, clock } = worn(Infinity);
    wear.rest();
    await clock.advance(restMs);
    wear.resume();
    wear.started = 6;
    const refused = job();
    wear.wearOut(refused, 2);
    expect(refused.wornOut?.messages).toBe(messages);
  });

  test("is believed when another connection takes the message", () => {
    const { wear, job, host, events, told, memory } = worn();
    const refused = job();
    refused.wornOut = { host, messages: 4 };
    wear.delivered(refused, events);
    expect(refused.wornOut).toBeUndefined();
    expect(host.messagesPerConnection).toMatchObject({ most: 4 });
    expect(told).toHaveLength(1);
    const elsewhere = job();
    elsewhere.wornOut = { host: memory.host({ host: "other.test", port: 25 }), messages: 2 };
    wear.delivered(elsewhere, events);
    expect(elsewhere.wornOut).toBeUndefined();
    expect(host.messagesPerConnection).toMatchObject({ most: 4 });
  });
});
