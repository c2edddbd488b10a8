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

describe("what is counted of a sender", () => {
  const at = (minutes: number): number => beginMs + minutes * 60_000;
  const profile = { ...noProfile, heloName: "erp", tls: "TLSv1.3", user: "shop", mechanism: "PLAIN" };
  const rowsOf = (sender: ReturnType<Inventory["find"]>, of: "hours" | "days") =>
    sender?.[of].rows().map(({ bucket, ...row }) => ({
      ...row,
      bucket: bucket - beginMs / (of === "hours" ? hourMs : dayMs),
    }));

  test("connections, messages and refusals, by hour and by day", () => {
    const inventory = started();
    inventory.arrived(at(1), 1, client("a"), "admitted", undefined);
    inventory.arrived(at(2), 2, client("a"), "admitted", undefined);
    inventory.described(at(3), 1, profile);
    inventory.message(at(4), 1);
    inventory.kept(at(5), 1, 2, 100);
    inventory.message(at(70), 1);
    inventory.refused(at(71), 1, "messageTooLarge");
    inventory.message(at(72), 1);
    inventory.kept(at(73), 1, 1, 10);
    inventory.left(at(74), 1);
    inventory.left(at(80), 2);
    inventory.left(at(81), 2);
    const sender = inventory.find("a", "shop");
    expect(sender).toMatchObject({
      source: "a",
      address: "a",
      user: "shop",
      firstMs: at(3),
      lastMs: at(80),
      lastMessageMs: at(73),
      connections: 2,
      messages: 2,
      recipients: 3,
      octets: 110,
      refusals: 1,
    });
    const none = { refusals: 0, highestHour: 0, hours: 0 };
    expect(rowsOf(sender, "hours")).toEqual([
      {
        ...none,
        bucket: 0,
        connections: 1,
        messages: 1,
        recipients: 2,
        octets: 100,
        highestOpen: 1,
        highestMinute: 1,
      },
      {
        ...none,
        bucket: 1,
        connections: 1,
        messages: 1,
        recipients: 1,
        octets: 10,
        refusals: 1,
        highestOpen: 2,
        highestMinute: 1,
      },
    ]);
    expect(rowsOf(sender, "days")).toEqual([
      {
        bucket: 0,
        connections: 2,
        messages: 2,
        recipients: 3,
        octets: 110,
        refusals: 1,
        highestOpen: 2,
        highestMinute: 1,
        highestHour: 1,
        hours: 0b11,
      },
    ]);
    expect(sender?.traits.map(({ kind, name, count, lastMs }) => [kind, name, count, lastMs])).toEqual([
      ["door", "SMTP", 2, at(73)],
      ["connector", "In", 2, at(73)],
      ["heloName", "erp", 2, at(73)],
      ["tls", "TLSv1.3", 2, at(73)],
      ["mechanism", "PLAIN", 2, at(73)],
    ]);
    expect([inventory.lastMs, inventory.sinceMs, inventory.senderCount]).toEqual([at(80), beginMs, 1]);
  });

  test("one that has heard nothing", () => {
    const { lastMs, sinceMs, senderCount, forgotten, outages } = new Inventory();
    expect({ lastMs, sinceMs, senderCount, forgotten, outages }).toEqual({
      lastMs: 0,
      sinceMs: undefined,
      senderCount: 0,
      forgotten: 0,
      outages: [],
    });
  });

  test("who says nothing of itself is known by door and connector", () => {
    const inventory = started();
    visit(inventory, 1, "a");
    expect(inventory.find("a", "")?.traits.map(({ kind }) => kind)).toEqual(["door", "connector"]);
    inventory.arrived(at(1), 2, client("b"), "admitted", undefined);
    inventory.described(at(1), 2, noProfile);
    inventory.message(at(1), 2);
    inventory.kept(at(1), 2, 1, 1);
    expect(inventory.find("b", "")?.traits.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      "door SMTP",
      "connector In",
      "tls none",
      "mechanism none",
    ]);
  });

  test("who logs on in a connection is the account from then on, and the connection counts once", () => {
    const inventory = started();
    inventory.arrived(at(0), 1, client("a"), "admitted", undefined);
    inventory.described(at(0), 1, { ...profile, user: "" });
    inventory.described(at(1), 1, { ...profile, user: "", tls: "TLSv1.2" });
    inventory.described(at(2), 1, profile);
    inventory.message(at(3), 1);
    inventory.kept(at(3), 1, 1, 1);
    inventory.left(at(4), 1);
    const counts = ["", "shop"].map((user) => inventory.find("a", user));
    expect(counts.map((one) => [one?.connections, one?.messages])).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(inventory.sendersOf("a")).toEqual(counts);
    expect(inventory.sendersOf("nobody")).toEqual([]);
  });

  test("who is turned away counts for whom came from there last, or for nobody's name", () => {
    const inventory = started();
    inventory.arrived(at(0), 1, client("a"), "refused", "connectionLimit");
    expect(inventory.find("a", "")).toMatchObject({ connections: 0, refusals: 1, lastMs: at(0) });
    expect(rowsOf(inventory.find("a", ""), "days")).toMatchObject([{ refusals: 1, hours: 1 }]);
    inventory.arrived(at(1), 2, client("a"), "admitted", undefined);
    inventory.described(at(1), 2, profile);
    inventory.left(at(2), 2);
    inventory.arrived(at(3), 3, { ...client("a"), address: "a7" }, "refused", "connectionLimit");
    expect(inventory.find("a", "shop")).toMatchObject({ connections: 1, refusals: 1, address: "a7" });
    expect(inventory.find("a", "")).toMatchObject({ refusals: 1, address: "a" });
  });

  test("who waits for a place and gets none was turned away; who gets it was not", () => {
    const inventory = started();
    inventory.arrived(at(0), 1, client("a"), "held", undefined);
    inventory.refused(at(1), 1, "connectionLimit");
    inventory.left(at(1), 1);
    inventory.arrived(at(2), 2, client("b"), "held", undefined);
    inventory.resumed(at(3), 2);
    inventory.refused(at(3), 2, "relayDenied");
    inventory.left(at(4), 2);
    const lossIn = (source: string) => inventory.find(source, "")?.loss;
    expect(lossIn("a")).toMatchObject({ recent: 1, kind: "connectionLimit", lastMs: at(1) });
    expect(lossIn("b")).toMatchObject({ outstanding: 0, recent: 0 });
    expect(inventory.find("b", "")).toMatchObject({ connections: 1, refusals: 1 });
  });

  test("who is there when the record begins counts where it said who it is", () => {
    const inventory = started();
    inventory.connected(1, client("a"), profile, at(0), at(0));
    inventory.connected(2, client("a"), noProfile, at(0), undefined);
    inventory.message(at(1), 1);
    inventory.kept(at(1), 1, 1, 1);
    expect(inventory.find("a", "shop")).toMatchObject({ connections: 0, messages: 1 });
    inventory.refused(at(2), 2, "connectionLimit");
    expect(inventory.find("a", "shop")).toMatchObject({ refusals: 1, loss: { recent: 1 } });
    expect(inventory.find("a", "")).toBeUndefined();
    for (const field of ["heloName", "tls", "user"] as const) {
      const other = started();
      other.connected(1, client("a"), { ...noProfile, [field]: "x" }, at(0), at(0));
      expect(other.senderCount).toBe(1);
    }
    const third = started();
    third.connected(1, client("a"), noProfile, at(0), at(0));
    expect([third.senderCount, [...third.sources()]]).toEqual([0, ["a"]]);
  });

  test("what changed is told once", () => {
    const inventory = started();
    expect(inventory.hasChanged()).toBe(false);
    visit(inventory, 1, "a");
    visit(inventory, 2, "b");
    const [a, b] = ["a", "b"].map((source) => inventory.find(source, ""));
    expect(inventory.hasChanged()).toBe(true);
    expect(inventory.takeChanged()).toEqual([a, b]);
    expect([inventory.hasChanged(), inventory.takeChanged()]).toEqual([false, []]);
    if (b !== undefined) inventory.touch(b);
    expect(inventory.takeChanged()).toEqual([b]);
  });

  test("what an earlier run knew is there again, and its times", () => {
    const before = started();
    visit(before, 1, "a", beginMs + 5);
    const inventory = new Inventory();
    inventory.restoreTimes(beginMs - dayMs, [{ fromHour: 1, toHour: 2 }]);
    for (const sender of before.senders) inventory.restore(sender);
    expect([inventory.sinceMs, inventory.lastMs, inventory.outages]).toEqual([
      beginMs - dayMs,
      beginMs + 5,
      [{ fromHour: 1, toHour: 2 }],
    ]);
    inventory.began(beginMs + 6, 0, "start");
    visit(inventory, 1, "a", beginMs + 7);
    expect([inventory.sinceMs, inventory.find("a", "")?.messages]).toEqual([beginMs - dayMs, 2]);
  });

  test.each<[string, { runMs: number; place: number }, number]>([
    ["of an earlier run", { runMs: 8, place: 99 }, 1],
    ["of this run, saved before", { runMs: 9, place: 4 }, 1],
    ["of this run, saved at it", { runMs: 9, place: 5 }, 1],
    ["of this run, saved behind it", { runMs: 9, place: 6 }, 0],
    ["of a later run", { runMs: 10, place: 0 }, 0],
  ])("read again, what was saved is not counted twice: %s", (_, savedAt, added) => {
    const inventory = started();
    visit(inventory, 1, "a");
    const sender = inventory.find("a", "");
    if (sender === undefined) throw new Error("nobody came");
    sender.savedAt = savedAt;
    inventory.takeChanged();
    inventory.readingAt({ runMs: 9, place: 5 });
    visit(inventory, 2, "a");
    inventory.arrived(beginMs, 3, client("a"), "refused", "connectionLimit");
    inventory.arrived(beginMs, 4, client("a"), "admitted", undefined);
    inventory.described(beginMs, 4, noProfile);
    inventory.message(beginMs, 4);
    inventory.refused(beginMs, 4, "messageRate");
    inventory.left(beginMs, 4);
    expect(sender).toMatchObject({ connections: added, messages: 1 + added, refusals: 2 * added });
    expect(sender.loss.recent + sender.loss.outstanding).toBe(2 * added);
    expect(inventory.hasChanged()).toBe(added === 1);
  });

  test("a relay that starts knows nobody who is connected", () => {
    const inventory = started();
    inventory.arrived(beginMs, 1, client("a"), "admitted", undefined);
    inventory.began(beginMs + 1, 0, "start");
    inventory.message(beginMs + 2, 1);
    inventory.kept(beginMs + 2, 1, 1, 1);
    inventory.left(beginMs + 3, 1);
    expect(inventory.senderCount).toBe(0);
    inventory.arrived(beginMs + 4, 1, client("a"), "admitted", undefined);
    inventory.left(beginMs + 5, 1);
    expect(inventory.find("a", "")?.days.rows()[0]?.highestOpen).toBe(1);
  });

  test("of many outages the last hundred are known", () => {
    const inventory = started();
    visit(inventory, 1, "a", beginMs);
    for (let n = 1; n <= 101; n++) {
      inventory.began(beginMs + n * dayMs, 0, "start");
      visit(inventory, n, "a", beginMs + n * dayMs);
    }
    expect([inventory.outages.length, inventory.outages[0]?.fromHour]).toEqual([100, beginMs / hourMs + 24]);
  });
});
