/** What every ledger promises (src/receive/admission/ledger.ts), by number. */
import { array, assert, asyncProperty, boolean, constantFrom, nat, record } from "fast-check";
import { describe, expect, it } from "vitest";
import { refuseConnection, type ConnectionLimits } from "../../src/core/policy/connection-limits.ts";
import type { WatchedConnections } from "../../src/core/policy/receive-connector.ts";
import type { Charge, Lease, Ledger } from "../../src/receive/admission/ledger.ts";
import { createMemoryLedger } from "../../src/receive/admission/memory-ledger.ts";
import { createFakeClock, type FakeClock } from "../../src/testing/fake-clock.ts";

const limits = (total: number, perSource = Infinity, percentage = 100): ConnectionLimits => ({
  maxInboundConnection: total,
  maxInboundConnectionPerSource: perSource,
  maxInboundConnectionPercentagePerSource: percentage,
});

export function describeLedger(name: string, create: (clock: FakeClock) => Ledger, numRuns = 50): void {
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
        { numRuns },
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
      const other = await ledger.enter("In", "b", limits(5));
      if ("lease" in other) other.lease.end();
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

    it("6: a watched limit of connections would refuse what it refuses where it is enforced", async () => {
      const step = record({ leave: nat(3), source: constantFrom("a", "b", "c") });
      const enforced = limits(30, 9);
      const watching: readonly WatchedConnections[] = [
        { limit: "maxInboundConnection", limits: limits(4, 9) },
        { limit: "maxInboundConnectionPerSource", limits: limits(30, 2) },
        { limit: "maxInboundConnectionPercentagePerSource", limits: limits(30, 9, 10) },
      ];
      await assert(
        asyncProperty(array(step, { maxLength: 60 }), async (steps) => {
          const { ledger, clock } = ledgerOf();
          const alone = watching.map(() => createMemoryLedger(clock));
          const open: { lease: Lease; others: (Lease | undefined)[] }[] = [];
          for (const { leave, source } of steps) {
            if (leave === 0) {
              const gone = open.shift();
              for (const lease of [gone?.lease, ...(gone?.others ?? [])]) lease?.end();
              continue;
            }
            const entry = await ledger.enter("In", source, enforced, watching);
            // The same clients, at a ledger that enforces the one limit: who is refused there is gone.
            const others = await Promise.all(
              watching.map(({ limits: set }, i) => alone[i]!.enter("In", source, set)),
            );
            const would = new Map(entry.wouldRefuse?.map(({ by, refused }) => [by.limit, refused]));
            for (const [i, { limit }] of watching.entries()) {
              const other = others[i];
              expect(would.get(limit)).toEqual(other && "refused" in other ? other.refused : undefined);
            }
            if (!("lease" in entry)) continue;
            open.push({
              lease: entry.lease,
              others: others.map((other) => ("lease" in other ? other.lease : undefined)),
            });
          }
          for (const { lease } of open) lease.end();
          expect(await ledger.snapshot()).toEqual([]);
          expect(await ledger.enter("In", "a", enforced, watching)).not.toHaveProperty("refused");
        }),
        { numRuns: 6 },
      );
    });

    it("6: what is there when a limit is first watched is there for it as well", async () => {
      const { ledger } = ledgerOf();
      const watching: WatchedConnections[] = [{ limit: "maxInboundConnection", limits: limits(2) }];
      await ledger.enter("In", "a", limits(10));
      await ledger.enter("In", "a", limits(10));
      const third = await ledger.enter("In", "a", limits(10), watching);
      expect(third.wouldRefuse).toMatchObject([{ refused: { seen: 2, allowed: 2 } }]);
      if ("lease" in third) third.lease.end();
      // It was not there for the limit: nothing has become free for it.
      expect((await ledger.enter("In", "b", limits(10), watching)).wouldRefuse).toHaveLength(1);
      expect(await ledger.enter("In", "b", limits(10))).not.toHaveProperty("refused");
    });

    it("6: a watched rate counts what it would have allowed, and changes no other count", async () => {
      const { ledger, clock } = ledgerOf();
      const own = { key: "key", limit: 3 };
      const spend = async (charges: readonly Charge[], watched?: Charge) => {
        const { refused, seen, wouldRefuseAt } = await ledger.spend(charges, watched);
        return [refused !== undefined, seen, wouldRefuseAt];
      };
      const watched = { key: "key", limit: 2 };
      expect(await spend([own], watched)).toEqual([false, 0, undefined]);
      expect(await spend([own], watched)).toEqual([false, 1, undefined]);
      expect(await spend([own], watched)).toEqual([false, 2, 2]);
      // Both refuse; neither counts it.
      expect(await spend([own], watched)).toEqual([true, 3, 2]);
      await clock.advance(61_000);
      expect(await spend([], watched)).toEqual([false, 0, undefined]);
      expect(await spend([own])).toEqual([false, 0, undefined]);
      // What another limit refuses is not there for this one either.
      expect(await spend([{ key: "other", limit: 0 }], watched)).toEqual([true, 0, undefined]);
      expect(await spend([], watched)).toEqual([false, 0, undefined]);
      expect(await spend([], watched)).toEqual([false, 0, 2]);
    });
  });
}
