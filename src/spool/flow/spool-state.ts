/** What the parts of the durable spool share, and the smallest steps on it. Nothing here touches the disk. */
import type { MessageId } from "../../core/message/envelope.ts";
import type { Clock } from "../../ports/ports.ts";
import type { SpoolPlace } from "../lock/spool-place.ts";
import type { BodyFiles } from "../bodies/body-file.ts";
import type { BodyRoom } from "../bodies/body-writer.ts";
import type { GroupCommit } from "../store/group-commit.ts";
import type { DueKey } from "../store/keys.ts";
import { holdClaim, isHeld, type LiveClaim, type LiveMessage } from "../messages/live-message.ts";
import type { Store } from "../store/journaled-store.ts";
import type { QueueTable } from "../queues/queue-table.ts";
import type { QueueEntry } from "../messages/recipients.ts";
import type { ComingIn } from "../messages/coming-in.ts";
import { SpoolError, type FreshMail, type QueueName, type Spool } from "../spool.ts";

export interface SpoolState {
  readonly directory: string;
  readonly clock: Clock;
  /** By the clock of this run. */
  readonly openedAt: number;
  readonly inlineLimitBytes: number;
  readonly memoryBudgetBytes: number;
  readonly onFault: (fault: SpoolError) => void;
  readonly place: SpoolPlace;
  readonly bodies: BodyFiles;
  readonly store: Store;
  readonly group: GroupCommit;
  readonly queues: QueueTable;
  readonly memory: MessagesInUse;
  fresh: FreshMail | undefined;
  onDamaged: Parameters<Spool["onDamaged"]>[0] | undefined;
  /** What fresh claims hold in memory, and large bodies that arrive. */
  freshBytes: number;
  /** Messages kept. */
  size: number;
  closed: boolean;
}

export interface MessagesInUse {
  readonly lives: Map<MessageId, LiveMessage>;
  /** On disk perhaps, but nobody's yet. */
  readonly comingIn: ComingIn;
  /** Damaged and on their way out. */
  readonly damaged: Set<MessageId>;
  /** Who waits for a message to be settled. */
  readonly waiters: Map<MessageId, (() => void)[]>;
}

/** Records read before other work gets its turn. */
export const turnRecords = 64;
/** Every recipient is due then. */
export const everyRecipient = Number.POSITIVE_INFINITY;

export function isTaken(memory: MessagesInUse, queue: QueueName, { id, dueAt }: DueKey): boolean {
  if (memory.comingIn.has(id) || memory.damaged.has(id)) return true;
  const live = memory.lives.get(id);
  return live !== undefined && (isHeld(live, queue) || !hasEntry(live, queue, dueAt));
}

export function hasEntry(live: LiveMessage, queue: QueueName, dueAt: number): boolean {
  return live.entries.some((entry) => entry.queue === queue && entry.dueAt === dueAt);
}

export function hold(spool: SpoolState, live: LiveMessage, queue: QueueName, now: number): LiveClaim {
  spool.memory.lives.set(live.message.id, live);
  spool.queues.find(queue)?.forget(live.message.id);
  return holdClaim(live, queue, now, spool.bodies, 0);
}

/** Large bodies leave three quarters of the budget to small mail. */
export function bodyRoom(spool: SpoolState): BodyRoom {
  return {
    take(bytes) {
      if (spool.fresh === undefined || spool.freshBytes + bytes > spool.memoryBudgetBytes / 4) return false;
      spool.freshBytes += bytes;
      return true;
    },
    give(bytes) {
      spool.freshBytes -= bytes;
    },
  };
}

export function endClaim(spool: SpoolState, claim: LiveClaim): void {
  claim.ended = true;
  if (claim.freshBytes > 0) dropKeptBody(claim.live);
  spool.freshBytes -= claim.freshBytes;
  const { claims } = claim.live;
  claims.splice(claims.indexOf(claim), 1);
}

/** Its content is on disk only from now on. */
export function dropKeptBody(live: LiveMessage): void {
  live.keptBody?.end();
  live.keptBody = undefined;
}

/** What is neither held nor being written needs no memory. */
export function letGo(spool: SpoolState, live: LiveMessage): void {
  if (live.claims.length === 0 && live.unwritten === 0) spool.memory.lives.delete(live.message.id);
}

export function makeClaimable(spool: SpoolState, live: LiveMessage, { queue, dueAt }: QueueEntry): void {
  const { id } = live.message;
  const due = spool.queues.find(queue);
  if (due !== undefined && !due.pending.has(id) && !isHeld(live, queue)) due.add({ dueAt, id });
}

export function tellSettled({ memory: { waiters } }: SpoolState, id: MessageId): void {
  const resolves = waiters.get(id);
  if (resolves === undefined) return;
  waiters.delete(id);
  for (const resolve of resolves) resolve();
}

export function closedError(): SpoolError {
  return new SpoolError("closed", "the spool is closed");
}

export function assertOpen({ closed }: SpoolState): void {
  if (closed) throw closedError();
}
