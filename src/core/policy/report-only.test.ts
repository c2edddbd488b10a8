import { describe, expect, test } from "vitest";
import { refuseConnection } from "./connection-limits.ts";
import { configuredLimit, isOwnRefusal, splitLimits } from "./report-only.ts";
import { reportableLimits, type LimitValues } from "./reportable-limits.ts";

const configured: LimitValues = {
  maxInboundConnection: 100,
  maxInboundConnectionPerSource: 20,
  maxInboundConnectionPercentagePerSource: 50,
  messageRateLimit: Infinity,
  maxProtocolErrors: 5,
  maxMessageSize: 36_000_000,
  maxHeaderSize: 262_144,
  maxRecipientsPerMessage: 200,
  maxHopCount: 60,
};

test("nothing is only looked at where nothing is asked for", () => {
  expect(splitLimits(configured, [], {})).toEqual({ enforced: configured, watched: undefined });
});

test("a limit that is only looked at refuses nobody; what protects memory and from circles has a ceiling", () => {
  const { enforced, watched } = splitLimits(configured, reportableLimits, {});
  expect(enforced).toEqual({
    maxInboundConnection: Infinity,
    maxInboundConnectionPerSource: Infinity,
    maxInboundConnectionPercentagePerSource: 100,
    messageRateLimit: Infinity,
    maxProtocolErrors: Infinity,
    maxMessageSize: 2_147_483_647,
    maxHeaderSize: 4_194_304,
    maxRecipientsPerMessage: 50_000,
    maxHopCount: 500,
  });
  // What is unlimited would refuse nobody anyway.
  const { messageRateLimit: _, ...looked } = configured;
  expect(watched?.values).toEqual(looked);
  for (const limit of reportableLimits)
    expect(configuredLimit({ ...enforced, reportOnly: reportableLimits, watched }, limit)).toBe(
      configured[limit],
    );
});

test("a ceiling is never below what is configured", () => {
  const large = { ...configured, maxHeaderSize: 16_777_216, maxRecipientsPerMessage: 512_000 };
  expect(splitLimits(large, ["maxHeaderSize", "maxRecipientsPerMessage"], {}).enforced).toEqual(large);
});

test("a candidate changes nothing that is enforced", () => {
  const { enforced, watched } = splitLimits(configured, [], {
    maxInboundConnectionPerSource: 5,
    messageRateLimit: 30,
  });
  expect(enforced).toEqual(configured);
  expect(watched?.values).toEqual({ maxInboundConnectionPerSource: 5, messageRateLimit: 30 });
  expect(watched?.connections).toEqual([
    {
      limit: "maxInboundConnectionPerSource",
      limits: {
        maxInboundConnection: 100,
        maxInboundConnectionPerSource: 5,
        maxInboundConnectionPercentagePerSource: 50,
      },
    },
  ]);
});

describe("a percentage is one of a total", () => {
  test("where the total is only looked at, so is the percentage, whatever is said of it", () => {
    const { enforced, watched } = splitLimits(configured, ["maxInboundConnection"], {});
    expect(refuseConnection(enforced, { open: 5000, openFromSource: 19 })).toBeUndefined();
    expect(Object.keys(watched?.values ?? {}).sort()).toEqual([
      "maxInboundConnection",
      "maxInboundConnectionPercentagePerSource",
    ]);
    const [total, percentage] = watched?.connections ?? [];
    // 50 % of the 25 that others leave.
    expect(percentage && refuseConnection(percentage.limits, { openFromSource: 15, open: 90 })).toEqual({
      limit: "maxInboundConnectionPercentagePerSource",
      configured: 50,
      allowed: 12,
      seen: 15,
    });
    const full = percentage && refuseConnection(percentage.limits, { open: 100, openFromSource: 1 });
    expect(full?.limit).toBe("maxInboundConnection");
    if (total === undefined || percentage === undefined || full === undefined) throw new Error("not watched");
    // The total's own to tell.
    expect([isOwnRefusal(percentage, full), isOwnRefusal(total, full)]).toEqual([false, true]);
  });

  test("enforcing another total enforces another percentage of it", () => {
    const { watched } = splitLimits(configured, [], { maxInboundConnection: 10 });
    const [total] = watched?.connections ?? [];
    const refused = total && refuseConnection(total.limits, { open: 5, openFromSource: 5 });
    expect(refused).toMatchObject({ limit: "maxInboundConnectionPercentagePerSource", allowed: 5 });
    expect(total && refused && isOwnRefusal(total, refused)).toBe(true);
  });
});

test.each([
  [99, 99],
  [100, undefined],
])("with a total that is only looked at goes a percentage of %i: %s", (percentage, watchedPercentage) => {
  const given = { ...configured, maxInboundConnectionPercentagePerSource: percentage };
  const { watched } = splitLimits(given, ["maxInboundConnection"], {});
  expect(watched?.values.maxInboundConnectionPercentagePerSource).toBe(watchedPercentage);
});
