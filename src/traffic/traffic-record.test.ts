import {
  mkdir,
  mkdtemp,
  open,
  readFile,
  readdir,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TrafficDecoder } from "../core/traffic/traffic-decoder.ts";
import { noProfile, type TrafficClient } from "../core/traffic/traffic-facts.ts";
import { openRetentionClock } from "../ports/retention-clock.ts";
import { createFakeClock } from "../testing/fake-clock.ts";
import { hearTraffic, type Heard } from "../testing/heard-traffic.ts";
import { readTraffic, type DamagedPlace } from "./read-traffic.ts";
import { trafficFamily } from "./traffic-files.ts";
import { compressedFile, segmentsOf } from "./traffic-frames.ts";
import {
  openTrafficRecord,
  type TrafficRecord,
  type TrafficRoom,
  type TrafficSettings,
} from "./traffic-record.ts";

const mib = 1024 * 1024;
const dayMs = 86_400_000;
const hourMs = 3_600_000;
const settings: TrafficSettings = {
  trafficRecordEnabled: true,
  trafficRecordMaxAge: 35 * dayMs,
  trafficRecordMaxDirectorySize: 1000 * mib,
};
let dataDirectory: string;
let clock = createFakeClock();
const opened: TrafficRecord[] = [];
const faults: Error[] = [];

beforeEach(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), "weir-traffic-"));
  clock = createFakeClock();
  faults.length = 0;
  wallAheadMs = 0;
});
afterEach(async () => {
  for (const record of opened.splice(0)) await record.close();
  await rm(dataDirectory, { recursive: true, force: true });
});

/** Small, so that little fills it. */
const room: TrafficRoom = { segment: 8 * 1024, file: 32 * 1024, waiting: 32 * 1024 };

/** The clock on the wall is this far ahead of the relay's own. */
let wallAheadMs = 0;

function openRecord(given: Partial<TrafficSettings> = {}): TrafficRecord {
  const record = openTrafficRecord({
    dataDirectory,
    clock: { ...clock, wall: () => new Date(clock.now() + wallAheadMs) },
    settings: { ...settings, ...given },
    onFault: (error) => faults.push(error),
    room,
  });
  opened.push(record);
  return record;
}
const client = (source: string): TrafficClient => ({
  connector: "In",
  source,
  address: source,
  door: "SMTP",
});
const directory = (): string => trafficFamily(dataDirectory).directory;
const filesNow = async (): Promise<string[]> =>
  (await readdir(directory()).catch(() => [])).toSorted((a, b) => a.localeCompare(b));

async function read(
  fromMs = 0,
): Promise<{ readonly heard: Heard[]; readonly damaged: readonly DamagedPlace[] }> {
  const { listener, heard } = hearTraffic();
  const damaged = await readTraffic(trafficFamily(dataDirectory), fromMs, listener);
  return { heard, damaged };
}
const sourcesOf = (heard: readonly Heard[]): unknown[] =>
  heard.flatMap(([name, , , who]) => (name === "arrived" ? [(who as TrafficClient).source] : []));

/** One connection that sends one message. */
function visit(record: TrafficRecord, source: string): void {
  const connection = record.admitted(client(source));
  record.described(connection, "", "", "app.test", "", "");
  record.message(connection);
  record.kept(connection, 2, 5_000);
  record.left(connection);
}

test("without traffic there is no file; with some, it is on disk within a second, as it happened", async () => {
  const record = openRecord();
  await clock.advance(10_000);
  expect(await filesNow()).toEqual([]);
  const at = clock.now();
  visit(record, "10.0.0.1");
  await clock.advance(900);
  await record.flush();
  expect(await filesNow()).toEqual(["TRAFFIC20260115-1.wtr"]);
  const { heard, damaged } = await read();
  expect(damaged).toEqual([]);
  expect(heard).toEqual([
    ["began", at - 10_000, 0, "start"],
    ["arrived", at, 1, client("10.0.0.1"), "admitted", undefined],
    ["described", at, 1, { user: "", application: "", heloName: "app.test", tls: "", mechanism: "" }],
    ["message", at, 1],
    ["kept", at, 1, 2, 5_000],
    ["left", at, 1],
  ]);
});

test("the next run begins anew: nobody is connected any more", async () => {
  const first = openRecord();
  first.admitted(client("10.0.0.1"));
  await first.close();
  first.admitted(client("10.0.0.9"));
  await clock.advance(5_000);
  const second = openRecord();
  visit(second, "10.0.0.2");
  await second.close();
  const { heard } = await read();
  expect(heard.map(([name, , , more]) => (name === "began" ? more : name))).toEqual(
    "start arrived start arrived described message kept left".split(" "),
  );
  expect(await filesNow()).toHaveLength(2);
});

