import { describe, expect, test } from "vitest";
import { noProfile, type TrafficClient } from "../traffic/traffic-facts.ts";
import { Inventory, type InventoryRoom } from "./inventory.ts";
import { lossOf } from "./silent-loss.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const beginMs = Date.UTC(2026, 10, 2);
const client = (source: string): TrafficClient => ({
  connector: "In",
  source,
  address: source,
  door: "SMTP",
});
const started = (room?: InventoryRoom): Inventory => {
  const inventory = new Inventory(room);
  inventory.began(beginMs, 0, "start");
  return inventory;
};
const visit = (inventory: Inventory, number: number, source: string, atMs = beginMs, messages = 1): void => {
  inventory.arrived(atMs, number, client(source), "admitted", undefined);
  for (let n = 0; n < messages; n++) {
    inventory.message(atMs, number);
    inventory.kept(atMs, number, 1, 10);
  }
  inventory.left(atMs, number);
};

describe("refused within a connection, and never came back", () => {
  /** `m`: it asks, `r`: that is refused, `k`: it is kept, `x`: it leaves; a blank: half a minute goes by. */
  const lost = (story: string, refusal = "messageRate"): number => {
    const inventory = started();
    let now = beginMs;
    inventory.arrived(now, 1, client("a"), "admitted", undefined);
    for (const step of story) {
      if (step === " ") now += 30_000;
      if (step === "m") inventory.message(now, 1);
      if (step === "r") inventory.refused(now, 1, refusal);
      if (step === "k") inventory.kept(now, 1, 1, 10);
      if (step === "x") inventory.left(now, 1);
    }
    const loss = inventory.find("a", "")?.loss;
    return loss === undefined ? 0 : (lossOf(loss, now, now + dayMs)?.attempts ?? 0);
  };

  test.each([
    ["it goes", "mr x", 1],
    ["the same connection sends it again", "mr mk x", 0],
    ["again and again, and then with success", "mr mr mr mk x", 0],
    ["again and again, without success", "mr mr mr x", 1],
    ["a recipient was refused, and the message kept", "mrk x", 0],
    ["two, of which one comes again", "mrmr mk x", 1],
    ["nothing was refused", "mk mk x", 0],
  ])("%s", (_, story, count) => {
    expect(lost(story)).toBe(count);
  });

  test.each([
    ["by a limit, for good", "messageTooLarge", 1],
    ["for good", "relayDenied", 0],
    ["by something unknown", "toString", 0],
  ])("%s", (_, kind, count) => {
    expect(lost("mr x", kind)).toBe(count);
  });
});

test("most messages in a minute are those of a sliding one, as limits count them", () => {
  const inventory = started();
  // 40 within ten seconds, half of them on either side of a minute of the clock.
  for (let n = 0; n < 40; n++) visit(inventory, n, "a", beginMs + 55_000 + n * 250);
  for (let n = 40; n < 60; n++) visit(inventory, n, "a", beginMs + 5 * 60_000 + n * 250);
  visit(inventory, 61, "b", beginMs + 10 * 60_000);
  const rows = inventory.find("a", "")?.hours.rows() ?? [];
  expect(rows.map(({ highestMinute }) => highestMinute)).toEqual([40]);
});

test("with the relay they begin anew, as the limits' own counts do", () => {
  const inventory = started();
  for (let n = 0; n < 20; n++) visit(inventory, n, "a", beginMs + 1_000);
  inventory.began(beginMs + 10_000, 0, "start");
  for (let n = 20; n < 35; n++) visit(inventory, n, "a", beginMs + 20_000);
  const rows = inventory.find("a", "")?.hours.rows() ?? [];
  expect(rows.map(({ highestMinute }) => highestMinute)).toEqual([20]);
});

