/**
 * This node among the others: it comes under a number that is never used again (its incarnation), says every quarter of a
 * lease that it lives, ends others that have not, and comes anew where it was itself taken for dead. On a session of its
 * own, so that a commit that hangs does not end the node.
 */
import { randomUUID } from "node:crypto";
import { isEnded } from "../database/database-fault.ts";
import type { Database } from "../database/database.ts";
import { createFence, type TwoClocks } from "./fence.ts";

/** How many commits of a node may be under way: it has as many rows in node_commit. */
export const commitLanes = 2;

export interface Incarnation {
  readonly nodeId: number;
  /** Of 64: a part of each id. */
  readonly slot: number;
  /** Ids are drawn above it. */
  readonly idFloor: number;
}

export interface Membership {
  /** Undefined: the node is coming anew. */
  readonly current: Incarnation | undefined;
  /** What it holds is its own for certain now; else nothing is begun with it, and nobody is let in. */
  readonly isSafe: boolean;
  /** Undefined when safe: why not. */
  readonly fault: string | undefined;
  /** This node does what one does for all. */
  readonly isChores: boolean;
  /** Nodes that live, this one among them. */
  readonly living: number;
  /** Its counts stand in the ledger. */
  readonly isTold: boolean;
  /** A call was refused because this incarnation has ended. */
  ended(nodeId: number): void;
  /** Hears that an incarnation has ended: all it held is others'. Before there is a new one. */
  onEnded(listener: () => void): void;
  /** Hears of the one that follows, and when it is safe again after it was not. */
  onSafe(listener: () => void): void;
  /** Hears that it is not safe any more: what it has let in is about to be counted as gone, what it holds to be taken. */
  onUnsafe(listener: () => void): void;
  /** Hears that others were ended. */
  onReaped(listener: (nodes: number) => void): void;
  /** Hears after each heartbeat how far this machine's clock is ahead of the database's at least, in milliseconds; below zero: behind. */
  onClockOffset(listener: (aheadMs: number) => void): void;
  /** Up to which id may have been drawn when the next heartbeat comes. */
  reserveIds(upTo: () => number): void;
  /** Ends this incarnation in good order: all it holds is anybody's at once. */
  leave(): Promise<void>;
}

export interface MembershipOptions {
  readonly name: string;
  readonly installation: string;
  readonly leaseMs: number;
  readonly version: string;
  readonly clocks?: TwoClocks;
}

const againMs = 250;
/** How soon it is seen that it is not safe any more. */
const lookMs = 50;
const leaveTries = 8;

