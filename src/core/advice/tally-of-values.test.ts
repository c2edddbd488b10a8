import { expect, test } from "vitest";
import { TallyOfValues } from "./tally-of-values.ts";

const tally = (...values: readonly (readonly [value: number, times?: number])[]): TallyOfValues => {
  const of = new TallyOfValues();
  for (const [value, times] of values) of.add(value, times);
  return of;
};

test.each([
  ["nothing", tally(), 0.5, 0],
  ["one", tally([7]), 0.999, 7],
  ["the least that half of them does not exceed", tally([1], [2], [3], [4]), 0.5, 2],
  ["just more than half of them", tally([1], [2], [3], [4]), 0.51, 3],
  ["the highest", tally([4], [1], [3]), 1, 4],
  ["none of them", tally([4], [1], [3]), 0, 1],
  ["each as often as it was there", tally([10, 998], [20], [30]), 0.999, 20],
  ["one more of the least", tally([10, 999], [20], [30]), 0.999, 20],
  ["a thousandth of them", tally([10, 1_000], [20]), 0.999, 10],
  ["in two goes", tally([10, 2], [20, 3], [10, 2]), 0.5, 10],
  ["not in the order of their coming", tally([300], [2], [10]), 0.5, 10],
])("%s", (_, of, part, value) => {
  expect(of.quantile(part)).toBe(value);
});
