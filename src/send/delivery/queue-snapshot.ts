/** Queues as people see them. */
import { deliveryTypeOf, nextHopOf } from "../../core/policy/next-hops.ts";
import { submissionQueue, unreachableQueue, type QueueName } from "../../spool/spool.ts";
import type { SendConnectorSettings } from "../../core/policy/send-connector.ts";
import type { DeliveryQueue } from "./delivery-queue.ts";
import { unreachableError } from "./claim-routes.ts";
import type { QueueSnapshot } from "./scheduler-contract.ts";

/** A queue's identity for people. */
export function queueTitle(name: QueueName): string {
  if (name === submissionQueue) return "Submission";
  return name === unreachableQueue ? "Unreachable" : name;
}

/** Delivery queues in the order of the configuration, between Submission and Unreachable. */
export function snapshotOf(
  queues: Iterable<DeliveryQueue>,
  messagesIn: (queue: QueueName) => number,
  suspended: ReadonlySet<QueueName>,
  isHeld: boolean,
  now: number,
  capture?: SendConnectorSettings,
): readonly QueueSnapshot[] {
  const statusOf = (name: QueueName): QueueSnapshot["status"] =>
    suspended.has(name) ? "Suspended" : "Ready";
  const unreachable = messagesIn(unreachableQueue);
  return [
    {
      ...idle(submissionQueue, "Submission", "Undefined", messagesIn(submissionQueue)),
      status: statusOf(submissionQueue),
    },
    ...Array.from(queues, (queue) => deliverySnapshot(queue, messagesIn(queue.name), isHeld, now)).filter(
      // Nobody has set it up: it is seen while there is something in it.
      ({ queue, connector, messages: held }) =>
        connector !== capture?.name || held > 0 || suspended.has(queue),
    ),
    ...closedQueues(queues, suspended).map((name) => ({
      ...idle(name, name, "Undefined", messagesIn(name)),
      nextHop: name.slice(name.indexOf(";") + 1),
      status: "Suspended" as const,
      lastError: "It has no send connector any more; Resume-Queue routes what it holds again",
    })),
    ...(unreachable === 0 && !suspended.has(unreachableQueue)
      ? []
      : [
          {
            ...idle(unreachableQueue, "Unreachable", "Unreachable", unreachable),
            status: statusOf(unreachableQueue),
            lastError: unreachableError,
          },
        ]),
  ];
}

/** Suspended ones that no connector has any more: they are seen, and resumed. */
function closedQueues(queues: Iterable<DeliveryQueue>, suspended: ReadonlySet<QueueName>): QueueName[] {
  const closed = new Set(suspended);
  closed.delete(submissionQueue);
  closed.delete(unreachableQueue);
  for (const { name } of queues) closed.delete(name);
  return [...closed];
}

/** `isHeld`: no attempt is begun, over any queue. */
const heldError =
  "The disk takes no writes: no attempt is begun until it does, so that nothing is sent twice";

/** Fresh mail on its way from memory stands in the submission queue on disk; here it counts where it is. */
function deliverySnapshot(
  queue: DeliveryQueue,
  messages: number,
  isHeld: boolean,
  now: number,
): QueueSnapshot {
  const incomingRate = queue.incoming.perSecond(now);
  const outgoingRate = queue.outgoing.perSecond(now);
  const { carrier } = queue;
  const turnsWaiting = carrier.turnsWaiting?.() ?? 0;
  const running = queue.running - turnsWaiting;
  const { status } = queue;
  // What waits for a turn was put off by us, with nothing of a next hop.
  const waitsForTurn = messages === 0 ? undefined : carrier.waitsForTurn?.();
  return {
    queue: queue.name,
    identity: queue.name,
    deliveryType: deliveryTypeOf(queue.connector),
    nextHop: nextHopOf(queue.connector, queue.domain),
    connector: queue.connector.name,
    status: status === "Active" && running === 0 ? "Ready" : status,
    messages: Math.max(messages, queue.running + queue.waiting),
    running,
    waiting: queue.waiting + turnsWaiting,
    retryCount: queue.failures,
    lastError: isHeld ? heldError : queue.lastError?.text,
    putOff:
      messages === 0
        ? undefined
        : (carrier.holding?.() ?? (waitsForTurn === undefined ? queue.putOff : undefined)),
    waitsForTurn,
    holds: messages === 0 ? [] : (carrier.holds?.() ?? []),
    firstRetryAt: queue.firstFailureAt,
    lastRetryAt: queue.lastRetryAt,
    nextRetryAt: queue.retryAt,
    emptyAt: messages === 0 ? undefined : carrier.emptyAt?.(),
    fallback: queue.relief,
    incomingRate,
    outgoingRate,
    velocity: outgoingRate - incomingRate,
  };
}

function idle(queue: QueueName, identity: string, deliveryType: string, messages: number): QueueSnapshot {
  return {
    queue,
    identity,
    deliveryType,
    nextHop: identity === "Unreachable" ? "Unreachable Domain" : identity,
    connector: undefined,
    status: "Ready",
    messages,
    running: 0,
    waiting: 0,
    retryCount: 0,
    lastError: undefined,
    putOff: undefined,
    waitsForTurn: undefined,
    holds: [],
    firstRetryAt: undefined,
    lastRetryAt: undefined,
    nextRetryAt: undefined,
    emptyAt: undefined,
    fallback: undefined,
    incomingRate: 0,
    outgoingRate: 0,
    velocity: 0,
  };
}
