import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, test, vi } from "vitest";
import type { Sender } from "../core/inventory/sender.ts";
import { partyName } from "../core/inventory/parties.ts";
import { ipRange } from "../core/units/ip-range.ts";
import type { Clock } from "../ports/ports.ts";
import { openRetentionClock, type RetentionClock } from "../ports/retention-clock.ts";
import { createFakeClock } from "../testing/fake-clock.ts";
import { openTrafficRecord, type TrafficRecord, type TrafficSettings } from "../traffic/traffic-record.ts";
import { openSenderInventory, type InventorySettings, type SenderInventory } from "./sender-inventory.ts";

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const recording: TrafficSettings = {
  trafficRecordEnabled: true,
  trafficRecordMaxAge: 35 * dayMs,
  trafficRecordMaxDirectorySize: 1e9,
};
const nobody: InventorySettings = { applications: [], apiKeys: [] };
const erp: InventorySettings = {
  applications: [{ name: "ERP", owner: "Finance IT", addresses: [ipRange("10.0.0.7")], users: ["erp"] }],
  apiKeys: [{ name: "web", application: "ERP" }],
};

let dataDirectory: string;
let clock = createFakeClock();
let told: string[] = [];
interface Run {
  readonly record: TrafficRecord;
  readonly inventory: SenderInventory;
}
const runs: Run[] = [];

beforeEach(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), "weir-inventory-"));
  clock = createFakeClock();
  told = [];
});
afterEach(async () => {
  for (const { record, inventory } of runs.splice(0)) await Promise.all([record.close(), inventory.close()]);
  await rm(dataDirectory, { recursive: true, force: true });
});

function start(
  settings: InventorySettings = nobody,
  around: { readonly clock: Clock; readonly retention?: RetentionClock } = { clock },
): Run {
  const inventory = openSenderInventory({
    dataDirectory,
    ...around,
    events: {
      wants: () => true,
      emit: (name, ...[fields]) => {
        const { who, count, event } = { who: "", count: "", event: "", ...(fields as object) };
        told.push([name, who, count, event].filter(String).join(" "));
      },
    },
    settings,
    localOffsetMs: () => 0,
  });
  const record = openTrafficRecord({
    dataDirectory,
    ...around,
    settings: recording,
    onGathered: (octets, begins) => inventory.gathered(octets, begins),
    room: { segment: 2_000, file: 8_000, waiting: 1e6 },
  });
  inventory.start(record);
  const run = { record, inventory };
  runs.push(run);
  return run;
}

function visit({ record }: Run, source: string, messages = 1, user = ""): void {
  const connection = record.admitted({ connector: "In", source, address: source, door: "SMTP" });
  record.described(connection, user, "", "app.test", "TLSv1.3", user === "" ? "" : "PLAIN");
  for (let n = 0; n < messages; n++) {
    record.message(connection);
    record.kept(connection, 2, 1_000);
  }
  record.left(connection);
}

const all = ({ inventory }: Run): Sender[] => inventory.parties().flatMap(({ senders }) => senders);
const counts = async (run: Run): Promise<string[]> => {
  await run.inventory.settled();
  return all(run).map(({ source, connections, messages }) => `${source} ${connections} ${messages}`);
};

test("what came is counted at once, whatever the record has written", async () => {
  const run = start();
  visit(run, "10.0.0.1", 3);
  visit(run, "10.0.0.1", 1, "erp");
  expect(await counts(run)).toEqual(["10.0.0.1 1 3", "10.0.0.1 1 1"]);
  expect(all(run)[1]).toMatchObject({ user: "erp", recipients: 2, octets: 1_000 });
  expect(all(run)[1]?.traits.map(({ name }) => name)).toEqual(["SMTP", "In", "app.test", "TLSv1.3", "PLAIN"]);
});

/** As a kill leaves it: nobody closes anything, and its clock stands still. */
const kill = async ({ record }: Run, awayMs = 1_000): Promise<void> => {
  await record.flush();
  clock = createFakeClock(clock.now() + awayMs);
};

/** Somebody came eight days ago. */
async function aWeekLater(): Promise<Run> {
  const first = start();
  visit(first, "10.0.0.1");
  await kill(first, 8 * dayMs);
  return start();
}

describe("over restarts", () => {
  it("is counted again from the record, each once, wherever the relay was killed", async () => {
    let run = start();
    let expected = 0;
    for (let round = 0; round < 6; round++) {
      // Saved in the middle of it, in the second round and the fourth.
      for (let n = 0; n < 40; n++) {
        visit(run, `10.0.0.${n % 3}`, n % 4);
        expected += n % 4;
        if (n === 25 && round % 2 === 1) await clock.advance(15 * 60_000);
      }
      await kill(run);
      run = start();
      await run.inventory.settled();
      expect(all(run).reduce((sum, { messages }) => sum + messages, 0)).toBe(expected);
      expect(all(run).reduce((sum, { connections }) => sum + connections, 0)).toBe(40 * (round + 1));
    }
    const [first] = all(run);
    expect(first?.days.rows()[0]).toMatchObject({ messages: first?.messages, octets: first?.octets });
  });

  it("a connection that was open goes on counting for who it is", async () => {
    const run = start();
    const connection = run.record.admitted({
      connector: "In",
      source: "10.0.0.9",
      address: "10.0.0.9",
      door: "SMTP",
    });
    run.record.described(connection, "crm", "", "crm", "", "LOGIN");
    for (let n = 0; n < 900; n++) {
      run.record.message(connection);
      run.record.kept(connection, 1, 10);
      if (n % 100 === 0) await clock.advance(500);
    }
    await clock.advance(15 * 60_000);
    run.record.message(connection);
    run.record.kept(connection, 1, 10);
    await kill(run);
    expect(await counts(start())).toEqual(["10.0.0.9 1 901"]);
  });

  it("what was told is not told again", async () => {
    let run = await aWeekLater();
    visit(run, "10.0.0.2");
    await run.inventory.judge();
    expect(told).toEqual(["SenderNew 10.0.0.2"]);
    await kill(run);
    run = start();
    await run.inventory.judge();
    expect(told).toEqual(["SenderNew 10.0.0.2"]);
    expect(run.inventory.findings()).toHaveLength(1);
  });
});

