/** Queues. */
import type { Relay } from "../../relay.ts";
import type { Administered, Handlers } from "../administered.ts";
import { AdminRefusal } from "../refusal.ts";

type Names = "listQueues" | "retryQueue" | "suspendQueue" | "resumeQueue";

export function queueHandlers({ relay, clock }: Administered): Pick<Handlers, Names> {
  /** A time of the steady clock on the wall. */
  const instant = (at: number | undefined): string | null =>
    at === undefined ? null : new Date(clock.wall().getTime() + at - clock.now()).toISOString();

  /** By its identity. An empty unreachable queue is not shown, but may be suspended. */
  const queueOf = (identity: string): Pick<ReturnType<Relay["queues"]>[number], "queue" | "status"> => {
    const wanted = identity.toLowerCase();
    const found = relay.queues().find((queue) => queue.identity.toLowerCase() === wanted);
    if (found !== undefined) return found;
    if (wanted === "unreachable") return { queue: "unreachable", status: "Ready" };
    throw new AdminRefusal("notFound", `there is no queue ${identity}`);
  };

  return {
    listQueues: () => ({
      queues: relay.queues().map((queue) => ({
        identity: queue.identity,
        deliveryType: queue.deliveryType,
        nextHop: queue.nextHop,
        connector: queue.connector ?? null,
        status: queue.status,
        messages: queue.messages,
        running: queue.running,
        waiting: queue.waiting,
        retryCount: queue.retryCount,
        lastError: queue.lastError ?? null,
        firstRetryAt: instant(queue.firstRetryAt),
        lastRetryAt: instant(queue.lastRetryAt),
        nextRetryAt: instant(queue.nextRetryAt),
        incomingRate: queue.incomingRate,
        outgoingRate: queue.outgoingRate,
        velocity: queue.velocity,
      })),
    }),
    retryQueue: async ({ identity, resubmit }) => {
      if (identity === undefined) {
        if (resubmit) throw new AdminRefusal("invalidInput", "resubmit needs the identity of a queue");
        return { queues: relay.retryNow(), messages: 0 };
      }
      const { queue, status } = queueOf(identity);
      if (!resubmit) return { queues: relay.retryNow(queue), messages: 0 };
      if (status !== "Retry" && queue !== "unreachable")
        throw new AdminRefusal(
          "invalidInput",
          `queue ${identity} is ${status}; only one in Retry is routed again`,
        );
      return { queues: 1, messages: await relay.resubmit(queue) };
    },
    suspendQueue: async ({ identity }) => ({
      changed: await relay.suspendQueue(queueOf(identity).queue, true),
    }),
    resumeQueue: async ({ identity }) => ({
      changed: await relay.suspendQueue(queueOf(identity).queue, false),
    }),
  };
}
