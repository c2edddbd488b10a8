/** Who is refused a place hears when one is likely to come free, by how long the connections that hold it last. */
import { expect, test } from "vitest";
import { ipRange } from "../../core/units/ip-range.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { receiveConnector } from "../../testing/test-settings.ts";
import { noTraffic } from "../../traffic/traffic.ts";
import { createDoor } from "./admission.ts";
import { createMemoryLedger } from "./memory-ledger.ts";
import { createRefusals } from "./refusals.ts";
import { createLimitUsage } from "./usage.ts";

test.each([
  ["of its own source", { maxInboundConnectionPerSource: 2 }, "10.0.0.1", 15],
  ["of all, which last longer", { maxInboundConnection: 2 }, "10.0.0.2", 35],
])("a place %s", async (_, limits, source, seconds) => {
  const clock = createFakeClock();
  const usage = createLimitUsage({ clock });
  const refusals = createRefusals({
    clock,
    events: { wants: () => false, emit: () => undefined },
    usage,
    applications: () => [],
  });
  const ledger = createMemoryLedger(clock);
  const door = createDoor({ ledger, clock, refusals, usage, traffic: noTraffic, isSuspended: () => false });
  const connector = receiveConnector({
    remoteIpRanges: [ipRange("10.0.0.0/8")],
    maxInboundConnectionPercentagePerSource: 100,
    ...limits,
  });
  const settings = {
    receiveConnectors: [connector],
    maxConnectionRatePerMinute: Infinity,
    ipv6SourcePrefixLength: 64,
  };
  const local = { address: "127.0.0.1", port: connector.bindings[0]?.port ?? 0 };
  const arrive = (remoteAddress: string) => door.admit({ local, remoteAddress }, settings);
  const stay = async (remoteAddress: string, ms: number): Promise<void> => {
    const admission = await arrive(remoteAddress);
    await clock.advance(ms);
    if (admission.kind !== "admitted") throw new Error(admission.kind);
    admission.admitted.lease.end();
  };
  await stay("10.0.0.1", 30_000);
  await stay("10.0.0.2", 110_000);
  await arrive("10.0.0.1");
  await arrive("10.0.0.1");
  const refused = await arrive(source);
  expect(refused.kind === "refused" && refused.reply.told.retryAfterSeconds).toBe(seconds);
});