/** Rejects with DatabaseFault: without the database there is no node. */
export async function joinCluster(database: Database, options: MembershipOptions): Promise<Membership> {
  const { leaseMs } = options;
  const { heartbeat: session, name } = database;
  const fence = createFence(leaseMs, options.clocks);
  const wall = (): number => options.clocks?.wall() ?? Date.now();
  const endedListeners: (() => void)[] = [];
  const safeListeners: (() => void)[] = [];
  const unsafeListeners: (() => void)[] = [];
  const reapedListeners: ((nodes: number) => void)[] = [];
  const offsetListeners: ((aheadMs: number) => void)[] = [];
  const ofThisProcess = randomUUID();
  let cameBefore = false;
  let current: Incarnation | undefined;
  let isChores = false;
  let isTold = false;
  let living = 1;
  let fault: string | undefined;
  let reservedIds = (): number => 0;
  let coming: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let leaving = false;

  let unsafeTimer: NodeJS.Timeout | undefined;
  let isTimely = false;
  const tellUnsafe = (): void => {
    clearTimeout(unsafeTimer);
    if (!isTimely) return;
    isTimely = false;
    for (const listener of unsafeListeners) listener();
  };
  /** A heartbeat has gone through: looks again when its time is over. */
  const watchSafety = (): void => {
    isTimely = true;
    clearTimeout(unsafeTimer);
    const look = (): void => {
      if (!fence.isSafe) tellUnsafe();
      else unsafeTimer = setTimeout(look, lookMs).unref();
    };
    // Of the later ones most come before it.
    unsafeTimer = setTimeout(look, fence.safeMs / 2).unref();
  };

  const register = async (): Promise<void> => {
    const passed = fence.sending();
    const [row] = await session.query<{
      node_id: number;
      slot: number;
      id_floor: string;
      is_chores: boolean;
    }>(`select * from ${name("register_3")}($1, $2, $3, $4, $5, $6, $7)`, [
      options.name,
      options.installation,
      ofThisProcess,
      cameBefore,
      leaseMs,
      options.version,
      commitLanes,
    ]);
    if (row === undefined) throw new Error("the database gave this node no number");
    current = { nodeId: row.node_id, slot: row.slot, idFloor: Number(row.id_floor) };
    cameBefore = true;
    isChores = row.is_chores;
    isTold = false;
    passed();
    fault = undefined;
    watchSafety();
  };

  /** However many notice that the incarnation has ended, one comes anew. */
  const comeAnew = (): void => {
    coming ??= (async () => {
      while (!leaving && current === undefined) {
        try {
          await register();
        } catch (error) {
          fault = textOf(error);
          await new Promise((resolve) => setTimeout(resolve, againMs).unref());
        }
      }
    })().finally(() => {
      coming = undefined;
      if (!leaving) for (const listener of safeListeners) listener();
    });
  };

  const ended = (nodeId: number): void => {
    if (leaving || current?.nodeId !== nodeId) return;
    current = undefined;
    fence.drop();
    fault = "this node was taken for dead and comes anew";
    tellUnsafe();
    for (const listener of endedListeners) listener();
    comeAnew();
  };

  const beat = async ({ nodeId }: Incarnation): Promise<void> => {
    const wasSafe = fence.isSafe;
    const passed = fence.sending();
    const sentAt = wall();
    const [row] = await session.query<{
      is_steady: boolean;
      is_chores: boolean;
      living: number;
      is_told: boolean;
      now: number;
    }>(`select * from ${name("heartbeat_2")}($1, $2)`, [nodeId, reservedIds()]);
    if (row === undefined || current?.nodeId !== nodeId) return;
    passed();
    fault = undefined;
    watchSafety();
    ({ is_chores: isChores, living, is_told: isTold } = row);
    if (!wasSafe) for (const listener of safeListeners) listener();
    const aheadMs = clockOffset(sentAt, row.now, wall());
    for (const listener of offsetListeners) listener(aheadMs);
    if (!row.is_steady) return;
    const [reaped] = await session.query<{ nodes: number }>(`select ${name("reap_1")}($1) as nodes`, [
      nodeId,
    ]);
    const nodes = reaped?.nodes ?? 0;
    if (nodes > 0) for (const listener of reapedListeners) listener(nodes);
  };

  const tick = async (): Promise<void> => {
    let nextMs = leaseMs / 4;
    const { nodeId = 0 } = current ?? {};
    try {
      if (current !== undefined) await beat(current);
    } catch (error) {
      nextMs = Math.min(againMs, nextMs);
      if (isEnded(error)) ended(nodeId);
      else fault = textOf(error);
    }
    plan(nextMs);
  };
  const plan = (ms: number): void => {
    if (!leaving) timer = setTimeout(() => void tick(), ms).unref();
  };

  const [others] = await session.query<{ living: number }>(
    `select count(*)::int as living from ${name("node")} where ended_at is null and name <> $1`,
    [options.name],
  );
  await register();
  living = 1 + (others?.living ?? 0);
  plan(leaseMs / 4);

  return {
    get current() {
      return current;
    },
    get isSafe() {
      return current !== undefined && fence.isSafe;
    },
    get fault() {
      return current !== undefined && fence.isSafe ? undefined : (fault ?? "the database does not answer");
    },
    get isChores() {
      return isChores;
    },
    get living() {
      return living;
    },
    get isTold() {
      return isTold;
    },
    ended,
    onEnded: (listener) => void endedListeners.push(listener),
    onSafe: (listener) => void safeListeners.push(listener),
    onUnsafe: (listener) => void unsafeListeners.push(listener),
    onClockOffset: (listener) => void offsetListeners.push(listener),
    onReaped: (listener) => void reapedListeners.push(listener),
    reserveIds(upTo) {
      reservedIds = upTo;
    },
    async leave() {
      if (leaving) return;
      leaving = true;
      clearTimeout(timer);
      clearTimeout(unsafeTimer);
      await coming;
      const own = current;
      current = undefined;
      fence.drop();
      // A call of its own may be under way yet; else its lease ends it.
      for (let tries = 0; own !== undefined && tries < leaveTries; tries++) {
        const [row] = await session
          .query<{ left: boolean }>(`select ${name("leave_2")}($1) as left`, [own.nodeId])
          .catch(() => []);
        if (row?.left === true) return;
        await new Promise((resolve) => setTimeout(resolve, againMs));
      }
    },
  };
}

/** How far the asking clock is ahead at least, for the answer is of some instant between the two. */
export function clockOffset(sentAt: number, answered: number, heardAt: number): number {
  if (answered < sentAt) return sentAt - answered;
  return answered > heardAt ? heardAt - answered : 0;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
