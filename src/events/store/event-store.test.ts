import { appendFile, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createFakeClock, type FakeClock } from "../../testing/fake-clock.ts";
import { catalogue, type EventLevelNumber, type EventName } from "../catalogue.ts";
import type { EventRecord } from "../events.ts";
import { backwardLines } from "./backward-lines.ts";
import { openEventStore, type EventStore } from "./event-store.ts";
import type { StoredEvent } from "./stored-event.ts";

let directory: string;
let clock: FakeClock;
const opened: EventStore[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-events-"));
  clock = createFakeClock(Date.UTC(2026, 0, 15, 9, 0, 0));
});
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
  await rm(directory, { recursive: true });
});

const openStore = async (
  options: Partial<Parameters<typeof openEventStore>[0]> = {},
): Promise<EventStore> => {
  const store = await openEventStore({ directory, clock, ...options });
  opened.push(store);
  return store;
};
const record = (name: EventName, fields: EventRecord["fields"] = {}): EventRecord => ({
  name,
  definition: catalogue[name],
  at: clock.wall(),
  fields,
});
const refusal = (source = "10.0.0.1", more: EventRecord["fields"] = {}): EventRecord =>
  record("SmtpReceiveMaxConnectionPerSourceReached", {
    connector: "AppRelay",
    source,
    limit: 20,
    setting: "maxInboundConnectionPerSource",
    ...more,
  });
const all = (store: EventStore, filter = {}) => store.query({ limit: 1000, ...filter });
const brief = (events: readonly StoredEvent[]) => events.map(({ id, count }) => [id, count]);

