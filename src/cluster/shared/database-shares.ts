/** Shares of what nodes may send and take together (src/ports/shared-shares.ts), borrowed from the database. */
import { quarterMs } from "../../core/policy/recipients-day.ts";
import type { DayAsk, DayBack, SharedDays, SharedPaces } from "../../ports/shared-shares.ts";
import type { Database } from "../database/database.ts";
import type { Membership } from "../membership/membership.ts";
import { asNode } from "./as-node.ts";

/** How old what is known of the database's clock may be. */
const knownMs = 60_000;
/** From here on a clock counts as another. */
const offMs = 0.75 * quarterMs;

/** `now`: another clock than the database's, for tests. Rejects with SpoolError `away`. */
export function createDatabaseShares(parts: {
  readonly database: Pick<Database, "shared" | "name">;
  readonly membership: Pick<Membership, "current" | "fault" | "ended">;
  readonly now?: () => number;
}): SharedDays & SharedPaces {
  const { database, membership } = parts;
  const { shared: session, name } = database;
  const borrowText = `select * from ${name("borrow_day_1")}($1, $2, $3, $4, $5, $6, $7, $8, $9)`;
  const takeText = `select * from ${name("take_slots_1")}($1, $2, $3, $4, $5, $6)`;

  /**
   * Whole quarters that this node's clock is ahead of the database's: one that is a day off, or stood still while the machine slept,
   * would count in a day of its own, and take what others have counted for gone.
   */
  let aheadMs = 0;
  let knownAt = -Infinity;
  const ahead = async (now: number): Promise<number> => {
    if (performance.now() - knownAt < knownMs) return aheadMs;
    const [row] = await session.query<{ now: number }>(
      "select coalesce($1::float8, extract(epoch from clock_timestamp()) * 1000)::float8 as now",
      [parts.now?.() ?? null],
    );
    knownAt = performance.now();
    const off = now - (row?.now ?? now);
    if (Math.abs(off - aheadMs) > offMs) aheadMs = Math.round(off / quarterMs) * quarterMs;
    return aheadMs;
  };

  return {
    borrow: (now, asks, back) =>
      asNode(membership, async (nodeId) => {
        const by = await ahead(now);
        const given = back.map((one) => ({ ...one, quarter: one.quarter - by }));
        const rows = await session.query<{
          n: number;
          granted: number;
          quarters: number[];
          counts: number[];
        }>(borrowText, [nodeId, now - by, ...askColumns(asks), ...backColumns(given)]);
        return rows.map(({ granted, quarters, counts }) => ({
          granted,
          day: new Map(quarters.map((quarter, at) => [quarter + by, counts[at] ?? 0])),
        }));
      }),
    take: (asks) =>
      asNode(membership, async (nodeId) => {
        const rows = await session.query<{ n: number; due_in: number; slots: number }>(takeText, [
          nodeId,
          parts.now?.() ?? null,
          asks.map(({ key }) => key),
          asks.map(({ pace }) => pace.intervalMs),
          asks.map(({ pace }) => pace.burst),
          asks.map(({ wanted }) => wanted),
        ]);
        return rows.map(({ due_in: dueInMs, slots }) => ({ dueInMs, slots }));
      }),
  };
}

function askColumns(asks: readonly DayAsk[]): readonly unknown[] {
  return [
    asks.map(({ key }) => key),
    asks.map(({ wanted }) => wanted),
    asks.map(({ limit }) => limit),
    asks.map(({ mayExceed }) => mayExceed),
  ];
}

function backColumns(back: readonly DayBack[]): readonly unknown[] {
  return [
    back.map(({ key }) => key),
    back.map(({ quarter }) => quarter),
    back.map(({ recipients }) => recipients),
  ];
}