describe("room", () => {
  const room: InventoryRoom = { senders: 10, rows: 1_000, hourDays: 8, days: 30 };

  test("is full from a tenth more on, and then what came longest ago goes", () => {
    const inventory = started(room);
    for (let n = 0; n < 11; n++) visit(inventory, n, `s${n}`, beginMs + n);
    expect(inventory.isFull).toBe(false);
    visit(inventory, 11, "s11", beginMs + 11);
    expect(inventory.isFull).toBe(true);
    const gone = inventory.tidy(beginMs + 20).map(({ source }) => source);
    expect([gone, inventory.senderCount, inventory.forgotten]).toEqual([["s0", "s1"], 10, 2]);
    expect([...inventory.sources()]).not.toContain("s0");
  });

  test("who never sent anything goes before who did, and nobody who is connected", () => {
    const inventory = started(room);
    inventory.arrived(beginMs, 99, client("there"), "admitted", undefined);
    inventory.message(beginMs, 99);
    for (let n = 0; n < 10; n++) visit(inventory, n, `s${n}`, beginMs + 1 + n, n === 7 ? 0 : 1);
    expect(inventory.tidy(beginMs + 20).map(({ source }) => source)).toEqual(["s7"]);
    visit(inventory, 20, "late", beginMs + 30);
    expect(inventory.tidy(beginMs + 40).map(({ source }) => source)).toEqual(["s0"]);
    inventory.kept(beginMs + 50, 99, 1, 10);
    expect(inventory.find("there", "")?.messages).toBe(1);
  });

  test("who was not seen for as long as days are kept is forgotten, to the millisecond", () => {
    const inventory = started(room);
    visit(inventory, 1, "a", beginMs);
    visit(inventory, 2, "b", beginMs + 1);
    expect(inventory.tidy(beginMs + 30 * dayMs)).toEqual([]);
    expect(inventory.tidy(beginMs + 30 * dayMs + 1).map(({ source }) => source)).toEqual(["a"]);
    expect(inventory.forgotten).toBe(0);
  });

  test("very many that are too old and too many go at once", () => {
    const inventory = started({ ...room, senders: 1_000 });
    for (let n = 0; n < 2_000; n++) visit(inventory, n, `old${n}`);
    for (let n = 0; n < 2_000; n++) visit(inventory, n, `new${n}`, beginMs + 40 * dayMs);
    expect(inventory.tidy(beginMs + 41 * dayMs)).toHaveLength(3_000);
    expect([inventory.senderCount, inventory.forgotten]).toEqual([1_000, 1_000]);
  });

  test("rows go by their age, the oldest first; hours before days", () => {
    const inventory = started({ ...room, rows: 4, hourDays: 2 });
    for (let day = 0; day < 6; day++)
      for (let hour = 0; hour < 2; hour++)
        visit(inventory, day * 10 + hour, "a", beginMs + day * dayMs + hour * hourMs);
    inventory.tidy(beginMs + 5 * dayMs + 2 * hourMs);
    const sender = inventory.find("a", "");
    expect(sender?.days.rows().map(({ bucket }) => bucket - beginMs / dayMs)).toEqual([2, 3, 4, 5]);
    expect(sender?.hours.rowCount).toBe(4);
    expect(sender?.messages).toBe(12);
  });
});

test("hours alone can be too many: the oldest half days go, today's stay", () => {
  const inventory = started({ senders: 10, rows: 4, hourDays: 8, days: 30 });
  for (let hour = 0; hour < 36; hour += 6) visit(inventory, hour, "a", beginMs + hour * hourMs);
  inventory.tidy(beginMs + 36 * hourMs);
  const sender = inventory.find("a", "");
  expect(sender?.days.rowCount).toBe(2);
  expect(sender?.hours.rows().map(({ bucket }) => bucket - beginMs / hourMs)).toEqual([12, 18, 24, 30]);
});

describe("hours in which the relay was not there", () => {
  const away = (tell: (inventory: Inventory) => void): (readonly number[])[] => {
    const inventory = started();
    visit(inventory, 1, "a", beginMs + 90 * 60_000);
    tell(inventory);
    return inventory.outages.map(({ fromHour, toHour }) => [
      fromHour - beginMs / hourMs,
      toHour - beginMs / hourMs,
    ]);
  };
  test.each<[string, (inventory: Inventory) => void, (readonly number[])[]]>([
    ["an hour", (one) => one.began(beginMs + 150 * 60_000, 0, "start"), [[1, 2]]],
    ["less", (one) => one.began(beginMs + 150 * 60_000 - 1, 0, "start"), []],
    ["a clock that is set forward", (one) => one.clockSet(beginMs + 91 * 60_000, 5 * hourMs), [[1, 6]]],
    ["a clock that is set back", (one) => one.clockSet(beginMs + 91 * 60_000, -5 * hourMs), []],
  ])("%s", (_, tell, expected) => {
    expect(away(tell)).toEqual(expected);
  });

  test("what comes behind it is told by the clock on the wall", () => {
    const inventory = started();
    inventory.arrived(beginMs, 1, client("a"), "admitted", undefined);
    inventory.clockSet(beginMs + 1, 3 * dayMs);
    inventory.described(beginMs + 2, 1, { ...noProfile, heloName: "erp" });
    inventory.message(beginMs + 2, 1);
    inventory.kept(beginMs + 2, 1, 1, 10);
    const sender = inventory.find("a", "");
    expect(sender?.lastMessageMs).toBe(beginMs + 2 + 3 * dayMs);
    expect(sender?.days.rows().map(({ bucket }) => bucket - beginMs / dayMs)).toEqual([3]);
  });
});
