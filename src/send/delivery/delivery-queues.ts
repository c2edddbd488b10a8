/**
 * The delivery queues there are. Those of next hops that the configuration names are opened and closed with it. Those of
 * recipient domains come and go: opened when there is mail for the domain, dropped when there is none left and nothing to
 * remember. Cost of one: some 2 KB; of dropping it and opening it again within minutes: less than a microsecond
 * (dropped-queues.ts).
 */
import type { SendConnectorSettings } from "../../core/policy/send-connector.ts";
import type { Clock } from "../../ports/ports.ts";
import type { QueueName, Spool } from "../../spool/spool.ts";
import type { Carrier } from "./delivery.ts";
import { DeliveryQueue } from "./delivery-queue.ts";
import { DroppedQueues } from "./dropped-queues.ts";
import type { SchedulerLimits } from "./limits.ts";
import { SharedRoom } from "./shared-room.ts";

/** Whose queue it is that has a name of that kind. */
export interface DomainTarget {
  readonly connector: SendConnectorSettings;
  readonly domain: string;
}

export interface DeliveryQueues extends Iterable<DeliveryQueue> {
  readonly size: number;
  /** As it is: undefined for a domain's that is not open now. */
  get(name: QueueName): DeliveryQueue | undefined;
  /** A domain's is opened where it is not open. Undefined: no connector has a queue of that name. */
  need(name: QueueName): DeliveryQueue | undefined;
  /** A connector has a queue of that name, open or not. */
  has(name: QueueName): boolean;
  /** False for one that was closed, also when another has taken its name. */
  isOpen(queue: DeliveryQueue): boolean;
  /** There is room in memory for mail of a domain whose queue has none. */
  readonly hasRoomForDomains: boolean;
  /** `sharing`: how many queues share the memory for contents. */
  open(name: QueueName, connector: SendConnectorSettings, sharing: number): DeliveryQueue;
  /** It begins no attempt any more; those under way go on, so its carrier is still known. */
  close(queue: DeliveryQueue): void;
  /** Drops a domain's queue that holds nothing, here or on disk, and is neither suspended nor in Retry. */
  dropIfEmpty(queue: DeliveryQueue, spool: Pick<Spool, "messagesIn">, now: number): void;
  /** With another configuration mail is carried otherwise: none goes on that was dropped before. */
  forgetDropped(): void;
  /** An attempt of a queue has ended. */
  attemptEnded(queue: DeliveryQueue): void;
  /** Of all queues, those included that are closed and still have attempts under way. */
  carriers(): readonly Carrier[];
}

export function createDeliveryQueues(options: {
  readonly limits: SchedulerLimits;
  readonly clock: Pick<Clock, "now">;
  readonly carrierFor: (connector: SendConnectorSettings, domain: string) => Carrier;
  readonly suspended: ReadonlySet<QueueName>;
  /** Undefined: no connector delivers to domains by such a name. */
  readonly targetOf?: (name: QueueName) => DomainTarget | undefined;
  /** There is room for a queue of a domain that had none. */
  readonly onRoom?: (queue: DeliveryQueue) => void;
}): DeliveryQueues {
  const { limits, clock, carrierFor, suspended, targetOf = () => undefined, onRoom = () => {} } = options;
  const opened = new Map<QueueName, DeliveryQueue>();
  const dropped = new DroppedQueues();
  const leaving = new Set<DeliveryQueue>();
  const room = new SharedRoom(limits.sharedClaims, limits.totalBytes);

  const openDomain = (name: QueueName, { connector, domain }: DomainTarget): DeliveryQueue => {
    const share = room.share({ roomFreed: () => onRoom(queue) });
    const queue: DeliveryQueue = new DeliveryQueue(
      name,
      connector,
      carrierFor(connector, domain),
      limits,
      suspended.has(name),
      { domain, share },
    );
    opened.set(name, queue);
    return queue;
  };

  return {
    get size() {
      return opened.size;
    },
    [Symbol.iterator]: () => opened.values(),
    get: (name) => opened.get(name),
    need(name) {
      const known = opened.get(name);
      if (known !== undefined) return known;
      const before = dropped.take(name, clock.now());
      if (before !== undefined) {
        // Somebody may have suspended it meanwhile.
        before.suspended = suspended.has(name);
        opened.set(name, before);
        return before;
      }
      const target = targetOf(name);
      return target === undefined ? undefined : openDomain(name, target);
    },
    has: (name) => opened.has(name) || targetOf(name) !== undefined,
    isOpen: (queue) => opened.get(queue.name) === queue,
    get hasRoomForDomains() {
      return room.hasRoom;
    },
    open(name, connector, sharing) {
      const windowBytes = Math.min(limits.windowBytes, limits.totalBytes / sharing);
      const isSuspended = suspended.has(name);
      const queue = new DeliveryQueue(
        name,
        connector,
        carrierFor(connector, ""),
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
    dropIfEmpty(queue, spool, now) {
      if (!queue.isOfDomain || !queue.isIdle(now) || opened.get(queue.name) !== queue) return;
      if (spool.messagesIn(queue.name) > 0) return;
      opened.delete(queue.name);
      if (queue.isAsAnyOther) dropped.keep(queue, now);
    },
    forgetDropped: () => dropped.clear(),
    attemptEnded(queue) {
      if (queue.running === 0) leaving.delete(queue);
    },
    carriers: () => [...opened.values(), ...leaving].map(({ carrier }) => carrier),
  };
}
