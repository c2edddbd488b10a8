/**
 * The ledger that several nodes share. All that stands at this node's doors in one turn of the event loop goes in one call,
 * with what the node has open now: absolute numbers, so that a call that is made twice, or whose answer is lost, changes
 * nothing. The database decides one call after the other (schema/ledger-functions.ts), each against the counts of that
 * moment. Where a connector has no limit nobody waits: its counts are told behind. Limits that are only watched are looked
 * at by each node for itself: what they would have refused elsewhere is not known here.
 */
import {
  refuseConnection,
  type ConnectionCounts,
  type ConnectionLimits,
} from "../../core/policy/connection-limits.ts";
import type { WatchedConnections } from "../../core/policy/receive-connector.ts";
import {
  LedgerAway,
  type Charge,
  type Entry,
  type Lease,
  type Ledger,
  type Spent,
} from "../../receive/admission/ledger.ts";
import { createWatchedCounts } from "../../receive/admission/watched-counts.ts";
import { isEnded } from "../database/database-fault.ts";
import type { Database } from "../database/database.ts";
import type { Membership } from "../membership/membership.ts";
import { createOpenCounts, type OpenPair } from "./open-counts.ts";
import { createSharedMinutes } from "./shared-minutes.ts";

export interface PostgresLedger extends Ledger {
  /** Resolves when what has changed here so far is in the database, or could not be told now. */
  told(): Promise<void>;
  close(): void;
}

interface Waiter {
  readonly pair: OpenPair;
  readonly limits: ConnectionLimits;
  readonly watched: readonly WatchedConnections[] | undefined;
  readonly since: number;
  readonly resolve: (entry: Entry) => void;
  readonly reject: (error: Error) => void;
  /** It has been sent away. */
  isGone: boolean;
}

/** Nobody stands at the door longer, with the database away: a failover. */
const mostPatienceMs = 10_000;
const againMs = 50;
/** How soon it is seen that somebody's time is up, whatever a call that is under way does. */
const lookMs = 500;
const tellMs = 1_000;

/**
 * `leaseMs`: whoever stands at the door is sent away when it is over; default: as the longest. `second`: another clock than
 * the database's, for tests.
 */
