import { expect, test } from "vitest";
import { nothingMore } from "./nothing-more.ts";

test("what comes again behind the last one is waited for", async () => {
  let looks = 0;
  await nothingMore({ deliveries: () => Math.min(++looks, 30) }, 5);
  expect(looks).toBeGreaterThan(30);
});

test("one that never ends is given up", async () => {
  let looks = 0;
  await nothingMore({ deliveries: () => ++looks }, 5, 20);
  expect(looks).toBeGreaterThan(0);
});
