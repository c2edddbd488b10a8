import { expect, test } from "vitest";
import { createMetrics } from "./metrics.ts";

test("a report of ours that fails is a failed delivery, and nobody's mail", () => {
  const metrics = createMetrics();
  const failed = { connector: "Out", host: "mx.test", error: "550 no" };
  metrics.failed({ ...failed, source: "10.0.0.1" }, 0);
  metrics.failed({ ...failed, source: undefined }, 0);
  expect(metrics.failures.recent(0)).toMatchObject([{ source: "10.0.0.1", count: 1 }]);
  expect(metrics.totals.delivered).toBe(0);
});
