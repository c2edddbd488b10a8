/**
 * Mail that waits on disk. A claim that is not carried now ends here: its recipients wait in the queue they belong
 * to, or, when their time has come, are reported on or given up.
 */
import { isOverdue } from "../../core/policy/delivery-outcome.ts";
import {
  submissionQueue,
  suspendedDueAt,
  unreachableQueue,
  type Claim,
  type QueueName,
} from "../../spool/spool.ts";
import type { Backlog } from "./backlog.ts";
import { decideWaiting, routedAnew } from "./decisions.ts";
import { decisionContext, type DeliveryState } from "./delivery-state.ts";
import type { DeliveryQueue } from "./delivery-queue.ts";
import { unreachableFinding } from "./claim-routes.ts";
import type { Settlement } from "./settlement.ts";
import type { WakeUp } from "./wake-up.ts";

export interface Parking {
  /** Lets a claim wait in a queue. Resolves when it has moved there, if it must. */
  park(claim: Claim, queue: QueueName): Promise<void> | undefined;
  /** Looks at a claim that has waited long where it is. */
  judge(claim: Claim): void;
  /** It is time for a delay report, or to give up. */
  isDecisionDue(claim: Claim): boolean;
  /** Mail that waits in a queue is in line for its try: its age does not count yet. */
  owesTries(queue: QueueName): boolean;
  /** A queue is being worked on, so what waits there is tried before long. */
  isWorkedOn(queue: QueueName): boolean;
  /** So many messages were moved to a queue: they have yet to be tried there, or where they are routed to. */
  resubmitted(entries: number, to: QueueName): void;
  /** Recipients stand in a queue, due at `dueAt`: it is looked at then. */
  kept(queue: QueueName, dueAt: number): void;
  /** Where recipients of a queue wait: they are routed again when no connector has that queue any more. */
  queueFor(name: QueueName): QueueName;
}

/**
 * Until when mail from before the start that is suspended is neither given up nor reported on: as long as a sender is
 * left without word of a delay.
 */
export function graceEndsAt({ startedAt, settings: { transport } }: DeliveryState): number {
  return startedAt + Math.min(transport.delayNotificationTimeout, transport.messageExpirationTimeout);
}

export function createParking(
  state: DeliveryState,
  parts: {
    readonly settlement: Settlement;
    /** Moves a claim out of a queue that another takes over from; false: it stays. */
    readonly relieve: (queue: DeliveryQueue, claim: Claim) => boolean;
    readonly wakeUp: WakeUp;
    readonly refill: (queue: DeliveryQueue) => void;
    readonly route: () => void;
  },
): Parking {
  const { spool, clock, queues, unrouted, suspended } = state;
  const { settlement, relieve, wakeUp, refill, route } = parts;

  const queueFor = (name: QueueName): QueueName =>
    queues.has(name) || name === unreachableQueue || suspended.has(name) ? name : submissionQueue;

  const isDecisionDue = ({ message, recipients }: Claim): boolean => {
    const allReported = recipients.every(({ delayReported }) => delayReported);
    return isOverdue(message.arrivedAt, allReported, clock.now(), state.settings.transport);
  };

  const backlogOf = (name: QueueName): Backlog | undefined =>
    name === submissionQueue ? unrouted : queues.need(name)?.backlog;

  /** One that is not open has nothing against it. */
  const isWorkedOn = (name: QueueName): boolean =>
    name === submissionQueue
      ? !suspended.has(name)
      : (queues.get(name)?.healthy ?? (queues.has(name) && !suspended.has(name)));

  /** Suspended over a time in which nobody could resume it: there is some time for that first. */
  const isHeldFromBefore = ({ message, recipients }: Claim, name: QueueName): boolean =>
    message.arrivedAt < state.startedAt &&
    clock.now() < graceEndsAt(state) &&
    (suspended.has(name) || recipients.every((recipient) => recipient.suspended));

  const conclude = (claim: Claim, name: QueueName): void => {
    const queue = queues.get(name);
    const lastError = name === unreachableQueue ? unreachableFinding : queue?.lastError;
    const isElsewhere = claim.queue !== name && lastError !== undefined;
    settlement.conclude(
      claim,
      decideWaiting(
        claim,
        isElsewhere ? claim.recipients.map(routedAnew) : claim.recipients,
        name,
        clock.now(),
        lastError,
        queue?.lastHost,
        decisionContext(state),
      ),
      queue?.connector.name ?? "",
    );
  };

  return {
    queueFor,
    isDecisionDue,
    park(claim, name) {
      const queue = queueFor(name);
      const waitsIn = queues.get(queue);
      if (waitsIn !== undefined && relieve(waitsIn, claim)) return undefined;
      if (isDecisionDue(claim)) {
        if (isWorkedOn(queue)) backlogOf(queue)?.oweTries(1);
        else if (!isHeldFromBefore(claim, queue)) {
          conclude(claim, queue);
          return undefined;
        }
      }
      if (claim.queue !== queue) return settlement.move(claim, queue);
      spool.release(claim);
      return undefined;
    },
    judge(claim) {
      const queue = queueFor(claim.queue);
      if (isDecisionDue(claim) && !isHeldFromBefore(claim, queue)) conclude(claim, queue);
      else spool.release(claim);
    },
    owesTries: (name) =>
      isWorkedOn(name) &&
      (name === submissionQueue ? unrouted : queues.get(name)?.backlog)?.owesTries === true,
    isWorkedOn,
    resubmitted(entries, to) {
      backlogOf(to)?.oweTries(entries);
      if (to === submissionQueue) route();
    },
    kept(name, dueAt) {
      if (state.phase === "stopping" || name === unreachableQueue || dueAt === suspendedDueAt) return;
      // Also for later: what waits is seen.
      const queue = name === submissionQueue ? undefined : queues.need(name);
      if (dueAt > clock.now()) return wakeUp.at(dueAt, name);
      if (name === submissionQueue) {
        unrouted.arrived();
        return route();
      }
      if (queue === undefined) return wakeUp.at(clock.now());
      queue.backlog.arrived();
      if (queue.healthy) refill(queue);
    },
  };
}
