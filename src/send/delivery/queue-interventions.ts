/** What an administrator does to whole queues. Source: Exchange, Suspend-Queue, Resume-Queue, Retry-Queue. */
import type { Events } from "../../events/events.ts";
import {
  submissionQueue,
  unreachableQueue,
  type Claim,
  type QueueName,
  type Spool,
} from "../../spool/spool.ts";
import type { Backlog } from "./backlog.ts";
import type { DeliveryQueues } from "./delivery-queues.ts";
import { queueTitle } from "./queue-snapshot.ts";
import type { Scheduler } from "./scheduler-contract.ts";

export interface QueueInterventions extends Pick<Scheduler, "suspend" | "retryNow"> {
  /**
   * Has a queue's messages routed again; suspended ones only with `suspendedToo`, and they stay suspended. Resolves
   * with how many; a call while one goes on does nothing.
   */
  resubmit(name: QueueName, suspendedToo: boolean): Promise<number>;
  /**
   * Another queue takes the place of a suspended one that is closed: it is suspended now, and holds the mail of that one.
   * Resolves when that has moved.
   */
  carry(from: QueueName, to: QueueName): Promise<void>;
  /** Messages of the queue are on their way to be routed again. */
  isResubmitting(name: QueueName): boolean;
  /** The same for what no connector matched, unless that queue is suspended. */
  rerouteUnreachable(): Promise<number>;
}

export function createQueueInterventions(options: {
  readonly spool: Pick<Spool, "resubmit" | "queues" | "messagesIn">;
  readonly events: Events;
  readonly queues: DeliveryQueues;
  readonly suspended: Set<QueueName>;
  readonly unrouted: Backlog;
  /** Ends a claim that waited in memory: it waits on disk. */
  readonly park: (claim: Claim, name: QueueName) => void;
  /** So many messages were moved to a queue. */
  readonly onResubmitted: (moved: number, to: QueueName) => void;
  /** A queue was suspended that is closed. */
  readonly onSuspendedClosed: () => void;
  readonly keepCarried: (from: QueueName, to: QueueName) => Promise<unknown>;
  readonly onFault: (error: unknown) => void;
  /** Looks at a queue now, or at every one. */
  readonly tick: (name?: QueueName) => void;
}): QueueInterventions {
  const {
    spool,
    events,
    queues,
    suspended,
    unrouted,
    park,
    onResubmitted,
    onSuspendedClosed,
    keepCarried,
    onFault,
    tick,
  } = options;
  const resubmitting = new Set<QueueName>();

  const resubmit = async (
    name: QueueName,
    suspendedToo: boolean,
    to: QueueName = submissionQueue,
  ): Promise<number> => {
    if (resubmitting.has(name)) return 0;
    resubmitting.add(name);
    try {
      const moved = await spool.resubmit(name, suspendedToo, to);
      if (moved > 0) onResubmitted(moved, to);
      return moved;
    } catch (error) {
      onFault(error);
      return 0;
    } finally {
      resubmitting.delete(name);
    }
  };

  const mark = (name: QueueName, on: boolean): void => {
    if (on) suspended.add(name);
    else suspended.delete(name);
    const queue = queues.get(name);
    if (queue === undefined) return;
    queue.suspended = on;
    if (!on) return;
    queue.carrier.recall?.();
    for (const claim of queue.takeAll()) park(claim, name);
  };

  return {
    resubmit: (name, suspendedToo) => resubmit(name, suspendedToo),
    async carry(from, to) {
      suspended.delete(from);
      mark(to, true);
      events.emit("QueueSuspensionCarried", { queue: from, successor: to });
      await resubmit(from, true, to);
      // Only now: ended before, the next start finds the old name and carries it over again.
      try {
        await keepCarried(from, to);
      } catch (error) {
        events.emit("RelayFault", { where: `keeping that queue ${to} is suspended`, error: String(error) });
      }
    },
    isResubmitting: (name) => resubmitting.has(name) || (name === submissionQueue && resubmitting.size > 0),
    async rerouteUnreachable() {
      return suspended.has(unreachableQueue) ? 0 : resubmit(unreachableQueue, false);
    },
    suspend(name, on) {
      if (suspended.has(name) === on) return false;
      mark(name, on);
      if (!on) {
        const messages = spool.messagesIn(name);
        (name === submissionQueue ? unrouted : queues.get(name)?.backlog)?.tryAll(messages);
      }
      events.emit(on ? "QueueSuspended" : "QueueResumed", { queue: queueTitle(name) });
      if (!on && name === unreachableQueue) void resubmit(name, false);
      else if (!on && name !== submissionQueue && !queues.has(name)) void resubmit(name, true);
      if (on && !queues.has(name)) onSuspendedClosed();
      tick(name);
      return true;
    },
    retryNow(name) {
      let tried = 0;
      const all = name === undefined ? spool.queues() : [{ queue: name, messages: spool.messagesIn(name) }];
      for (const { queue: held, messages } of all) {
        if (messages === 0 || suspended.has(held)) continue;
        const queue = queues.need(held);
        if (held === unreachableQueue) void resubmit(held, false);
        else if (queue !== undefined) {
          queue.carrier.retryNow?.();
          queue.backlog.tryAll(messages);
          if (!queue.healthy) queue.reopen();
        } else continue;
        tried++;
      }
      tick(name);
      return tried;
    },
  };
}
