/**
 * Events of the last minute under keys that all nodes share, counted by the database's seconds. All that is asked in one
 * turn of the event loop goes in one call. Far from a limit some are taken ahead, for a second, so that most are decided
 * here; what is left of them is given back. So a limit is never passed, and for a second somebody may be refused what
 * another node has taken and not used.
 */
import { SlidingMinute } from "../../core/policy/sliding-minute.ts";
import { LedgerAway, type Charge, type Counted, type Spent } from "../../receive/admission/ledger.ts";
import { isEnded } from "../database/database-fault.ts";
import type { Database } from "../database/database.ts";
import type { Membership } from "../membership/membership.ts";

export interface SharedMinutes {
  spend(charges: readonly Charge[]): Promise<Spent>;
  counted(charges: readonly Charge[]): Promise<readonly Counted[]>;
  close(): void;
}

interface Asked {
  readonly charges: readonly Charge[];
  readonly since: number;
  readonly resolve: (spent: Spent) => void;
  readonly reject: (error: Error) => void;
}

/** Taken ahead and not used yet. */
interface Block {
  readonly limit: number;
  /** In which it was taken, by the database. */
  readonly second: number;
  readonly until: number;
  left: number;
  seen: number;
}

const blockMs = 1_000;
const againMs = 50;
/** How soon it is seen that somebody's time is up, whatever a call that is under way does. */
const lookMs = 500;
const sweepMs = 60_000;

