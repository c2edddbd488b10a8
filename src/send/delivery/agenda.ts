/** What time brings: queues whose rest is over, mail whose due time has come, and the sweep of what waits long. */
import { latestPlausibleDueAt } from "../../core/policy/retry-schedule.ts";
import {
  submissionQueue,
  unreachableQueue,
  type Claim,
  type QueueName,
  type QueueSummary,
} from "../../spool/spool.ts";
import type { DeliveryQueue } from "./delivery-queue.ts";
import type { DeliveryState } from "./delivery-state.ts";
import type { Fallbacks } from "./fallback.ts";
import { graceEndsAt, type Parking } from "./parking.ts";
import { tellClaimFault } from "./refill.ts";
import type { Sweep } from "./sweep.ts";
import type { WakeUp } from "./wake-up.ts";

export interface Agenda {
  /** Looks at every queue now, and sees to it that each is looked at again when the next thing is due. Cost: per queue. */
  look(): void;
  /** The same for these queues. Cost: one short read for each. */
  lookAt(queues: readonly QueueName[]): void;
}

export function createAgenda(
  state: DeliveryState,
  parts: {
    readonly wakeUp: WakeUp;
    readonly sweep: Sweep;
    readonly parking: Pick<Parking, "isDecisionDue" | "judge">;
    readonly fallbacks: Pick<Fallbacks, "beginsAt" | "drain">;
    readonly pump: (queue: DeliveryQueue) => void;
    readonly route: () => void;
    /** What no connector matched is routed again. */
    readonly rerouteUnreachable: () => void;
    /** A queue on disk that no connector has. */
    readonly resubmit: (name: QueueName) => void;
  },
): Agenda {
  const { spool, clock, limits, queues, unrouted, suspended } = state;
  const { wakeUp, sweep, parking, fallbacks, pump, route, resubmit } = parts;
  let nextSweepAt = 0;
  let graceIsOver = false;
  let reroutedBy = state.routing;
  /**
   * Mail in the memory of a queue whose next hop takes its time with each message: a walk does not get it. What is from before
   * the start is tried first, however old it is.
   */
  const judgeWaiting = (): void => {
    const isDue = (claim: Claim): boolean =>
      claim.message.arrivedAt >= state.startedAt && parking.isDecisionDue(claim);
    for (const queue of queues) for (const claim of queue.takeThose(isDue)) parking.judge(claim);
  };

  /** Once more behind a sweep: what was held when the configuration changed stands there by the old routing. */
  const swept = (): void => {
    if (reroutedBy !== state.routing) {
      reroutedBy = state.routing;
      parts.rerouteUnreachable();
    }
    look();
  };

  /** What a queue on disk asks for: work now, or a wake-up. */
  const readQueue = ({ queue: name, messages, nextDueAt }: QueueSummary, now: number): void => {
    if (name === unreachableQueue) return;
    const queue = queues.need(name);
    const backlog = name === submissionQueue ? unrouted : queue?.backlog;
    if (backlog === undefined) return suspended.has(name) ? undefined : resubmit(name);
    if (nextDueAt === undefined) return;
    if (nextDueAt > latestPlausibleDueAt(now, state.settings.transport)) backlog.tryAll(messages);
    else if (nextDueAt <= now || backlog.owesTries) {
      if (!backlog.due) backlog.arrived();
    } else if (queue === undefined || queue.healthy) wakeUp.at(nextDueAt, name);
  };

  /** When it is time, or when its time comes. */
  const relieve = (queue: DeliveryQueue, now: number): void => {
    const at = fallbacks.beginsAt(queue);
    if (at === undefined) return;
    if (at > now) return wakeUp.at(at, queue.name);
    const next = spool.nextDueAt(queue.name);
    if (next !== undefined && next > now) wakeUp.at(next, queue.name);
    void fallbacks.drain(queue);
  };

  /** Retry is over, or will be. */
  const reopen = (queue: DeliveryQueue, now: number): void => {
    if (queue.retryAt === undefined) return;
    if (queue.retryAt <= now) return queue.reopen();
    wakeUp.at(queue.retryAt, queue.name);
    relieve(queue, now);
  };

  /** What could not be read now is found by the next look at everything. */
  const guarded = (what: () => void): void => {
    if (state.phase !== "running") return;
    try {
      what();
    } catch (error) {
      tellClaimFault(state, error);
      wakeUp.at(clock.now() + limits.afterFaultMs);
    }
  };

  const look = (): void =>
    guarded(() => {
      const now = clock.now();
      for (const queue of queues) reopen(queue, now);
      for (const summary of spool.queues()) readQueue(summary, now);
      if (!graceIsOver && now >= graceEndsAt(state)) {
        graceIsOver = true;
        sweep.restart();
      }
      if (now >= nextSweepAt) {
        nextSweepAt = now + limits.sweepMs;
        judgeWaiting();
        sweep
          .run(now, state.settings.transport)
          .then(swept, (error: unknown) => tellClaimFault(state, error));
      }
      wakeUp.at(nextSweepAt);
      for (const queue of queues) {
        pump(queue);
        queues.dropIfEmpty(queue, spool, now);
      }
      route();
    });

  return {
    look,
    lookAt: (names) =>
      guarded(() => {
        const now = clock.now();
        for (const name of names) {
          const open = queues.get(name);
          if (open !== undefined) reopen(open, now);
          const messages = spool.messagesIn(name);
          if (messages > 0) readQueue({ queue: name, messages, nextDueAt: spool.nextDueAt(name) }, now);
          const queue = queues.get(name);
          if (queue === undefined) continue;
          pump(queue);
          queues.dropIfEmpty(queue, spool, now);
        }
        route();
      }),
  };
}