describe("event store", () => {
  it("gives back what was recorded, newest first, also after a restart, and goes on counting", async () => {
    const store = await openStore();
    store.record(record("RelayStarted", { version: "1", hostname: "relay.test", recovered: 0 }));
    store.record(record("DeliveryFailed", { id: 7, sender: "a@b", recipient: "c@d", error: "550 no" }));
    expect(await all(store)).toMatchObject([
      { sequence: 2, id: 20103, name: "DeliveryFailed", fields: { id: 7, recipient: "c@d" } },
      {
        sequence: 1,
        id: 20001,
        category: "TransportService",
        severity: "Information",
        at: "2026-01-15T09:00:00.000Z",
        text: "Weir 1 started as relay.test; 0 messages were waiting from before.",
      },
    ]);
    await store.close();
    const again = await openStore();
    again.record(record("RelayStopped", { queued: 0 }));
    expect((await all(again)).map(({ sequence }) => sequence)).toEqual([3, 2, 1]);
  });

  it("drops half a line that a crash left, and lines that are no entries", async () => {
    const store = await openStore();
    store.record(record("RelayStopped", { queued: 1 }));
    await store.close();
    const file = join(directory, "EVENTS20260115-1.jsonl");
    await appendFile(file, 'garbage\n{"sequence":9}\n{"sequence":2,"id":20003,"na');
    const again = await openStore();
    again.record(record("RelayStopped", { queued: 2 }));
    expect((await all(again)).map(({ sequence, fields }) => [sequence, fields["queued"]])).toEqual([
      [2, 2],
      [1, 1],
    ]);
  });

  it("finds over files and blocks, by every filter", async () => {
    const store = await openStore({
      limits: { maxAgeMs: Infinity, maxFileSizeBytes: 150_000, maxDirectorySizeBytes: 10_000_000 },
    });
    for (let n = 0; n < 2000; n++) {
      store.record(record("DeliveryFailed", { id: n, sender: "a@b", recipient: `r${n}@x`, error: "5.0.0" }));
      if (n === 1000) {
        await clock.advance(3_600_000);
        store.record(record("QueueActive", { queue: "Übersee" }));
        store.record(refusal("2001:db8::1", { reference: "ZZ" }));
        store.record(refusal("2001:db8::ff", { reference: "101" }));
        store.record(refusal("2001:db8:0:1::1"));
      }
    }
    await clock.advance(60_000);
    await store.flush();
    expect((await readdir(directory)).length).toBeGreaterThan(2);
    const everything = await all(store, { limit: 5000 });
    expect(everything).toHaveLength(2003);
    expect(everything.map(({ sequence }) => sequence)).toEqual(
      everything.map(({ sequence }) => sequence).sort((a, b) => b - a),
    );
    const count = async (filter: object) => (await all(store, filter)).length;
    expect(await count({ limit: 7 })).toBe(7);
    expect(await count({ limit: 0 })).toBe(0);
    expect(await count({ eventIds: [20105] })).toBe(1);
    expect(await count({ categories: ["SmtpReceive"] })).toBe(2);
    expect(await count({ severities: ["Information"] })).toBe(1);
    expect(await count({ connector: "apprelay" })).toBe(2);
    expect(await count({ source: "2001:db8::abcd" })).toBe(1);
    expect(await count({ source: "2001:db8::/64" })).toBe(1);
    expect(await count({ source: "2001:db8::/32" })).toBe(2);
    expect(await count({ source: "2001:db8::abcd", ipv6SourcePrefixLength: 128 })).toBe(0);
    expect(await count({ source: "10.0.0.0/8" })).toBe(0);
    expect(await count({ source: "nobody" })).toBe(0);
    expect(await count({ reference: "100" })).toBe(1);
    expect(await count({ reference: "zz" })).toBe(1);
    expect(await count({ reference: "102" })).toBe(0);
    expect(await count({ text: "übersee" })).toBe(1);
    expect(await count({ text: "R1234@X" })).toBe(1);
    expect(await count({ limit: 5000, since: new Date(Date.UTC(2026, 0, 15, 9, 30)) })).toBe(1002);
    expect(await count({ limit: 5000, until: new Date(Date.UTC(2026, 0, 15, 9, 30)) })).toBe(1001);
    expect((await all(store, { beforeSequence: 3, limit: 5 })).map(({ sequence }) => sequence)).toEqual([
      2, 1,
    ]);
  });

  it("stays within its size", async () => {
    const limits = { maxAgeMs: Infinity, maxFileSizeBytes: 10_000, maxDirectorySizeBytes: 50_000 };
    const store = await openStore({ limits });
    for (let n = 0; n < 1000; n++) store.record(record("QueueActive", { queue: "x".repeat(100) }));
    await store.flush();
    let bytes = 0;
    for (const name of await readdir(directory)) bytes += (await readFile(join(directory, name))).length;
    expect(bytes).toBeLessThanOrEqual(50_000);
    expect(bytes).toBeGreaterThan(35_000);
    expect((await all(store, { limit: 1 }))[0]?.sequence).toBe(1000);
  });

  it("takes what comes while the disk is away, up to a bound, and tells how much was lost", async () => {
    await rm(directory, { recursive: true, force: true });
    await writeFile(directory, "a file where the directory should be");
    const store = await openStore();
    const error = "x".repeat(2_000);
    for (let i = 0; i < 5_000; i++) store.record(record("RelayFault", { where: "test", error }));
    await store.flush();
    await rm(directory);
    await store.flush();
    const events = await store.query({ limit: 10_000 });
    const kept = events.filter(({ name }) => name === "RelayFault").length;
    expect(kept).toBeGreaterThan(1_000);
    expect(kept).toBeLessThan(5_000);
    const told = events.filter(({ name }) => name === "LogLinesLost");
    expect(told.map(({ fields }) => fields["count"])).toEqual([5_000 - kept]);
  });

  it("cuts what a stranger made long", async () => {
    const store = await openStore();
    store.record(record("QueueActive", { queue: "x".repeat(100_000) }));
    expect(String((await all(store))[0]?.fields["queue"]).length).toBe(2003);
  });

  it("is heard as it happens; a listener that throws is not asked again", async () => {
    const store = await openStore();
    const heard: number[] = [];
    store.follow(() => {
      throw new Error("broken");
    });
    const end = store.follow(({ id }) => heard.push(id));
    store.record(record("RelayStopped", { queued: 0 }));
    end();
    store.record(record("RelayStopped", { queued: 0 }));
    expect(heard).toEqual([20003]);
  });

  it("opens and records though the directory cannot be read", async () => {
    const file = join(directory, "file");
    await writeFile(file, "");
    const faults: unknown[] = [];
    const store = await openStore({ directory: file, onFault: (error) => faults.push(error) });
    store.record(record("RelayStopped", { queued: 0 }));
    await store.flush();
    expect(faults.length).toBeGreaterThan(0);
  });
});

