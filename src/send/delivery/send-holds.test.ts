/** Mail that is held back for a mailbox, or for everybody. */
import { beforeEach, describe, expect, test } from "vitest";
import type { Hold } from "../../core/policy/reply-policy.ts";
import type { Events } from "../../events/events.ts";
import { createFakeClock, type FakeClock } from "../../testing/fake-clock.ts";
import { SendHolds } from "./send-holds.ts";

const verdict = { status: "4.3.2", text: "451 later", fromPeer: true };
const hold = (scope: Hold["scope"], more: Partial<Hold> = {}): Hold => ({
  kind: "hold",
  scope,
  retryAfterMs: 60_000,
  advice: "Wait.",
  tellFrom: 1,
  ...more,
});

let clock: FakeClock;
let told: [string, Record<string, unknown>][];
let holds: SendHolds;
beforeEach(() => {
  clock = createFakeClock(0);
  told = [];
  const events = {
    emit: (name: string, fields: Record<string, unknown>) => void told.push([name, fields]),
  } as unknown as Events;
  holds = new SendHolds("Out", clock, events);
});
const begin = (mailbox: string, scope: Hold["scope"], more: Partial<Hold> = {}): number =>
  holds.begin(mailbox, hold(scope, more), verdict, "mx.test");

describe("a hold", () => {
  test.each<[string, Hold["scope"], boolean, boolean]>([
    ["of a mailbox", "mailbox", true, false],
    ["of everybody", "queue", true, true],
  ])("%s", async (_, scope, itself, others) => {
    expect([holds.of("a@x.test"), holds.text]).toEqual([undefined, undefined]);
    expect(begin("a@x.test", scope)).toBe(60_000);
    const heldOf = (mailbox: string): boolean => holds.of(mailbox) !== undefined;
    expect([heldOf("a@x.test"), heldOf("b@x.test")]).toEqual([itself, others]);
    await clock.advance(59_999);
    expect([heldOf("a@x.test"), heldOf("b@x.test")]).toEqual([itself, others]);
    await clock.advance(1);
    expect([heldOf("a@x.test"), heldOf("b@x.test"), holds.text]).toEqual([false, false, undefined]);
  });

  test("that goes on is not begun anew, and counts once", async () => {
    begin("a@x.test", "mailbox");
    await clock.advance(20_000);
    expect(begin("a@x.test", "mailbox")).toBe(40_000);
    expect(holds.of("a@x.test")?.times).toBe(1);
    await clock.advance(40_000);
    expect(begin("a@x.test", "mailbox", { retryAfterMs: 5_000 })).toBe(5_000);
    expect(holds.of("a@x.test")).toMatchObject({ times: 2, until: 65_000, host: "mx.test", verdict });
  });

  test("ends with a message that was taken behind it, and not with one before", async () => {
    begin("a@x.test", "mailbox");
    holds.ended("a@x.test");
    expect(holds.of("a@x.test")).toBeDefined();
    await clock.advance(60_000);
    holds.ended("b@x.test");
    expect(told.map(([name]) => name)).toEqual(["SenderHeld"]);
    holds.ended("a@x.test");
    holds.ended("a@x.test");
    expect(told.map(([name]) => name)).toEqual(["SenderHeld", "SenderReleased"]);
    begin("a@x.test", "mailbox");
    expect(holds.of("a@x.test")?.times).toBe(1);
  });

  test("may be ended by hand, and is in force again with the next refusal", () => {
    begin("a@x.test", "mailbox");
    holds.release();
    expect([holds.of("a@x.test"), holds.text]).toEqual([undefined, undefined]);
    expect(begin("a@x.test", "mailbox")).toBe(60_000);
    expect(holds.of("a@x.test")?.times).toBe(2);
  });
});

describe("what is told", () => {
  test.each<[string, Hold["scope"], string]>([
    ["of a mailbox", "mailbox", "a@x.test"],
    ["of everybody", "queue", "everybody"],
  ])("%s, once, and that it is over", async (_, scope, who) => {
    begin("a@x.test", scope);
    await clock.advance(60_000);
    begin("a@x.test", scope);
    await clock.advance(60_000);
    holds.ended("a@x.test");
    expect(told).toEqual([
      [
        "SenderHeld",
        {
          connector: "Out",
          who,
          until: "1970-01-01T00:01:00.000Z",
          host: "mx.test",
          error: "451 later",
          advice: "Wait.",
        },
      ],
      ["SenderReleased", { connector: "Out", who }],
    ]);
  });

  test("only when it came so often in a row; where nothing was told the end is not either", async () => {
    for (let n = 1; n <= 2; n++) {
      begin("a@x.test", "mailbox", { tellFrom: 3 });
      await clock.advance(60_000);
    }
    expect(told).toEqual([]);
    holds.ended("a@x.test");
    expect(told).toEqual([]);
    for (let n = 1; n <= 3; n++) {
      begin("a@x.test", "mailbox", { tellFrom: 3 });
      await clock.advance(60_000);
    }
    expect(told.map(([name]) => name)).toEqual(["SenderHeld"]);
  });

  test("a line for people, by the first that is held and how many more", async () => {
    begin("a@x.test", "mailbox");
    expect(holds.text).toBe("mail of a@x.test waits until 1970-01-01T00:01:00.000Z: 451 later");
    await clock.advance(30_000);
    begin("", "queue");
    begin("b@x.test", "mailbox");
    expect(holds.text).toMatch(/^mail of a@x\.test .*, and that of 2 more$/);
    await clock.advance(30_000);
    expect(holds.text).toMatch(/^mail of everybody .*, and that of 1 more$/);
  });
});

test("one by one, what ends last first; and what is held leaves later", async () => {
  expect([holds.delays(undefined), holds.delays(500)]).toEqual([undefined, 500]);
  begin("a@x.test", "mailbox");
  begin("b@x.test", "queue", { retryAfterMs: 70_000 });
  const said = { error: "451 later", advice: "Wait." };
  expect(holds.list).toEqual([
    { ...said, mailbox: undefined, until: 70_000 },
    { ...said, mailbox: "a@x.test", until: 60_000 },
  ]);
  await clock.advance(10_000);
  expect(holds.delays(90_500)).toBe(150_500);
  await clock.advance(60_000);
  expect([holds.list, holds.delays(90_500)]).toEqual([[], 90_500]);
});

test("of ten thousand held the oldest makes room", () => {
  for (let n = 0; n < 10_000; n++) begin(`${n}@x.test`, "mailbox");
  expect(holds.of("0@x.test")).toBeDefined();
  begin("one more", "mailbox");
  expect([
    holds.of("0@x.test"),
    holds.of("1@x.test") !== undefined,
    holds.of("one more") !== undefined,
  ]).toEqual([undefined, true, true]);
});
