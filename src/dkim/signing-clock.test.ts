import { expect, test } from "vitest";
import { createFakeClock } from "../testing/fake-clock.ts";
import { signingClock } from "./signing-clock.ts";

test("tells no time while the clock is not believed, and asks for that once a second", async () => {
  const clock = createFakeClock();
  let asked = 0;
  let isBelieved = true;
  const signing = signingClock(clock, () => {
    asked++;
    return isBelieved;
  });
  expect([signing.wall(), signing.wall()]).toEqual([clock.wall(), clock.wall()]);
  expect(asked).toBe(1);
  isBelieved = false;
  await clock.advance(1_000);
  expect(signing.wall().getTime()).toBeNaN();
  isBelieved = true;
  await clock.advance(1_000);
  expect(signing.wall()).toEqual(clock.wall());
  expect(signing.now()).toBe(clock.now());
});

test("notices at once that the clock was set", () => {
  const clock = createFakeClock();
  let aheadMs = 0;
  const wall = (): Date => new Date(clock.wall().getTime() + aheadMs);
  const signing = signingClock({ ...clock, wall }, () => aheadMs === 0);
  expect(signing.wall()).toEqual(wall());
  for (const leapMs of [315_360_000_000, -200_000_000_000]) {
    aheadMs = leapMs;
    expect(signing.wall().getTime()).toBeNaN();
    aheadMs = 0;
    expect(signing.wall()).toEqual(wall());
  }
});
