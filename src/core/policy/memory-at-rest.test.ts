import { expect, test } from "vitest";
import { neverCollected, restAgain } from "./memory-at-rest.ts";

const mebibyte = 2 ** 20;
/** Readings every two seconds, as [utilization, MiB]; when a collection was due, in seconds. */
function dueAt(readings: readonly (readonly [number, number])[], everySeconds = 2): readonly number[] {
  const due: number[] = [];
  let state = neverCollected;
  for (const [index, [utilization, megabytes]] of readings.entries()) {
    const at = index * everySeconds * 1000;
    state = restAgain(state, { at, utilization, residentBytes: megabytes * mebibyte });
    if (state.isDue) due.push(at / 1000);
  }
  return due;
}
const idle = [0, 60] as const;

test.each([
  ["an idle relay", [idle, idle, idle, idle], []],
  ["a busy time that has ended", [idle, [0.9, 150], [0.9, 300], [0.1, 300], [0.1, 300], [0.1, 300]], [10]],
  ["one that goes on", [idle, [0.9, 150], [0.9, 300], [0.6, 300], [0.6, 300], [0.6, 300]], []],
  [
    "one with short rests",
    [idle, [0.9, 300], [0.1, 300], [0.1, 300], [0.9, 300], [0.1, 300], [0.1, 300]],
    [],
  ],
  ["little to be had", [idle, [0.1, 100], [0.1, 107], [0.1, 107], [0.1, 107]], []],
])("%s", (_, readings, due) => {
  expect(dueAt(readings as [number, number][])).toEqual(due);
});

test("what is left is in use: it is asked for again only when more has come, and not soon", () => {
  const left = Array.from({ length: 10 }, () => [0.1, 250] as const);
  const more = Array.from({ length: 10 }, () => [0.1, 320] as const);
  expect(dueAt([idle, [0.1, 300], ...left, ...left], 60)).toEqual([60]);
  expect(dueAt([idle, [0.1, 300], [0.1, 250], [0.1, 320], [0.1, 320], [0.1, 320], ...more], 60)).toEqual([
    60, 180,
  ]);
});

test.each([
  ["what is worth it, to the octet", 48 * mebibyte, 4_000, 0.5, true],
  ["one less", 48 * mebibyte - 1, 4_000, 0.5, false],
  ["quiet for as long", 48 * mebibyte, 3_999, 0.5, false],
  ["half of the time is quiet, more is not", 48 * mebibyte, 4_000, 0.501, false],
])("%s", (_, moreBytes, afterMs, utilization, isDue) => {
  const first = restAgain(neverCollected, { at: 0, utilization, residentBytes: mebibyte });
  const then = restAgain(first, { at: afterMs, utilization, residentBytes: mebibyte + moreBytes });
  expect(then.isDue).toBe(isDue);
  expect([then.collectedAt, then.leastBytes]).toEqual(isDue ? [afterMs, Infinity] : [-Infinity, mebibyte]);
});

test("once collected it is not again for two minutes", () => {
  const rest = { ...neverCollected, quietSince: 0, collectedAt: 1_000, leastBytes: 0 };
  const at = (ms: number) => restAgain(rest, { at: ms, utilization: 0, residentBytes: 100 * mebibyte }).isDue;
  expect([at(120_999), at(121_000)]).toEqual([false, true]);
});

/** A burst every so many minutes, which needs 60 MB more, and a rest behind each; in which minutes a collection was due. */
function dueBehindBursts(everyMinutes: number, hours: number): readonly number[] {
  const due: number[] = [];
  let state = neverCollected;
  let mebibytes = 80;
  for (let seconds = 0; seconds < hours * 3_600; seconds += 2) {
    const inBurst = seconds % (everyMinutes * 60) < 4 && seconds > 0;
    if (inBurst) mebibytes = 140;
    const utilization = inBurst ? 0.9 : 0.1;
    state = restAgain(state, { at: seconds * 1_000, utilization, residentBytes: mebibytes * mebibyte });
    if (!state.isDue) continue;
    due.push(Math.floor(seconds / 60));
    mebibytes = 80;
  }
  return due;
}

test("what is needed again soon is kept for longer each time, up to an hour, and what is not is given back", () => {
  expect(dueBehindBursts(1, 5)).toEqual([0, 2, 6, 14, 30, 62, 126, 190, 254]);
  expect(dueBehindBursts(20, 2)).toEqual([0, 20, 40, 60, 80, 100]);
});
