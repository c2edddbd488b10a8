/** Queues by their name in the spool, as they are at this moment, for what is told of the messages in them. */
import type { Relay } from "../../relay-contract.ts";
import { submissionQueue, type QueueName } from "../../spool/spool.ts";

export type SeenQueue = Pick<
  ReturnType<Relay["queues"]>[number],
  "queue" | "identity" | "deliveryType" | "status" | "messages" | "retryCount" | "lastError" | "nextRetryAt"
>;

/** Cost: per queue; what is returned costs a look for each call. */
export function seenQueues(relay: Pick<Relay, "queues">): (name: QueueName) => SeenQueue {
  const queues = new Map<QueueName, SeenQueue>(relay.queues().map((queue) => [queue.queue, queue]));
  return (name) => queues.get(name) ?? closedQueue(name);
}

/** Its connector is gone, and what it holds is on its way to be routed again. */
function closedQueue(name: QueueName): SeenQueue {
  return {
    queue: name,
    identity: name === submissionQueue ? "Submission" : name,
    deliveryType: "Undefined",
    status: "Ready",
    messages: 0,
    retryCount: 0,
    lastError: undefined,
    nextRetryAt: undefined,
  };
}