export function createSharedMinutes(parts: {
  readonly database: Pick<Database, "ledger" | "name">;
  readonly membership: Membership;
  /** How long anybody waits while the database is away; milliseconds. */
  readonly patienceMs: number;
  readonly second?: () => number;
}): SharedMinutes {
  const { database, membership, patienceMs, second } = parts;
  const { ledger: session, name } = database;
  const text = `select * from ${name("spend_1")}($1, $2, $3, $4, $5, $6, $7, $8, $9)`;
  // Of each key the row on top (schema/turning-rows.ts).
  const read = `select k.key, m.at, m.counts, coalesce($2::bigint, floor(extract(epoch from clock_timestamp()))::bigint) as now_at
    from unnest($1::text[]) k(key) cross join lateral (
      select o.at, o.counts from ${name("minute")} o where o.key = k.key order by o.turn desc limit 1
    ) m`;
  const blocks = new Map<string, Block>();
  let asked: Asked[] = [];
  /** What a call under way asks for. */
  let standing: readonly Asked[] = [];
  let running: Promise<void> | undefined;
  let closed = false;

  /** As they stand in the database now. */
  const minutesOf = async (charges: readonly Charge[]): Promise<ReadonlyMap<string, SlidingMinute>> => {
    const keys = [...new Set(charges.map(({ key }) => key))];
    const rows = await session.query<{ key: string; at: string; counts: number[]; now_at: string }>(read, [
      keys,
      second?.() ?? null,
    ]);
    return new Map(
      rows.map(({ key, at, counts, now_at: now }) => {
        const total = counts.reduce((sum, count) => sum + count, 0);
        const minute = new SlidingMinute(Number(at), Uint32Array.from(counts), total);
        minute.totalAt(Number(now));
        return [key, minute];
      }),
    );
  };

  const step = async (): Promise<void> => {
    const group = asked;
    asked = [];
    standing = group;
    const given = [...blocks].filter(([, { left, until }]) => left > 0 && until <= performance.now());
    for (const [key] of given) blocks.delete(key);
    const nodeId = membership.current?.nodeId;
    /** One block of each key at a time. */
    const taking = new Set(blocks.keys());
    try {
      if (nodeId === undefined) throw new Error(membership.fault ?? "the database does not answer");
      const calls = group.flatMap(({ charges }, call) =>
        charges.map((charge) => ({ call: call + 1, charge })),
      );
      const [row] = await session.query<{ at: string; refused: number[]; seen: number[]; blocks: number[] }>(
        text,
        [
          nodeId,
          second?.() ?? null,
          calls.map(({ call }) => call),
          calls.map(({ charge }) => charge.key),
          calls.map(({ charge }) => charge.limit),
          calls.map(({ charge }) => {
            const mayTake = !taking.has(charge.key);
            taking.add(charge.key);
            return mayTake;
          }),
          given.map(([key]) => key),
          given.map(([, block]) => block.second),
          given.map(([, { left }]) => left),
        ],
      );
      const over = group.flatMap(({ charges }, at) => ((row?.refused[at] ?? 0) > 0 ? charges : []));
      const minutes = over.length === 0 ? undefined : await minutesOf(over);
      for (const [at, { charges, resolve }] of group.entries()) {
        const refused = charges[(row?.refused[at] ?? 0) - 1];
        const seen = row?.seen[at] ?? 0;
        const left = row?.blocks[at] ?? 0;
        const [first] = charges;
        if (left > 0 && first !== undefined)
          blocks.set(first.key, {
            limit: first.limit,
            second: Number(row?.at ?? 0),
            until: performance.now() + blockMs,
            left,
            seen: seen + 1,
          });
        const waits = charges.map(({ key, limit }) => minutes?.get(key)?.secondsUntilBelow(limit) ?? 0);
        resolve({ refused, seen, waitSeconds: refused === undefined ? 0 : Math.max(...waits) });
      }
    } catch (error) {
      if (isEnded(error) && nodeId !== undefined) membership.ended(nodeId);
      await new Promise((resolve) => setTimeout(resolve, againMs));
      asked = [...group.filter(stillWaits), ...asked];
    }
  };

  const stillWaits = ({ since, reject }: Asked): boolean => {
    if (!closed && performance.now() - since < patienceMs) return true;
    // More than once for one that is asked for again: it is told once.
    const { fault = "the database does not answer" } = membership;
    reject(new LedgerAway(`limits cannot be counted: ${fault}`));
    return false;
  };

  const start = (): void => {
    running ??= new Promise<void>((resolve) => setImmediate(resolve)).then(async () => {
      while (!closed && asked.length > 0) await step();
      running = undefined;
      standing = [];
    });
  };

  const looks = setInterval(() => {
    asked = asked.filter(stillWaits);
    for (const one of standing) stillWaits(one);
  }, lookMs).unref();

  /** Of what was taken ahead. */
  const fromBlock = (charges: readonly Charge[]): Spent | undefined => {
    const [charge] = charges;
    const block = charges.length === 1 && charge !== undefined ? blocks.get(charge.key) : undefined;
    if (block === undefined || block.left === 0 || block.until <= performance.now()) return undefined;
    if (block.limit !== charge?.limit || !membership.isSafe) return undefined;
    block.left--;
    return { refused: undefined, seen: block.seen++, waitSeconds: 0 };
  };

  const timer = setInterval(() => {
    if (membership.isChores) session.query(`select ${name("forget_minutes_1")}()`).catch(() => undefined);
  }, sweepMs).unref();

  return {
    spend(charges) {
      const spent = fromBlock(charges);
      if (spent !== undefined) return Promise.resolve(spent);
      return new Promise((resolve, reject) => {
        asked.push({ charges, since: performance.now(), resolve, reject });
        start();
      });
    },
    async counted(charges) {
      const minutes = await minutesOf(charges);
      return charges.map((charge) => {
        const minute = minutes.get(charge.key);
        const total = minute?.totalAt(0) ?? 0;
        const frees = total === 0 ? 0 : (minute?.secondsUntilBelow(Math.min(total, charge.limit)) ?? 0);
        return { charge, seen: total, freesInSeconds: frees };
      });
    },
    close() {
      closed = true;
      clearInterval(timer);
      clearInterval(looks);
      for (const { reject } of asked.splice(0)) reject(new LedgerAway("the node ends"));
    },
  };
}
