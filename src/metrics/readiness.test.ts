import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { noPressure, type BackPressure } from "../core/policy/back-pressure.ts";
import { createFakeClock } from "../testing/fake-clock.ts";
import { createReadinessCheck, type Watched } from "./readiness.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-ready-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const well: Watched = {
  state: "running",
  listeners: 2,
  failedListeners: [],
  pressure: noPressure,
  suspended: undefined,
  node: undefined,
  queued: 0,
  spoolFault: undefined,
  configurationRejected: false,
};
const thresholds = { lowToMedium: 89, mediumToHigh: 95, highToMedium: 90, mediumToLow: 80 };
const pressed = (level: "Medium" | "High"): BackPressure => ({
  level,
  resources: [{ resource: "UsedDiskSpace", level, current: 97.13, thresholds, pollsPressed: 1 }],
  verdict: undefined,
});

test.each<[Partial<Watched>, readonly string[]]>([
  [{}, []],
  [{ configurationRejected: true }, []],
  [{ pressure: pressed("Medium") }, []],
  [{ pressure: pressed("High") }, ["back pressure is High: UsedDiskSpace is at 97.1"]],
  [{ listeners: 0 }, ["no listener for mail is open"]],
  [{ node: { drainingSince: undefined, databaseFaults: ["fsync is off"] } }, []],
  [
    { node: { drainingSince: new Date("2026-01-01T00:00:00.000Z"), databaseFaults: [] } },
    [
      "the node is draining since 2026-01-01T00:00:00.000Z: it takes no new mail, and others take what waits (Resume-Node ends that)",
    ],
  ],
  [
    { suspended: { since: "2026-01-01T00:00:00.000Z" } },
    [
      "the service is suspended since 2026-01-01T00:00:00.000Z: it takes no new mail, and nothing waits any more (Resume-Service ends that)",
    ],
  ],
  [{ state: "starting", listeners: 0 }, ["the relay is starting"]],
  [{ state: "stopping" }, ["the relay is stopping"]],
])("%j: %j", async (changed, reasons) => {
  const found = await createReadinessCheck(directory, createFakeClock()).look({ ...well, ...changed });
  expect([found.ready, found.reasons]).toEqual([reasons.length === 0, reasons]);
  expect(await readdir(directory)).toEqual([]);
});

test("a spool that cannot be written is found, and found well again two seconds later", async () => {
  const clock = createFakeClock();
  const gone = join(directory, "gone");
  const check = createReadinessCheck(gone, clock);
  const before = await check.look(well);
  expect([before.ready, before.checks.spool]).toEqual([false, "not writable"]);
  expect(before.reasons[0]).toMatch(/^the spool cannot be written: ENOENT/);
  await mkdir(gone);
  expect((await check.look(well)).ready).toBe(false);
  await clock.advance(2_000);
  expect((await check.look(well)).ready).toBe(true);
});

test("a listener that is down while others are open is a warning, and mail is taken", async () => {
  const failed = {
    endpoint: { address: "0.0.0.0", port: 25 },
    connectors: ["AppRelay"],
    error: new Error("listen EADDRINUSE: address already in use 0.0.0.0:25"),
  };
  expect(
    await createReadinessCheck(directory, createFakeClock()).look({ ...well, failedListeners: [failed] }),
  ).toMatchObject({
    ready: true,
    reasons: [],
    warnings: [
      "not listening on 0.0.0.0:25 for AppRelay: listen EADDRINUSE: address already in use 0.0.0.0:25",
    ],
  });
});

test("a database that may lose mail is a warning", async () => {
  const node = { drainingSince: undefined, databaseFaults: ["the database runs with fsync off"] };
  expect(await createReadinessCheck(directory, createFakeClock()).look({ ...well, node })).toMatchObject({
    ready: true,
    warnings: ["the database runs with fsync off"],
  });
});
