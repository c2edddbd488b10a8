import { expect, it, vi } from "vitest";

it.each([
  ["waitFor", () => vi.waitFor(() => expect(late()).toBe(true))],
  ["waitUntil", () => vi.waitUntil(late)],
])("%s waits longer than a second where nothing is said", async (_, waited) => {
  vi.useFakeTimers({ now: 0 });
  try {
    await waited();
  } finally {
    vi.useRealTimers();
  }
});

/** Fake timers advance at each look. */
const late = (): boolean => Date.now() >= 1_500;