test("what a kill cut off in the middle costs only itself, and is no damage", async () => {
  const record = openRecord();
  for (const source of ["10.0.0.1", "10.0.0.2", "10.0.0.3"]) {
    visit(record, source);
    await record.flush();
  }
  const [name = ""] = await filesNow();
  const path = join(directory(), name);
  const whole = await readFile(path);
  await writeFile(path, whole.subarray(0, -4));
  const { heard, damaged } = await read();
  expect(sourcesOf(heard)).toEqual(["10.0.0.1", "10.0.0.2"]);
  expect(damaged).toEqual([]);
});

test("a damaged block costs the rest of its segment, and is named; what follows is read", async () => {
  const record = openRecord();
  const stays = record.admitted(client("10.1.1.1"));
  let n = 0;
  while (n < 1_600) {
    for (let i = 0; i < 100; i++) visit(record, `10.0.0.${n++ % 20}`);
    await record.flush();
  }
  record.left(stays);
  await record.flush();
  const [name = ""] = await filesNow();
  const handle = await open(join(directory(), name), "r+");
  await handle.write(Buffer.from([0, 0, 0, 0, 0, 0]), 0, 6, 4_000);
  await handle.close();
  const { heard, damaged } = await read();
  expect(damaged).toEqual([{ file: name, what: expect.stringContaining("no frame") as string }]);
  const arrived = sourcesOf(heard).length;
  expect(arrived).toBeGreaterThan(900);
  expect(arrived).toBeLessThan(1_600);
  const gap = heard.findIndex(([call, , , cause]) => call === "began" && cause === "gap");
  expect(heard[gap + 1]?.slice(0, 3)).toEqual(["connected", stays, client("10.1.1.1")]);
  expect(heard.at(-1)).toEqual(["left", clock.now(), stays]);
});

test("damage is known as such when the file was compressed: who left in it is not there for ever", async () => {
  const record = openRecord();
  const stays = record.admitted(client("10.1.1.1"));
  for (let n = 0; n < 1_200; n++) {
    if (n === 400) record.left(stays);
    visit(record, "10.0.0.1");
    if (n % 50 === 0) await record.flush();
  }
  await record.close();
  const [name = ""] = await filesNow();
  const path = join(directory(), name);
  const damaged = await readFile(path);
  const [first] = segmentsOf(damaged);
  damaged.writeUInt32LE(0, (first?.sizeBytes ?? 0) >> 2);
  await writeFile(path, damaged);
  const before = await read();
  const compressed = await compressedFile(damaged);
  await writeFile(path, compressed ?? "");
  expect(compressed?.length).toBeLessThan(damaged.length);
  const after = await read();
  expect(JSON.stringify(after.heard)).toBe(JSON.stringify(before.heard));
  expect(after.heard.filter(([call, , , cause]) => call === "began" && cause === "gap")).toHaveLength(1);
  expect(after.damaged).toHaveLength(1);
});