export function createPostgresLedger(parts: {
  readonly database: Pick<Database, "ledger" | "name">;
  readonly membership: Membership;
  readonly leaseMs?: number;
  readonly second?: () => number;
}): PostgresLedger {
  const { database, membership } = parts;
  const { ledger: session, name } = database;
  const text = `select * from ${name("door_1")}(${Array.from({ length: 12 }, (_, n) => `$${n + 1}`).join(", ")})`;
  const open = createOpenCounts();
  const patienceMs = Math.min(parts.leaseMs ?? mostPatienceMs, mostPatienceMs);
  const minutes = createSharedMinutes({ ...parts, patienceMs });
  const watchedCounts = createWatchedCounts();
  let waiting: Waiter[] = [];
  /** Those that a call under way asks for. */
  let standing: readonly Waiter[] = [];
  let running: Promise<void> | undefined;
  let tellAll = true;
  let closed = false;

  const lease = (pair: OpenPair, takeBack: (() => void) | undefined): Lease => {
    let held = true;
    return {
      end() {
        if (!held) return;
        held = false;
        takeBack?.();
        open.ended(pair);
        start();
      },
    };
  };

  const letIn = (
    pair: OpenPair,
    watched: readonly WatchedConnections[] | undefined,
    counts: ConnectionCounts,
  ): Entry => {
    const { connector, source } = pair;
    const wouldRefuse = watchedCounts.look(connector, source, watched, counts);
    const out = wouldRefuse && watchedCounts.leaveOut(connector, source, wouldRefuse);
    open.entered(pair);
    return { lease: lease(pair, out), counts, wouldRefuse };
  };

  /** One call for all that stand there. Those who cannot be decided on yet stay. */
  const step = async (): Promise<void> => {
    const asked = waiting;
    waiting = [];
    standing = asked;
    const nodeId = membership.current?.nodeId;
    const all = tellAll;
    const told = open.take(
      all,
      asked.map(({ pair }) => pair),
    );
    let isKept = false;
    try {
      if (nodeId === undefined) throw new Error(membership.fault ?? "the database does not answer");
      const [row] = await session.query<{
        tell: boolean;
        verdicts: number[] | null;
        totals: number[];
        sources: number[];
      }>(text, [
        nodeId,
        all,
        told.connectors,
        told.sources,
        told.open,
        told.totalOf,
        told.totalConnectors,
        told.totals,
        asked.map(({ pair }) => told.indexOf(pair)),
        asked.map(({ limits }) => limits.maxInboundConnection),
        asked.map(({ limits }) => limits.maxInboundConnectionPerSource),
        asked.map(({ limits }) => limits.maxInboundConnectionPercentagePerSource),
      ]);
      if (row === undefined || row.tell) {
        tellAll = true;
        waiting = [...asked, ...waiting];
        open.untold(told);
        return;
      }
      // A node that did not run meanwhile: the places are others' by now.
      if (asked.length > 0 && !membership.isSafe) throw new Error(membership.fault ?? "not safe");
      tellAll = false;
      isKept = true;
      if (row.verdicts === null) {
        // Not every node has told its counts since the database began anew.
        if (asked.length > 0) await pause();
        waiting = [...late(asked), ...waiting];
        return;
      }
      for (const [at, waiter] of asked.entries()) {
        const counts = { open: row.totals[at] ?? 0, openFromSource: row.sources[at] ?? 0 };
        if (waiter.isGone) {
          // Nobody has the place it may have got: told by the next call.
          open.entered(waiter.pair);
          open.ended(waiter.pair);
          continue;
        }
        if (row.verdicts[at] === 1) {
          waiter.resolve(letIn(waiter.pair, waiter.watched, counts));
          continue;
        }
        const { connector, source } = waiter.pair;
        const refused = refuseConnection(waiter.limits, counts);
        const wouldRefuse = watchedCounts.look(connector, source, waiter.watched, counts);
        if (refused !== undefined) waiter.resolve({ refused, wouldRefuse });
        else waiter.reject(new Error("the database and this program judge a limit differently"));
      }
    } catch (error) {
      if (isEnded(error) && nodeId !== undefined) membership.ended(nodeId);
      if (!isKept) open.untold(told);
      tellAll = true;
      await pause();
      waiting = [...late(asked), ...waiting];
    }
  };

  /** Those whose time is not up. */
  const late = (asked: readonly Waiter[]): readonly Waiter[] =>
    asked.filter((waiter) => {
      if (waiter.isGone) return false;
      if (!closed && performance.now() - waiter.since < patienceMs) return true;
      waiter.isGone = true;
      waiter.reject(ledgerAway(membership));
      return false;
    });
  const looks = setInterval(() => {
    if (waiting.length > 0) waiting = [...late(waiting)];
    late(standing);
  }, lookMs).unref();

  const start = (): void => {
    if (closed) return;
    // With what else this turn of the event loop brings.
    running ??= new Promise<void>((resolve) => setImmediate(resolve)).then(async () => {
      while (!closed && (tellAll || waiting.length > 0 || open.isChanged)) await step();
      running = undefined;
      standing = [];
    });
  };

  const told = async (): Promise<void> => {
    if (!open.isChanged && running === undefined) return;
    start();
    await running;
  };

  const timer = setInterval(() => {
    // The database began anew, and has no counts of anybody.
    if (!membership.isTold) tellAll = true;
    if (tellAll) start();
  }, tellMs).unref();
  membership.onEnded(() => (tellAll = true));

  return {
    enter(connector, source, limits, watched) {
      const pair = open.pairOf(connector, source);
      // One that cannot be kept has no need of a session.
      if (isUnlimited(limits) && membership.isSafe) {
        const counts = { open: open.inConnector(connector), openFromSource: pair.open };
        const entry = letIn(pair, watched, counts);
        start();
        return Promise.resolve(entry);
      }
      return new Promise((resolve, reject) => {
        waiting.push({ pair, limits, watched, since: performance.now(), resolve, reject, isGone: false });
        start();
      });
    },
    async spend(charges: readonly Charge[], watched): Promise<Spent> {
      const spent = charges.length === 0 ? nothingSpent : await minutes.spend(charges);
      return watchedCounts.spend(spent, watched, parts.second?.() ?? Math.floor(Date.now() / 1000));
    },
    counted: (charges) => minutes.counted(charges),
    told,
    async snapshot() {
      await told();
      const rows = await session.query<{ connector: string; source: string; open: string }>(
        `select * from ${name("open_1")}()`,
      );
      return rows.map(({ connector, source, open: count }) => ({ connector, source, open: Number(count) }));
    },
    close() {
      closed = true;
      clearInterval(timer);
      clearInterval(looks);
      minutes.close();
      for (const { reject } of waiting.splice(0)) reject(new LedgerAway("the node ends"));
    },
  };
}

function ledgerAway({ fault = "the database does not answer" }: Pick<Membership, "fault">): LedgerAway {
  return new LedgerAway(`limits cannot be counted: ${fault}`);
}

const nothingSpent: Spent = { refused: undefined, seen: 0, waitSeconds: 0 };

function isUnlimited(limits: ConnectionLimits): boolean {
  return limits.maxInboundConnection === Infinity && limits.maxInboundConnectionPerSource === Infinity;
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, againMs * (0.5 + Math.random())));
}
