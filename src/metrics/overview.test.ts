import { expect, test } from "vitest";
import { createFakeClock } from "../testing/fake-clock.ts";
import { createMetrics } from "./metrics.ts";
import { createOverview, type OverviewPoint } from "./overview.ts";
import { createRecentRefusals } from "./recent-refusals.ts";
import { toldRefusal } from "../testing/test-refusal.ts";

function fixture() {
  const clock = createFakeClock();
  const metrics = createMetrics();
  const overview = createOverview({
    clock,
    metrics,
    connections: () => 3,
    queued: () => 7,
    eventLoopLagP99Ms: () => 1.5,
  });
  return { clock, metrics, overview };
}

test("a point holds what its second brought", async () => {
  const { clock, metrics, overview } = fixture();
  const followed: OverviewPoint[] = [];
  overview.start();
  const leave = overview.follow((point) => followed.push(point));
  for (let ms = 1; ms <= 100; ms++) metrics.received("SMTP", 10, ms);
  metrics.delivered(2, 10, 50);
  metrics.refused(toldRefusal("connectionLimit"), "10.1.4.7", clock.now());
  await clock.advance(1000);
  await clock.advance(1000);
  leave();
  await clock.advance(1000);
  const quiet = {
    connections: 3,
    received: 0,
    delivered: 0,
    receivedBytes: 0,
    refused: 0,
    queued: 7,
    timeTo250P50Ms: 0,
    timeTo250P99Ms: 0,
    eventLoopLagP99Ms: 1.5,
  };
  expect(followed).toEqual([
    {
      ...quiet,
      at: clock.now() - 2000,
      received: 100,
      delivered: 1,
      receivedBytes: 1000,
      refused: 1,
      timeTo250P50Ms: 50,
      timeTo250P99Ms: 99,
    },
    { ...quiet, at: clock.now() - 1000 },
  ]);
  expect(overview.points()).toHaveLength(3);
  overview.stop();
  expect(clock.pendingTimers).toBe(0);
});

test("refusals are kept by source for ten minutes", () => {
  const refusals = createRecentRefusals();
  const start = 60_000 * 1_000_000;
  const add = (atMs: number) =>
    refusals.add(
      toldRefusal("connectionLimitPerSource", { connector: "A", configured: 20 + atMs / 30_000 }),
      "10.1.4.7",
      start + atMs,
    );
  add(0);
  add(30_000);
  add(9 * 60_000);
  refusals.add(toldRefusal("messageRate", { connector: "A" }), "10.1.4.8", start);
  const counts = (atMs: number) => refusals.recent(start + atMs).map(({ count }) => count);
  expect(counts(9 * 60_000)).toEqual([3, 1]);
  // As the limit was when it refused last.
  expect(refusals.recent(start + 9 * 60_000)[0]).toMatchObject({
    configured: 38,
    lastAt: start + 9 * 60_000,
  });
  expect(counts(10 * 60_000)).toEqual([1]);
  expect(refusals.recent(start + 10 * 60_000)[0]?.since).toBe(start + 60_000);
  expect(counts(19 * 60_000)).toEqual([]);
  expect(refusals.totals().map(({ total }) => total)).toEqual([3, 1]);
});

test("a flood from ever new sources and connectors is bounded", () => {
  const refusals = createRecentRefusals();
  for (let at = 0; at < 5_000; at++)
    refusals.add(toldRefusal("messageRate", { connector: `C${at}` }), `10.1.${at >> 8}.${at & 255}`, 0);
  expect(refusals.recent(0)).toHaveLength(2_000);
  expect(refusals.totals()).toHaveLength(1_001);
  expect(refusals.totals().reduce((sum, { total }) => sum + total, 0)).toBe(5_000);
});