describe("the clock on the wall is set", () => {
  const wallOf = (heard: readonly Heard[]): string[] => {
    let offset = 0;
    return heard.flatMap(([call, at, ...more]) => {
      if (call === "began") offset = more[0] as number;
      if (call === "clockSet") offset = more[0] as number;
      const { source } = (more[1] ?? {}) as Partial<TrafficClient>;
      const wall = new Date((at as number) + offset).toISOString().slice(8, 16);
      return call === "arrived" ? [`${wall} ${source ?? ""}`] : [];
    });
  };

  test.each([
    ["forward, as where a machine slept", 8 * hourMs, "15T17:00"],
    ["back", -2 * hourMs, "15T07:00"],
    ["back behind midnight", -10 * hourMs, "14T23:00"],
    ["to tomorrow", 20 * hourMs, "16T05:00"],
  ])("%s", async (_, stepMs, then) => {
    const record = openRecord();
    visit(record, "10.0.0.1");
    await record.flush();
    wallAheadMs = stepMs;
    // What it is noticed by.
    visit(record, "10.0.0.9");
    await record.flush();
    visit(record, "10.0.0.2");
    await record.flush();
    const all = wallOf((await read()).heard).filter((one) => !one.endsWith(".9"));
    expect(all.toSorted()).toEqual(["15T09:00 10.0.0.1", `${then} 10.0.0.2`].toSorted());
    // By it a period is found, compressed or not.
    await record.close();
    const next = openRecord();
    await next.close();
    const from = clock.now() + stepMs - 60_000;
    const found = wallOf((await read(from)).heard);
    expect(found).toContain(`${then} 10.0.0.2`);
  });

  test("who is connected stays so", async () => {
    const record = openRecord();
    const stays = record.admitted(client("10.0.0.1"));
    await record.flush();
    wallAheadMs = hourMs;
    visit(record, "10.0.0.2");
    await record.flush();
    record.left(stays);
    await record.flush();
    const calls = (await read()).heard.map(([call]) => call);
    expect(calls.filter((call) => call === "began" || call === "connected")).toEqual(["began"]);
    expect(calls.slice(-2)).toEqual(["clockSet", "left"]);
  });

  test.each([-2, -14, 40 * 24])(
    "by %s hours and right again: all is told in its order, compressed or not, and who is connected stays so",
    async (hours) => {
      // Nothing is too old by any of these clocks: whether it is by a wrong one, the next test is about.
      const everything = { trafficRecordMaxAge: 100 * dayMs };
      const record = openRecord(everything);
      const stays = record.admitted(client("10.0.0.1"));
      await record.flush();
      for (const aheadMs of [hours * hourMs, 0]) {
        wallAheadMs = aheadMs;
        visit(record, "10.0.0.9");
        await record.flush();
        visit(record, `10.0.0.${aheadMs === 0 ? 3 : 2}`);
        await record.flush();
      }
      record.left(stays);
      await record.flush();
      const inOrder = async (): Promise<void> => {
        const { heard } = await read();
        expect(sourcesOf(heard)).toEqual(["10.0.0.1", "10.0.0.9", "10.0.0.2", "10.0.0.9", "10.0.0.3"]);
        const calls = heard.map(([call]) => call);
        expect(calls.filter((call) => call === "began" || call === "connected")).toEqual(["began"]);
        expect(calls.at(-1)).toBe("left");
      };
      await inOrder();
      await record.close();
      await openRecord(everything).close();
      await inOrder();
    },
  );

  test("40 days ahead for some hours: nothing is too old by it, over a restart too; what it dated is too much first", async () => {
    const file = join(dataDirectory, "retention-clock.json");
    const wall = { ...clock, wall: () => new Date(clock.now() + wallAheadMs) };
    const begin = async (): Promise<{ record: TrafficRecord; stop: () => Promise<void> }> => {
      const retention = await openRetentionClock(file, { clock: wall });
      const record = openTrafficRecord({ dataDirectory, clock: wall, settings, room, retention });
      const stop = async (): Promise<void> => {
        await record.close();
        await retention.close();
      };
      return { record, stop };
    };
    let { record, stop } = await begin();
    visit(record, "10.0.0.1");
    await record.flush();
    wallAheadMs = 40 * dayMs;
    await clock.advance(2 * hourMs);
    visit(record, "10.0.0.2");
    await record.flush();
    await stop();
    ({ record, stop } = await begin());
    await clock.advance(2 * hourMs);
    visit(record, "10.0.0.3");
    await stop();
    wallAheadMs = 0;
    ({ record, stop } = await begin());
    visit(record, "10.0.0.4");
    await clock.advance(2 * hourMs);
    await stop();
    expect(sourcesOf((await read()).heard)).toEqual(["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"]);
  });
});

test("what is in the way of its next file is passed over, and a file that cannot be read costs only itself", async () => {
  const first = openRecord();
  visit(first, "10.0.0.1");
  await first.close();
  await mkdir(join(directory(), "TRAFFIC20260115-2.wtr"));
  await symlink("nowhere", join(directory(), "TRAFFIC20260115-3.wtr"));
  const record = openRecord();
  visit(record, "10.0.0.2");
  await record.flush();
  expect(faults).toEqual([]);
  // More than can be read at once.
  const tooLarge = "TRAFFIC20260115-1.wtr";
  await truncate(join(directory(), tooLarge), 5 * 1024 ** 3);
  const { heard, damaged } = await read();
  expect(sourcesOf(heard)).toEqual(["10.0.0.2"]);
  expect(damaged).toEqual([{ file: tooLarge, what: expect.stringContaining("2 GiB") as string }]);
});

test("a disk that does not take it is told once; later it goes on, exact about who is connected", async () => {
  await writeFile(directory(), "in the way");
  const record = openRecord();
  const stays = record.admitted(client("10.0.0.1"));
  await clock.advance(120_000);
  for (let i = 0; i < 5; i++) visit(record, "10.0.0.2");
  await record.flush();
  expect(faults).toHaveLength(1);
  await rm(directory());
  await clock.advance(60_000);
  await record.flush();
  visit(record, "10.0.0.3");
  await record.flush();
  const { heard } = await read();
  expect(heard.slice(0, 3)).toMatchObject([
    ["began", expect.any(Number), 0, "gap"],
    ["connected", stays, client("10.0.0.1"), noProfile, expect.any(Number), expect.any(Number)],
    ["lost", expect.any(Number), 26],
  ]);
  expect(sourcesOf(heard)).toEqual(["10.0.0.3"]);
});

