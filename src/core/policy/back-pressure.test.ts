import { describe, expect, test } from "vitest";
import {
  historyPolls,
  nextLevel,
  noPressure,
  pressAgain,
  pressureWaitMs,
  type PressureLevel,
} from "./back-pressure.ts";
import { diskThresholds, resourceThresholds, type BackPressureSettings } from "./back-pressure-thresholds.ts";

const queue = { lowToMedium: 9999, mediumToHigh: 15000, highToMedium: 10000, mediumToLow: 2000 };

test.each<[PressureLevel, number, PressureLevel]>([
  ["Low", 0, "Low"],
  ["Low", 9998, "Low"],
  ["Low", 9999, "Medium"],
  ["Low", 15000, "High"],
  ["Medium", 9998, "Medium"],
  ["Medium", 2000, "Medium"],
  ["Medium", 1999, "Low"],
  ["Medium", 15000, "High"],
  ["High", 14999, "High"],
  ["High", 10000, "High"],
  ["High", 9999, "Medium"],
  ["High", 2000, "Medium"],
  ["High", 1999, "Low"],
])("from %s at %d to %s", (level, current, next) => {
  expect(nextLevel(level, current, queue)).toBe(next);
});

describe("the verdict", () => {
  const poll = (before: typeof noPressure, current: number) =>
    pressAgain(before, [
      { resource: "QueueLength[SubmissionQueue]", current, thresholds: queue },
      { resource: "UsedDiskSpace", current: 10, thresholds: diskThresholds(1e11) },
    ]);

  test("is none at Low", () => {
    expect(poll(noPressure, 5)).toMatchObject({ level: "Low", verdict: undefined });
  });

  test("grows from 10 s by 5 s to 55 s, then refuses anonymous clients, and begins anew", () => {
    let state = noPressure;
    const tarpits: number[] = [];
    for (let polls = 0; polls < historyPolls["QueueLength[SubmissionQueue]"]; polls++) {
      state = poll(state, 10_000);
      tarpits.push((state.verdict?.mailTarpitMs ?? 0) / 1000);
    }
    expect(tarpits.slice(0, 12)).toEqual([10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 55, 55]);
    expect(state.verdict).toMatchObject({ level: "Medium", mailTarpitMs: 55_000, refuse: "nobody" });
    state = poll(state, 10_000);
    expect(state.verdict).toMatchObject({ level: "Medium", mailTarpitMs: 0, refuse: "anonymous" });
    state = poll(poll(state, 0), 10_000);
    expect(state.verdict).toMatchObject({ mailTarpitMs: 10_000, refuse: "nobody" });
  });

  test("who is refused comes again when it has lasted as long once more, in five minutes at most", () => {
    let state = noPressure;
    const waits: number[] = [];
    for (let polls = 0; polls < 400; polls++) {
      state = poll(state, 20_000);
      waits.push(pressureWaitMs(state.verdict!));
    }
    expect([waits[0], waits[4], waits[399]]).toEqual([2_000, 10_000, 300_000]);
  });

  test("refuses everyone at High, the hardest pressed resource first", () => {
    const state = pressAgain(noPressure, [
      { resource: "QueueLength[SubmissionQueue]", current: 10_000, thresholds: queue },
      { resource: "UsedDiskSpace", current: 99.9, thresholds: diskThresholds(1e11) },
    ]);
    expect(state.verdict).toMatchObject({ level: "High", refuse: "everyone" });
    expect(state.verdict?.resources.map(({ resource }) => resource)).toEqual([
      "UsedDiskSpace",
      "QueueLength[SubmissionQueue]",
    ]);
  });
});

const gib = 1024 ** 3;
test.each<[string, number, readonly [number, number, number, number]]>([
  ["64 MB", gib / 16, [89, 95, 90, 80]],
  ["20 GB", 20 * gib, [89, 95, 90, 80]],
  ["100 GB: Exchange's", 100 * gib, [89, 98.9, 90, 80]],
  ["1 TB", 1024 * gib, [98.9, 99.9, 99, 98]],
])("a disk of %s", (_, sizeBytes, [lowToMedium, mediumToHigh, highToMedium, mediumToLow]) => {
  const got = diskThresholds(sizeBytes);
  expect(got.lowToMedium).toBeCloseTo(lowToMedium, 0);
  expect(got.mediumToHigh).toBeCloseTo(mediumToHigh, 1);
  expect(got.highToMedium).toBeCloseTo(highToMedium, 0);
  expect(got.mediumToLow).toBeCloseTo(mediumToLow, 0);
});

test.each([
  [50, 60, [50, 60, 54.545, 9.091]],
  [95, 96, [95, 96, 95.455, 90.909]],
  [99, 99, [99, 99, 99, 98.182]],
  [20, 90, [20, 90, 27.273, 0]],
])("a disk with Medium %d and High %d", (medium, high, levels) => {
  const found = diskThresholds(gib, medium, high);
  const { lowToMedium, mediumToHigh, highToMedium, mediumToLow } = found;
  expect([lowToMedium, mediumToHigh, highToMedium, mediumToLow].map((one) => Number(one.toFixed(3)))).toEqual(
    levels,
  );
});

test("High keeps 1152 MB of a disk free, Medium at most ten times that", () => {
  const mib = 1024 ** 2;
  const { mediumToHigh, lowToMedium } = diskThresholds(1152 * 1000 * mib);
  expect(mediumToHigh).toBeCloseTo(99.9, 9);
  expect(lowToMedium).toBeCloseTo(99, 9);
});

const settings: BackPressureSettings = {
  backPressureEnabled: true,
  backPressureDiskMedium: 50,
  backPressureDiskHigh: 40,
  backPressureMemoryMedium: 72,
  backPressureMemoryHigh: 75,
  backPressureQueueMedium: 10_000,
  backPressureQueueHigh: 15_000,
  backPressureLagMedium: 1_000,
  backPressureLagHigh: 5_000,
};

test("the way back is in Exchange's proportions; a High below its Medium counts as the Medium", () => {
  const got = resourceThresholds(settings, 1e11);
  expect(got.PrivateBytes).toEqual({
    lowToMedium: 72,
    mediumToHigh: 75,
    highToMedium: 73,
    mediumToLow: 71,
  });
  expect(got["QueueLength[SubmissionQueue]"]).toEqual({
    lowToMedium: 10_000,
    mediumToHigh: 15_000,
    highToMedium: 10_000,
    mediumToLow: 2_000,
  });
  expect(got.EventLoopLag).toEqual({
    lowToMedium: 1_000,
    mediumToHigh: 5_000,
    highToMedium: 1_000,
    mediumToLow: 200,
  });
  expect(resourceThresholds({ ...settings, backPressureMemoryHigh: 73 }, 1e11).PrivateBytes).toMatchObject({
    highToMedium: 72,
  });
  expect(got.UsedDiskSpace).toMatchObject({ lowToMedium: 50, mediumToHigh: 50 });
  for (const { mediumToHigh, highToMedium, lowToMedium, mediumToLow } of Object.values(got)) {
    expect(highToMedium).toBeLessThanOrEqual(mediumToHigh);
    expect(mediumToLow).toBeLessThan(lowToMedium);
  }
});
