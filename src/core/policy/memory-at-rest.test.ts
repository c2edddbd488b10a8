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
