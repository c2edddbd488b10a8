/** What every ledger promises (src/receive/admission/ledger.ts), by number. */
import { array, assert, asyncProperty, boolean, constantFrom, record } from "fast-check";
import { describe, expect, it } from "vitest";
import { refuseConnection, type ConnectionLimits } from "../../src/core/policy/connection-limits.ts";
import type { Lease, Ledger } from "../../src/receive/admission/ledger.ts";
import { createFakeClock, type FakeClock } from "../../src/testing/fake-clock.ts";

const limits = (total: number, perSource = Infinity, percentage = 100): ConnectionLimits => ({
  maxInboundConnection: total,
  maxInboundConnectionPerSource: perSource,
  maxInboundConnectionPercentagePerSource: percentage,
});

export function describeLedger(name: string, create: (clock: FakeClock) => Ledger): void {
  const ledgerOf = (): { ledger: Ledger; clock: FakeClock } => {
    const clock = createFakeClock();
    return { ledger: create(clock), clock };
  };

  describe(name, () => {
    it("1: lets no more in than the limits allow, however many stand at the door at once", async () => {
      const { ledger } = ledgerOf();
      const entries = await Promise.all(
        Array.from({ length: 50 }, (_, i) => ledger.enter("In", `s${i % 2}`, limits(20, 8))),
      );
      expect(entries.filter((entry) => "lease" in entry)).toHaveLength(16);
      expect((await ledger.snapshot()).toSorted((a, b) => a.source.localeCompare(b.source))).toEqual([
        { connector: "In", source: "s0", open: 8 },
        { connector: "In", source: "s1", open: 8 },
      ]);
    });

    it("1: decides as core/policy does, in any order of coming and going", async () => {
      const step = record({
        leave: boolean(),
        source: constantFrom("a", "b", "c"),
        limits: constantFrom(limits(5), limits(5, 2), limits(10, Infinity, 50), limits(Infinity, 3, 1)),
      });
      await assert(
        asyncProperty(array(step, { maxLength: 40 }), async (steps) => {
          const { ledger } = ledgerOf();
          const open: { source: string; lease: Lease }[] = [];
          for (const { leave, source, limits: set } of steps) {
            if (leave) {
              open.shift()?.lease.end();
              continue;
            }
            const counts = {
              open: open.length,
              openFromSource: open.filter((one) => one.source === source).length,
            };
            const entry = await ledger.enter("In", source, set);
            const refused = refuseConnection(set, counts);
            if ("lease" in entry) {
              expect(refused).toBeUndefined();
              expect(entry.counts).toEqual(counts);
              open.push({ source, lease: entry.lease });
            } else expect(entry.refused).toEqual(refused);
          }
        }),
        { numRuns: 50 },
      );
    });

    it("2 and 3: a lease counts once until it ends, however often, and then nothing is left", async () => {
      const { ledger } = ledgerOf();
      const first = await ledger.enter("In", "a", limits(2));
      const second = await ledger.enter("In", "a", limits(2));
      expect(await ledger.enter("In", "a", limits(2))).toEqual({
        refused: { limit: "maxInboundConnection", configured: 2, allowed: 2, seen: 2 },
      });
      if (!("lease" in first) || !("lease" in second)) throw new Error("refused");
      first.lease.end();
      first.lease.end();
      expect(await ledger.snapshot()).toEqual([{ connector: "In", source: "a", open: 1 }]);
      second.lease.end();
      expect(await ledger.snapshot()).toEqual([]);
    });

    it("4: counts what it allows within a sliding minute, and nothing it refuses", async () => {
      const { ledger, clock } = ledgerOf();
      const spend = async (key: string, limit: number) => {
        const { refused, seen } = await ledger.spend([{ key, limit }]);
        return { refused: refused !== undefined, seen };
      };
      expect(await spend("key", 2)).toEqual({ refused: false, seen: 0 });
      await clock.advance(30_000);
      expect(await spend("key", 2)).toEqual({ refused: false, seen: 1 });
      for (let i = 0; i < 5; i++) expect(await spend("key", 2)).toEqual({ refused: true, seen: 2 });
      expect(await spend("key", 3)).toEqual({ refused: false, seen: 2 });
      expect(await spend("other", 2)).toEqual({ refused: false, seen: 0 });
      await clock.advance(30_000);
      expect(await spend("key", 3)).toEqual({ refused: false, seen: 2 });
      await clock.advance(61_000);
      expect(await spend("key", 2)).toEqual({ refused: false, seen: 0 });
    });

    it("4: counts under several keys, or under none", async () => {
      const { ledger } = ledgerOf();
      const wide = { key: "wide", limit: 10 };
      const narrow = { key: "narrow", limit: 1 };
      expect(await ledger.spend([wide, narrow])).toEqual({ refused: undefined, seen: 0, waitSeconds: 0 });
      for (let i = 0; i < 3; i++)
        expect(await ledger.spend([wide, narrow])).toEqual({ refused: narrow, seen: 1, waitSeconds: 60 });
      expect(await ledger.spend([narrow, wide])).toEqual({ refused: narrow, seen: 1, waitSeconds: 60 });
      expect(await ledger.spend([wide])).toEqual({ refused: undefined, seen: 1, waitSeconds: 0 });
    });

    it("5: who comes again when the wait is over is not refused, and no second sooner is", async () => {
      const { ledger, clock } = ledgerOf();
      const charges = [
        { key: "wide", limit: 3 },
        { key: "narrow", limit: 2 },
      ];
      for (const ms of [0, 20_400, 7_000]) {
        await clock.advance(ms);
        await ledger.spend(ms === 0 ? [charges[0]!] : charges);
      }
      // Of wide the first leaves sooner than the first of narrow.
      const { refused, waitSeconds } = await ledger.spend(charges);
      expect([refused?.key, waitSeconds > 32]).toEqual(["wide", true]);
      await clock.advance((waitSeconds - 1) * 1_000);
      expect((await ledger.spend(charges)).waitSeconds).toBe(1);
      await clock.advance(1_000);
      expect((await ledger.spend(charges)).refused).toBeUndefined();
    });

    it("asking what is counted counts nothing", async () => {
      const { ledger, clock } = ledgerOf();
      const charge = { key: "a", limit: 2 };
      const none = { key: "b", limit: 2 };
      await ledger.spend([charge]);
      await clock.advance(10_000);
      for (let i = 0; i < 3; i++)
        expect(await ledger.counted([charge, none])).toEqual([
          { charge, seen: 1, freesInSeconds: 50 },
          { charge: none, seen: 0, freesInSeconds: 0 },
        ]);
      await ledger.spend([charge]);
      // Of a limit that was lowered, when one goes below it.
      const lower = { key: "a", limit: 1 };
      expect(await ledger.counted([lower])).toEqual([{ charge: lower, seen: 2, freesInSeconds: 60 }]);
    });
  });
}