test("who counts what is gathered hears also what came while a write failed", async () => {
  await writeFile(directory(), "in the way");
  const { listener, heard } = hearTraffic();
  const decoder = new TrafficDecoder(listener);
  const record = openTrafficRecord({
    dataDirectory,
    clock,
    settings,
    room,
    onGathered: (octets, beginsSegment) => (beginsSegment ? decoder.segment(octets) : decoder.part(octets)),
  });
  opened.push(record);
  visit(record, "10.0.0.1");
  const failing = record.flush();
  visit(record, "10.0.0.2");
  await failing;
  visit(record, "10.0.0.3");
  await record.flush();
  expect(sourcesOf(heard)).toEqual(["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
});

test("a disk that hangs costs no more memory than it may: the rest is counted", async () => {
  await writeFile(directory(), "in the way");
  const record = openRecord();
  for (let n = 0; n < 10_000; n++) visit(record, "10.0.0.2");
  await rm(directory());
  await record.flush();
  await record.flush();
  const { heard } = await read();
  const kept = heard.filter(([name]) => !["lost", "began", "connected"].includes(name)).length;
  const lost = heard.flatMap(([name, , count]) => (name === "lost" ? [count as number] : []));
  expect(lost.at(-1)).toBeGreaterThan(20_000);
  expect(kept + (lost.at(-1) ?? 0)).toBe(5 * 10_000);
});

test("finished files are compressed, and the oldest go when all become too old", async () => {
  const record = openRecord();
  for (let n = 0; n < 4_000; n++) {
    visit(record, `10.0.0.${n % 90}`);
    if (n % 500 === 499) {
      await record.flush();
      await clock.advance(1_000);
    }
  }
  await clock.advance(dayMs);
  visit(record, "10.9.9.9");
  await record.close();
  const names = await filesNow();
  expect(names.at(-1)).toBe("TRAFFIC20260116-1.wtr");
  expect(names.length).toBeGreaterThan(2);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(directory(), name))).size));
  expect(sizes.reduce((a, b) => a + b, 0) / 4_000).toBeLessThan(8);
  const { heard, damaged } = await read();
  expect(damaged).toEqual([]);
  expect(sourcesOf(heard)).toHaveLength(4_001);
  // Only what is needed for it is opened.
  const last = sourcesOf((await read(clock.now() - 1_000)).heard);
  expect(last.length).toBeLessThan(1_500);
  expect(last.at(-1)).toBe("10.9.9.9");

  await clock.advance(35 * dayMs);
  const next = openRecord();
  visit(next, "10.0.0.1");
  await next.flush();
  expect(await filesNow()).toEqual(["TRAFFIC20260116-1.wtr", "TRAFFIC20260220-1.wtr"]);
});

test("the oldest go when all become too much", async () => {
  const record = openRecord({ trafficRecordMaxDirectorySize: 64 * 1024 });
  for (let n = 0; n < 20_000; n++) {
    visit(record, `10.${n % 251}.${n % 7}.${n % 90}`);
    if (n % 500 === 499) await record.flush();
  }
  await record.close();
  const names = await filesNow();
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(directory(), name))).size));
  expect(sizes.reduce((a, b) => a + b, 0)).toBeLessThan(2 * 64 * 1024);
  expect(names).not.toContain("TRAFFIC20260115-1.wtr");
  const { heard } = await read();
  expect(heard[0]?.[3]).toBe("gap");
  expect(sourcesOf(heard).at(-1)).toBe(`10.${19_999 % 251}.${19_999 % 7}.${19_999 % 90}`);
});

test("turned off it remembers nothing, and takes up again as a start", async () => {
  const record = openRecord({ trafficRecordEnabled: false });
  const before = record.admitted(client("10.0.0.1"));
  expect(before).toBe(0);
  record.reconfigure(settings);
  record.left(before);
  visit(record, "10.0.0.2");
  await record.flush();
  expect((await read()).heard.map(([name]) => name)).toEqual(
    "began arrived described message kept left".split(" "),
  );
});

test("what comes first after quiet days is found in its own time", async () => {
  const record = openRecord();
  visit(record, "10.0.0.1");
  await clock.advance(8 * dayMs);
  visit(record, "10.0.0.2");
  await record.flush();
  const { heard, damaged } = await read(clock.now() - hourMs);
  expect(damaged).toEqual([]);
  expect(sourcesOf(heard)).toEqual(["10.0.0.2"]);
  expect(sourcesOf((await read()).heard)).toEqual(["10.0.0.1", "10.0.0.2"]);
});
