/**
 * Queues of domains that are open no more and nothing stands against. With little mail a queue ends with each message: the next
 * one finds it here, with its carrier and how many attempts its next hop took at once, so that it costs what one over a
 * queue that stays open does. Bounded in number and in time; nobody else sees them.
 */
import type { QueueName } from "../../spool/spool.ts";
import type { DeliveryQueue } from "./delivery-queue.ts";

/** Exchange's QueueMaxIdleTime. Behind it a next hop has to prove itself anew. */
export const droppedQueueKeptMs = 180_000;
/** Of some 2 KB each, beside what was found for the domain. */
export const mostDroppedQueues = 1000;

export class DroppedQueues {
  /** Whichever was dropped first comes first. */
  readonly #kept = new Map<QueueName, { readonly queue: DeliveryQueue; readonly droppedAt: number }>();

  get size(): number {
    return this.#kept.size;
  }

  /** It is open no more. `now`: `Clock.now()` milliseconds. */
  keep(queue: DeliveryQueue, now: number): void {
    const kept = this.#kept;
    kept.set(queue.name, { queue, droppedAt: now });
    for (const [name, { droppedAt }] of kept) {
      if (kept.size <= mostDroppedQueues && now - droppedAt < droppedQueueKeptMs) break;
      kept.delete(name);
    }
  }

  /** It is to be opened again. Undefined: it is not here, or was here for too long. */
  take(name: QueueName, now: number): DeliveryQueue | undefined {
    const found = this.#kept.get(name);
    if (found === undefined) return undefined;
    this.#kept.delete(name);
    return now - found.droppedAt < droppedQueueKeptMs ? found.queue : undefined;
  }

  clear(): void {
    this.#kept.clear();
  }
}