describe("limit hits", () => {
  it("are one entry for each connector, source, setting and minute, with count, first and last time", async () => {
    const store = await openStore();
    const heard: StoredEvent[] = [];
    store.follow((event) => heard.push(event));
    store.record(refusal("10.0.0.1", { reference: "A1" }));
    await clock.advance(10_000);
    for (let n = 2; n <= 50; n++) store.record(refusal("10.0.0.1", { reference: `A${n}` }));
    store.record(refusal("10.0.0.2"));
    store.record(refusal("10.0.0.1", { setting: "maxInboundConnectionPercentagePerSource" }));
    expect(brief(heard)).toEqual([
      [1021, 1],
      [1021, 1],
      [1021, 1],
    ]);
    // Before the minute is over readers see the count so far.
    expect(brief(await all(store))).toEqual([
      [1021, 1],
      [1021, 1],
      [1021, 50],
    ]);
    await clock.advance(50_000);
    expect(heard).toHaveLength(4);
    expect(heard[3]).toMatchObject({
      count: 50,
      replaces: 1,
      firstAt: "2026-01-15T09:00:00.000Z",
      lastAt: "2026-01-15T09:00:10.000Z",
      at: "2026-01-15T09:00:10.000Z",
      fields: { source: "10.0.0.1", firstReference: "A1", reference: "A50" },
    });
    expect(brief(await all(store))).toEqual([
      [1021, 50],
      [1021, 1],
      [1021, 1],
    ]);
    store.record(refusal());
    expect(brief(await all(store, { limit: 2 }))).toEqual([
      [1021, 1],
      [1021, 50],
    ]);
    await store.close();
    expect(clock.pendingTimers).toBe(0);
  });

  it("begin a new entry with each minute of the wall clock", async () => {
    const store = await openStore();
    await clock.advance(59_000);
    for (let n = 0; n < 3; n++) store.record(refusal());
    await clock.advance(1_000);
    for (let n = 0; n < 2; n++) store.record(refusal());
    await store.close();
    expect(brief(await all(await openStore()))).toEqual([
      [1021, 2],
      [1021, 3],
    ]);
  });

  it("of an IPv6 network are one source", async () => {
    const store = await openStore();
    for (const host of ["::1", "::", "::a:b", "::1:2:3:4", ":0:0:5:6:7:8"])
      store.record(refusal(`2001:db8${host}`));
    store.record(refusal("2001:db8:0:1::1"));
    for (const address of ["::1", "::2"]) store.record(refusal(address));
    expect(brief(await all(store))).toEqual([
      [1021, 2],
      [1021, 1],
      [1021, 5],
    ]);
  });

  it("of single IPv6 addresses are told apart where those are the sources", async () => {
    const store = await openStore({ limitHits: { ipv6SourcePrefixLength: 128 } });
    for (const host of ["1", "1", "2"]) store.record(refusal(`2001:db8::${host}`));
    expect(brief(await all(store))).toEqual([
      [1021, 1],
      [1021, 2],
    ]);
  });

  it("of more sources than are told apart are counted together", async () => {
    const store = await openStore({ limitHits: { maxKeys: 10, maxSinglesPerSecond: 100 } });
    for (let n = 0; n < 300; n++) store.record(refusal(`10.0.1.${n % 100}`));
    await clock.advance(60_000);
    const events = await all(store);
    expect(events).toHaveLength(11);
    expect(events.map(({ count = 0 }) => count).toSorted((a, b) => b - a)).toEqual([
      270,
      ...Array.from({ length: 10 }, () => 3),
    ]);
    expect(events.find(({ count }) => count === 270)?.text).toContain("IP address other sources.");
    for (let n = 0; n < 2; n++) store.record(refusal("10.0.1.99"));
    expect((await all(store, { source: "10.0.1.99" }))[0]?.count).toBe(2);
  });

  it("closing entries of very many sources are written a few at a time, all of them", async () => {
    const store = await openStore();
    const totals: StoredEvent[] = [];
    store.follow((event) => event.replaces !== undefined && totals.push(event));
    for (let n = 0; n < 1000; n++) store.record(refusal(`10.0.${n >> 8}.${n % 256}`));
    for (let n = 0; n < 1000; n++) store.record(refusal(`10.0.${n >> 8}.${n % 256}`));
    await clock.advance(60_000);
    expect(totals).toHaveLength(200);
    await clock.advance(1_000);
    expect(totals).toHaveLength(1000);
    expect((await all(store)).every(({ count }) => count === 2)).toBe(true);
  });

  it("at Expert are written singly as well, up to a bound, with a note of the rest", async () => {
    let level: EventLevelNumber = 7;
    const store = await openStore({
      levelOf: () => level,
      limitHits: { maxKeys: 10, maxSinglesPerSecond: 5 },
    });
    for (let n = 0; n < 20; n++) store.record(refusal("10.0.0.1", { seen: n }));
    await clock.advance(1_000);
    const events = await all(store);
    expect(brief(events)).toEqual([
      [20401, undefined],
      [1021, undefined],
      [1021, undefined],
      [1021, undefined],
      [1021, undefined],
      [1021, undefined],
      [1021, 20],
    ]);
    expect(events[0]?.fields["count"]).toBe(15);
    expect(events[1]?.fields["seen"]).toBe(4);
    level = 5;
    store.record(refusal());
    await clock.advance(60_000);
    expect(await all(store)).toHaveLength(7);
  });

  it("in a flood leave few octets on disk", async () => {
    const store = await openStore();
    for (let n = 0; n < 20_000; n++) store.record(refusal(`10.0.0.${n % 10}`));
    await store.close();
    const written = await readFile(join(directory, "EVENTS20260115-1.jsonl"), "utf8");
    expect(written.split("\n").length - 1).toBe(20);
    const events = await all(await openStore());
    expect(events.reduce((sum, { count }) => sum + (count ?? 0), 0)).toBe(20_000);
  });
});

