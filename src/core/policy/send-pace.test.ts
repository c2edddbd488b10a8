import { describe, expect, it, test } from "vitest";
import { afterSending, cautiousStart, paceAllowsAt, paceOf } from "./send-pace.ts";

/** When each of so many left, all there from the start, and asked for at the moment it may. */
function leave(perMinute: number, messages: number, dueAt = 0): number[] {
  const pace = paceOf(perMinute);
  const left: number[] = [];
  for (let now = 0; left.length < messages; now = Math.max(now, paceAllowsAt(dueAt, pace))) {
    if (paceAllowsAt(dueAt, pace) > now) continue;
    dueAt = afterSending(dueAt, now, pace);
    left.push(now);
  }
  return left;
}

describe("a pace", () => {
  test.each([1, 2, 10, 20, 30, 100, 600])("of %d a minute is never more in any minute", (perMinute) => {
    const left = leave(perMinute, perMinute * 3 + 5);
    const most = Math.max(...left.map((at) => left.filter((t) => t >= at && t < at + 60_000).length));
    expect(most).toBeLessThanOrEqual(perMinute);
    expect(most).toBeGreaterThanOrEqual(Math.floor(perMinute * 0.95));
  });
  it("is even behind its burst", () => {
    const left = leave(30, 40);
    expect(left.slice(0, 2)).toEqual([0, 0]);
    const pauses = left.slice(2).map((at, i) => at - (left[i + 1] ?? 0));
    for (const pause of pauses) expect(pause).toBeCloseTo(paceOf(30).intervalMs, 3);
    expect(paceOf(30).intervalMs).toBeLessThan(2100);
  });
  it("has no burst where nothing is known of what went before", () => {
    const pace = paceOf(30);
    const left = leave(30, 3, cautiousStart(0, pace)).map(Math.round);
    expect(left).toEqual([0, 1, 2].map((n) => Math.round(n * pace.intervalMs)));
  });
});
