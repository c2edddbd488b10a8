import { expect, test } from "vitest";
import { RateWindow } from "./message-rate-window.ts";

/** Messages counted at these seconds; how many count at others. */
const counted = (at: readonly number[], asked: readonly number[]): number[] => {
  const window = new RateWindow();
  for (const second of at) window.add(second * 1000);
  return asked.map((second) => Math.round(window.perSecond(second * 1000) * 60));
};

test.each([
  ["none", [], [0, 5000], [0, 0]],
  ["one", [100], [100, 100.999, 159.999, 160, 161], [1, 1, 1, 0, 0]],
  ["several in a second", [100, 100.5, 100.9], [100.9, 159, 160], [3, 3, 0]],
  ["in the middle of a second", [100.999], [159.998, 160], [1, 0]],
  ["over a minute", [100, 130, 159], [159, 160, 189, 190, 219], [3, 2, 2, 1, 0]],
  ["a long rest between", [100, 1_000], [1_000, 1_059, 1_060], [1, 1, 0]],
  ["exactly a minute between", [100, 160], [160, 219, 220], [1, 1, 0]],
  ["a clock that went back", [100, 50], [50, 100, 159, 160], [2, 2, 2, 0]],
])("%s", (_, at, asked, expected) => {
  expect(counted(at, asked)).toEqual(expected);
});
