import { expect, test } from "vitest";
import { placeLikelyInMs } from "./place-likely.ts";

test.each<[string, number, number | undefined, number, number]>([
  ["one that lasts a minute", 1, 60_000, 600_000, 60_000],
  ["twenty of them", 20, 60_000, 600_000, 3_000],
  ["none has ended yet", 20, undefined, 600_000, 5_000],
  ["longer than any may last", 1, 900_000, 600_000, 600_000],
  ["none is open: others hold the places", 0, 60_000, 600_000, 60_000],
])("%s", (_, open, meanMs, timeoutMs, expected) => {
  expect(placeLikelyInMs(open, meanMs, timeoutMs)).toBe(expected);
});
