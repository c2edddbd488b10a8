import { describe, expect, it } from "vitest";
import { allowedByPercentage, refuseConnection } from "./connection-limits.ts";

const limits = (total: number, perSource: number, percentage: number) => ({
  maxInboundConnection: total,
  maxInboundConnectionPerSource: perSource,
  maxInboundConnectionPercentagePerSource: percentage,
});

describe("refuseConnection", () => {
  it.each([
    // total, per source, %, open, from source, refused by
    [5000, 20, 2, 0, 0, undefined],
    [5000, 20, 2, 19, 19, undefined],
    [5000, 20, 2, 20, 20, "maxInboundConnectionPerSource"],
    [5000, 20, 2, 4999, 0, undefined],
    [5000, 20, 2, 5000, 0, "maxInboundConnection"],
    [5000, 20, 2, 4509, 9, undefined],
    [5000, 20, 2, 4510, 10, "maxInboundConnectionPercentagePerSource"],
    [5000, Infinity, 2, 99, 99, undefined],
    [5000, Infinity, 2, 100, 100, "maxInboundConnectionPercentagePerSource"],
    [100, Infinity, 2, 1, 1, undefined],
    [100, Infinity, 2, 2, 2, "maxInboundConnectionPercentagePerSource"],
    [100, Infinity, 2, 99, 0, undefined],
    [100, Infinity, 2, 52, 1, "maxInboundConnectionPercentagePerSource"],
    [10, Infinity, 50, 4, 4, undefined],
    [10, Infinity, 50, 5, 5, "maxInboundConnectionPercentagePerSource"],
    [10, Infinity, 50, 8, 3, "maxInboundConnectionPercentagePerSource"],
    [Infinity, Infinity, 1, 100_000, 100_000, undefined],
    [Infinity, 20, 2, 20, 20, "maxInboundConnectionPerSource"],
    [1, 1, 100, 0, 0, undefined],
    [1, 1, 100, 1, 1, "maxInboundConnection"],
    [10, Infinity, 100, 9, 9, undefined],
    [10, Infinity, 100, 10, 10, "maxInboundConnection"],
    [5000, Infinity, 100, 4999, 2500, undefined],
  ])(
    "total %s, per source %s, %s %%: %s open, %s from the source → %s",
    (total, perSource, percentage, open, openFromSource, refusedBy) => {
      expect(refuseConnection(limits(total, perSource, percentage), { open, openFromSource })?.limit).toBe(
        refusedBy,
      );
    },
  );

  it("tells the numbers that decided", () => {
    expect(refuseConnection(limits(5000, 20, 2), { open: 30, openFromSource: 20 })).toEqual({
      limit: "maxInboundConnectionPerSource",
      configured: 20,
      allowed: 20,
      seen: 20,
    });
  });
});

describe("allowedByPercentage", () => {
  it.each([
    [2, 5000, 0, 100],
    [2, 5000, 4975, 1],
    [2, 5000, 5000, 0],
    [100, 10, 4, 6],
    [1, Infinity, 7, Infinity],
  ])("%s %% of %s with %s open of others is %s", (percentage, total, open, allowed) => {
    expect(allowedByPercentage(percentage, total, open)).toBe(allowed);
  });
});