describe("a clock that is 40 days ahead for some hours", () => {
  let aheadMs = 0;
  const begin = async (): Promise<Run & { readonly stop: () => Promise<void> }> => {
    const wall = { ...clock, wall: () => new Date(clock.now() + aheadMs) };
    const retention = await openRetentionClock(join(dataDirectory, "retention-clock.json"), { clock: wall });
    const run = start(nobody, { clock: wall, retention });
    const stop = async (): Promise<void> => {
      await Promise.all([run.record.close(), run.inventory.close()]);
      await retention.close();
    };
    return { ...run, stop };
  };

  const lastRun = async (): Promise<unknown> => {
    const text = await readFile(join(dataDirectory, "retention-clock.json"), "utf8").catch(() => "{}");
    return (JSON.parse(text) as { run: number }).run;
  };

  it("ends no row, and leaves nobody who came later than now", async () => {
    let run = await begin();
    visit(run, "10.0.0.1", 2);
    await clock.advance(hourMs);
    aheadMs = 40 * dayMs;
    visit(run, "10.0.0.2");
    await run.record.flush();
    visit(run, "10.0.0.2");
    await clock.advance(2 * hourMs);
    expect(all(run)[0]?.hours.rows()).toHaveLength(1);
    await run.stop();
    run = await begin();
    visit(run, "10.0.0.3");
    await run.inventory.settled();
    expect(all(run)[0]?.hours.rows()).toHaveLength(1);
    await run.stop();
    aheadMs = 0;
    run = await begin();
    await run.inventory.settled();
    await clock.advance(2 * hourMs);
    await run.inventory.judge();
    expect(all(run).map(({ source, messages }) => `${source} ${messages}`)).toEqual([
      "10.0.0.1 2",
      "10.0.0.2 2",
      "10.0.0.3 1",
    ]);
    for (const { firstMs, lastMs, lastMessageMs, traits } of all(run))
      expect(
        Math.max(firstMs, lastMs, lastMessageMs, ...traits.map((one) => one.lastMs)),
      ).toBeLessThanOrEqual(clock.now());
    await run.stop();
  });

  it("what came before, meanwhile and after is counted once, wherever the relay was killed", async () => {
    const came = new Map<string, number>();
    for (const [round, days] of [0, 40, 0, 0, -2_000, 0].entries()) {
      aheadMs = days * dayMs;
      const run = await begin();
      await run.inventory.settled();
      for (let n = 0; n < 9; n++) {
        const source = `10.0.0.${n % 3}`;
        visit(run, source, n % 4);
        came.set(source, (came.get(source) ?? 0) + (n % 4));
        if (n !== 5 || round % 2 === 0) continue;
        await clock.advance(15 * 60_000);
        const isSaved = ({ savedAt }: Sender): boolean => savedAt.runMs === run.record.runMs;
        await vi.waitUntil(() => all(run).every(isSaved), { timeout: 30_000 });
      }
      await vi.waitUntil(async () => (await lastRun()) === run.record.runMs, { timeout: 30_000 });
      await kill(run);
    }
    const last = await begin();
    await last.inventory.settled();
    expect(new Map(all(last).map(({ source, messages }) => [source, messages]))).toEqual(came);
    await last.stop();
  });
});

test("a new sender is over when it is named, and is then the application's", async () => {
  const run = await aWeekLater();
  visit(run, "10.0.0.7");
  visit(run, "10.0.0.8", 1, "API key web");
  await run.inventory.judge();
  run.inventory.reconfigure(erp);
  await run.inventory.judge();
  expect(told).toEqual([
    "SenderNew 10.0.0.7",
    "SenderNew 10.0.0.8 as API key web",
    "SenderFindingOver 10.0.0.7 SenderNew",
    "SenderFindingOver 10.0.0.8 as API key web SenderNew",
  ]);
  expect(run.inventory.parties().map((party) => `${partyName(party)} ${party.senders.length}`)).toEqual([
    "ERP 2",
    "10.0.0.1 1",
  ]);
});

test("very many at once are told in one", async () => {
  const run = await aWeekLater();
  for (let n = 0; n < 30; n++) visit(run, `10.0.1.${n}`);
  await run.inventory.judge();
  expect(told).toHaveLength(21);
  expect(told.slice(-2)).toEqual(["SenderNew 10.0.1.19", "SenderFindingsMore 10 SenderNew"]);
  await clock.advance(hourMs);
  // One that began by itself is over.
  await run.inventory.judge();
  visit(run, "10.0.2.1");
  await run.inventory.judge();
  expect(told.slice(-1)).toEqual(["SenderNew 10.0.2.1"]);
});
