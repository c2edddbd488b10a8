import { expect, test } from "vitest";
import { createFence } from "./fence.ts";

test("holds for four fifths of a lease from the sending of a heartbeat that went through", () => {
  const now = { monotonic: 0, wall: 1_000_000 };
  const fence = createFence(10_000, { monotonic: () => now.monotonic, wall: () => now.wall });
  const pass = (ms: number): void => {
    now.monotonic += ms;
    now.wall += ms;
  };
  expect(fence.isSafe).toBe(false);
  const first = fence.sending();
  pass(3_000);
  first();
  pass(4_999);
  expect(fence.isSafe).toBe(true);
  // One that never comes back changes nothing.
  fence.sending();
  pass(1);
  expect(fence.isSafe).toBe(false);
  fence.sending()();
  expect(fence.isSafe).toBe(true);
  fence.drop();
  expect(fence.isSafe).toBe(false);
});

test("a machine that slept is judged by the clock that went on", () => {
  const now = { monotonic: 0, wall: 0 };
  const fence = createFence(10_000, { monotonic: () => now.monotonic, wall: () => now.wall });
  fence.sending()();
  now.wall = 60_000;
  expect(fence.isSafe).toBe(false);
  fence.sending()();
  now.monotonic = 8_000;
  expect(fence.isSafe).toBe(false);
});
