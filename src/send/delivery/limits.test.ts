/** The scheduler's limits as docs/mail-path.md gives them to administrators. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { defaultLimits } from "./limits.ts";
import { timeouts } from "./smtp/wire/timeouts.ts";

const page = readFileSync(new URL("../../../docs/mail-path.md", import.meta.url), "utf8").replace(
  /\s+/g,
  " ",
);

test.each<[string, RegExp, readonly number[]]>([
  [
    "memory",
    /Each queue holds up to (\d+) messages in memory and of their contents its share of (\d+) MiB, (\d+) MiB at most; the rest waits on disk and is claimed in portions of (\d+)/,
    [
      defaultLimits.windowClaims,
      defaultLimits.totalBytes / 1024 / 1024,
      defaultLimits.windowBytes / 1024 / 1024,
      defaultLimits.refillClaims,
    ],
  ],
])("%s", (_, sentence, numbers) => {
  expect(sentence.exec(page)?.slice(1).map(Number)).toEqual(numbers);
});

const minute = 60_000;
test("as words", () => {
  expect(page).toMatch(/Two messages try it first/);
  expect(defaultLimits.probeClaims).toBe(2);
  expect(page).toMatch(/So does a wait of 20 seconds in which none of them ends/);
  expect(defaultLimits.silentMs).toBe(20_000);
  expect(page).toMatch(/does not come within 20 seconds/);
  expect(timeouts.slowOpeningMs).toBe(20_000);
  expect(page).toMatch(/gets fewer for a minute/);
  expect(defaultLimits.narrowMs).toBe(minute);
  expect(page).toMatch(
    /is met again a minute later\. What waits in memory behind a next hop that takes its time is looked at each minute/,
  );
  expect(defaultLimits.sweepMs).toBe(minute);
});

test("one next hop has a quarter of the memory at most, and is refilled while a portion is left", () => {
  const { windowBytes, totalBytes, lowWater, refillClaims, windowClaims } = defaultLimits;
  expect(windowBytes).toBe(totalBytes / 4);
  expect(lowWater).toBe(refillClaims);
  expect(lowWater + refillClaims).toBeLessThan(windowClaims);
});
