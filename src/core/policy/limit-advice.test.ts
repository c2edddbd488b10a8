import { describe, expect, it } from "vitest";
import { refuseConnection } from "./connection-limits.ts";
import { adviseLimit, withHeadroom, type AdvisedConnector } from "./limit-advice.ts";
import { nothingRefused, oneMoreRefused, refusedStillThere } from "./refused-demand.ts";

const connector = (
  maxInboundConnection: number,
  maxInboundConnectionPerSource: number,
  maxInboundConnectionPercentagePerSource: number,
): AdvisedConnector => ({
  name: "AppRelay",
  messageRateLimit: 30,
  maxInboundConnection,
  maxInboundConnectionPerSource,
  maxInboundConnectionPercentagePerSource,
});

describe("adviseLimit, connections", () => {
  it.each([
    // total, per source, %, from source, by others, parameters
    [5000, 20, 2, 20, 0, undefined],
    [5000, 20, 2, 21, 0, "-MaxInboundConnectionPerSource 30"],
    [5000, 20, 2, 31.2, 0, "-MaxInboundConnectionPerSource 40"],
    [5000, 20, 2, 21, 4000, "-MaxInboundConnectionPerSource 30 -MaxInboundConnectionPercentagePerSource 3"],
    [5000, 20, 2, 120, 0, "-MaxInboundConnectionPerSource 150 -MaxInboundConnectionPercentagePerSource 3"],
    [5000, Infinity, 2, 120, 0, "-MaxInboundConnectionPercentagePerSource 3"],
    [100, 20, 2, 3, 0, "-MaxInboundConnectionPercentagePerSource 4"],
    [100, 20, 2, 3, 90, "-MaxInboundConnectionPercentagePerSource 40"],
    [100, 20, 100, 18, 90, "-MaxInboundConnection 150"],
    [100, 20, 2, 80, 0, "-MaxInboundConnectionPerSource 100 -MaxInboundConnectionPercentagePerSource 100"],
    [Infinity, 20, 2, 21, 9999, "-MaxInboundConnectionPerSource 30"],
    [Infinity, Infinity, 2, 100_000, 0, undefined],
    // A number above 10,000 is none that can be set.
    [Infinity, 20, 2, 9_000, 0, "-MaxInboundConnectionPerSource 10000"],
    [Infinity, 20, 2, 10_001, 0, "-MaxInboundConnectionPerSource unlimited"],
    [50_000, 20, 100, 45_000, 0, "-MaxInboundConnectionPerSource unlimited -MaxInboundConnection 60000"],
  ])("%s/%s/%s %%, wanted %s beside %s", (total, perSource, percentage, fromSource, byOthers, parameters) => {
    const advice = adviseLimit(connector(total, perSource, percentage), {
      kind: "connections",
      fromSource,
      byOthers,
    });
    expect(advice?.command).toBe(parameters && `Set-ReceiveConnector AppRelay ${parameters}`);
  });

  it("what it suggests admits what was wanted, whatever the configuration", () => {
    for (const total of [1, 10, 100, 5000, Infinity]) {
      for (const perSource of [1, 20, 1000, Infinity]) {
        for (const percentage of [1, 2, 50, 100]) {
          for (const fromSource of [1, 2, 21, 99, 700]) {
            for (const byOthers of [0, 5, 90, 4990]) {
              const before = connector(total, perSource, percentage);
              const advice = adviseLimit(before, { kind: "connections", fromSource, byOthers });
              const after = { ...before };
              for (const { limit, suggested } of advice?.changes ?? []) {
                if (limit === "maxConnectionRatePerMinute") continue;
                expect(suggested).toBeGreaterThan(before[limit]);
                after[limit] = suggested;
              }
              const refused = refuseConnection(after, {
                open: byOthers + fromSource - 1,
                openFromSource: fromSource - 1,
              });
              expect({ total, perSource, percentage, fromSource, byOthers, refused }).toMatchObject({
                refused: undefined,
              });
            }
          }
        }
      }
    }
  });

  it("says when another setting stands in the way", () => {
    const notes = (at: AdvisedConnector, fromSource: number, byOthers = 0) =>
      adviseLimit(at, { kind: "connections", fromSource, byOthers })?.notes.join(" ") ?? "";
    expect(notes(connector(5000, 20, 2), 21)).toBe("");
    expect(notes(connector(5000, 20, 2), 120)).toContain(
      "maxInboundConnectionPercentagePerSource must be raised too",
    );
    expect(notes(connector(5000, 20, 2), 120)).not.toContain("maxInboundConnection must");
    expect(notes(connector(5000, Infinity, 2), 120)).toBe("");
    expect(notes(connector(5000, 20, 2), 120)).not.toContain("is the next limit");
    expect(notes(connector(100, 5, 2), 4)).toBe("");
    expect(notes(connector(100, 30, 100), 18, 90)).toBe("");
    expect(notes(connector(100, 20, 10), 18, 90)).toBe(
      "maxInboundConnectionPercentagePerSource must be raised too: 10 % of what others leave of 150 is fewer than 20. maxInboundConnectionPerSource (20) is the next limit: raise it as well if the source needs more than that.",
    );
    expect(notes(connector(100, 4, 2), 4)).toContain("maxInboundConnectionPerSource (4) is the next limit");
    expect(notes(connector(100, 20, 2), 80, 50)).toContain("maxInboundConnection must be raised too");
  });
});

it.each([
  ["messages enough", { kind: "messages", perMinute: 30 }, undefined],
  ["messages", { kind: "messages", perMinute: 31 }, "Set-ReceiveConnector 'App Relay' -MessageRateLimit 40"],
  ["rate enough", { kind: "connectionRate", perMinute: 1200, configured: 1200 }, undefined],
  [
    "rate",
    { kind: "connectionRate", perMinute: 1500, configured: 1200 },
    "Set-TransportService -MaxConnectionRatePerMinute 2000",
  ],
] as const)("adviseLimit, %s", (_name, demand, command) => {
  expect(adviseLimit({ ...connector(5000, 20, 2), name: "App Relay" }, demand)?.command).toBe(command);
});

it.each([
  [1, 2],
  [4, 5],
  [8, 10],
  [9, 15],
  [21, 30],
  [80, 100],
  [80.5, 150],
  [81, 150],
  [400, 500],
  [900, 1500],
])("%s with headroom is %s", (demand, value) => expect(withHeadroom(demand)).toBe(value));

describe("refused demand", () => {
  it("counts each refusal once and lets it go after the mean duration", () => {
    let demand = nothingRefused;
    for (let n = 0; n < 5; n++) demand = oneMoreRefused(demand, 1000, 10_000);
    expect(refusedStillThere(demand, 1000, 10_000)).toBe(5);
    expect(refusedStillThere(demand, 11_000, 10_000)).toBeCloseTo(5 / Math.E);
  });

  it("comes to rate times duration", () => {
    let demand = nothingRefused;
    for (let ms = 0; ms < 100_000; ms += 100) demand = oneMoreRefused(demand, ms, 5_000);
    expect(refusedStillThere(demand, 100_000, 5_000)).toBeGreaterThan(48);
    expect(refusedStillThere(demand, 100_000, 5_000)).toBeLessThan(52);
  });

  it.each([undefined, 3_600_000])("counts none for longer than a minute (mean %s)", (meanMs) => {
    const demand = oneMoreRefused(nothingRefused, 0, meanMs);
    expect(refusedStillThere(demand, 60_000, meanMs)).toBeCloseTo(1 / Math.E);
  });
});
