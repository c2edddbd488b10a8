import { expect, it } from "vitest";
import { mayHavePlace, type Standing } from "./outbound-share.ts";

it.each<[Standing, [number, number, number], number, boolean]>([
  ["proven", [0, 0, 0], 4, true],
  ["proven", [3, 0, 0], 4, true],
  ["proven", [4, 0, 0], 4, false],
  ["proven", [0, 3, 0], 4, true],
  ["proven", [1, 2, 1], 4, false],
  ["new", [0, 2, 0], 4, true],
  ["new", [0, 3, 0], 4, false],
  ["new", [0, 1, 2], 4, false],
  ["new", [3, 0, 0], 4, true],
  ["failing", [0, 0, 1], 4, true],
  ["failing", [0, 0, 2], 4, false],
  ["failing", [0, 2, 1], 4, false],
  ["failing", [3, 0, 0], 4, true],
  ["failing", [4, 0, 0], 4, false],
  ["new", [0, 0, 0], 1, true],
  ["failing", [0, 0, 0], 1, true],
  ["failing", [1, 0, 0], 1, false],
  ["failing", [0, 0, 10_000], Infinity, true],
])("%s beside %j of %d: %s", (standing, [proven, fresh, failing], most, may) => {
  expect(mayHavePlace(standing, { proven, new: fresh, failing }, most)).toBe(may);
});
