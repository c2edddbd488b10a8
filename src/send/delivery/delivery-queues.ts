/** The delivery queues there are: opened when their connector is known, closed when it is known no more. */
import type { SendConnectorSettings } from "../../core/policy/send-connector.ts";
import type { QueueName } from "../../spool/spool.ts";
import type { Carrier } from "./delivery.ts";
import { DeliveryQueue } from "./delivery-queue.ts";
import type { SchedulerLimits } from "./limits.ts";

export interface DeliveryQueues extends Iterable<DeliveryQueue> {
  readonly size: number;
  get(name: QueueName): DeliveryQueue | undefined;
  has(name: QueueName): boolean;
  /** False for one that was closed, also when another has taken its name. */
  isOpen(queue: DeliveryQueue): boolean;
  /** `sharing`: how many queues share the memory for contents. */
  open(name: QueueName, connector: SendConnectorSettings, sharing: number): DeliveryQueue;
  /** It begins no attempt any more; those under way go on, so its carrier is still known. */
  close(queue: DeliveryQueue): void;
  /** An attempt of a queue has ended. */
  attemptEnded(queue: DeliveryQueue): void;
  /** Of all queues, those included that are closed and still have attempts under way. */
  carriers(): readonly Carrier[];
}

export function createDeliveryQueues(options: {
  readonly limits: SchedulerLimits;
  readonly carrierFor: (connector: SendConnectorSettings) => Carrier;
  readonly suspended: ReadonlySet<QueueName>;
}): DeliveryQueues {
  const { limits, carrierFor, suspended } = options;
  const opened = new Map<QueueName, DeliveryQueue>();
  const leaving = new Set<DeliveryQueue>();
  return {
    get size() {
      return opened.size;
    },
    [Symbol.iterator]: () => opened.values(),
    get: (name) => opened.get(name),
    has: (name) => opened.has(name),
    isOpen: (queue) => opened.get(queue.name) === queue,
    open(name, connector, sharing) {
      const windowBytes = Math.min(limits.windowBytes, limits.totalBytes / sharing);
      const isSuspended = suspended.has(name);
      const queue = new DeliveryQueue(
        name,
        connector,
        carrierFor(connector),
        { ...limits, windowBytes },
        isSuspended,
      );
      opened.set(name, queue);
      return queue;
    },
    close(queue) {
      if (opened.get(queue.name) === queue) opened.delete(queue.name);
      if (queue.running > 0) leaving.add(queue);
    },
    attemptEnded(queue) {
      if (queue.running === 0) leaving.delete(queue);
    },
    carriers: () => [...opened.values(), ...leaving].map(({ carrier }) => carrier),
  };
}