describe("backwardLines", () => {
  const read = async (content: string): Promise<string[]> => {
    const path = join(directory, "lines");
    await writeFile(path, content);
    const lines: string[] = [];
    for await (const some of backwardLines(path)) lines.push(...some);
    return lines;
  };
  const block = 64 * 1024;
  it.each([
    ["", []],
    ["a\n", ["a"]],
    ["a\nb\n", ["b", "a"]],
    ["a\nhalf", ["a"]],
    ["half", []],
    ["a\n\nb\n", ["b", "a"]],
    [`${"x".repeat(block - 1)}\ny\n`, ["y", "x".repeat(block - 1)]],
    [`a\n${"x".repeat(block - 1)}\n`, ["x".repeat(block - 1), "a"]],
    [`a\n${"x".repeat(block)}\n`, ["x".repeat(block), "a"]],
    [`a\n${"ä".repeat(3 * block)}\nz\n`, ["z", "ä".repeat(3 * block), "a"]],
    [`a\n${"x".repeat(2 * 1024 * 1024)}\nz\n`, ["z", "a"]],
  ])("case %#", async (content, lines) => {
    expect(await read(content)).toEqual(lines);
  });

  it("of a file that is gone are none", async () => {
    for await (const lines of backwardLines(join(directory, "none"))) expect(lines).toEqual([]);
  });
});
