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
import { decideWaiting } from "./decisions.ts";
import { decisionContext, type DeliveryState } from "./delivery-state.ts";
import type { DeliveryQueue } from "./delivery-queue.ts";
import { unreachableError } from "./dispatch.ts";
import type { Settlement } from "./settlement.ts";
import type { WakeUp } from "./wake-up.ts";

export interface Parking {
  /** Lets a claim wait in a queue. Resolves when it has moved there, if it must. */
  park(claim: Claim, queue: QueueName): Promise<void> | undefined;
  /** Looks at a claim that has waited long where it is. */
  judge(claim: Claim): void;
  /** Recipients stand in a queue, due at `dueAt`: it is looked at then. */
  kept(queue: QueueName, dueAt: number): void;
  /** Where recipients of a queue wait: they are routed again when no connector has that queue any more. */
  queueFor(name: QueueName): QueueName;
}

export function createParking(
  state: DeliveryState,
  parts: {
    readonly settlement: Settlement;
    readonly wakeUp: WakeUp;
    readonly refill: (queue: DeliveryQueue) => void;
    readonly route: () => void;
  },
): Parking {
  const { spool, clock, queues, unrouted, suspended } = state;
  const { settlement, wakeUp, refill, route } = parts;

  const queueFor = (name: QueueName): QueueName =>
    queues.has(name) || name === unreachableQueue ? name : submissionQueue;

  const isDecisionDue = ({ message, recipients }: Claim): boolean => {
    const allReported = recipients.every(({ delayReported }) => delayReported);
    return isOverdue(message.arrivedAt, allReported, clock.now(), state.settings.transport);
  };

  /** The backlog of a queue that is being worked on, so that what waits there is tried before long. */
  const workedOn = (name: QueueName) => {
    if (name === submissionQueue) return suspended.has(name) ? undefined : unrouted;
    const queue = queues.get(name);
    return queue?.healthy === true ? queue.backlog : undefined;
  };

  const conclude = (claim: Claim, name: QueueName): void => {
    const queue = queues.get(name);
    const lastError = name === unreachableQueue ? unreachableError : queue?.lastError?.text;
    settlement.conclude(
      claim,
      decideWaiting(
        claim,
        claim.recipients,
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
    park(claim, name) {
      const queue = queueFor(name);
      if (isDecisionDue(claim)) {
        const backlog = workedOn(queue);
        if (backlog === undefined) {
          conclude(claim, queue);
          return undefined;
        }
        backlog.oweTry();
      }
      if (claim.queue !== queue) return settlement.move(claim, queue);
      spool.release(claim);
      return undefined;
    },
    judge(claim) {
      const queue = queueFor(claim.queue);
      if (isDecisionDue(claim)) conclude(claim, queue);
      else spool.release(claim);
    },
    kept(name, dueAt) {
      if (state.phase === "stopping" || name === unreachableQueue || dueAt === suspendedDueAt) return;
      if (dueAt > clock.now()) return wakeUp.at(dueAt);
      if (name === submissionQueue) {
        unrouted.arrived();
        return route();
      }
      const queue = queues.get(name);
      if (queue === undefined) return wakeUp.at(clock.now());
      queue.backlog.arrived();
      if (queue.healthy) refill(queue);
    },
  };
}
