/**
 * Tells when queues cannot be delivered, and when they are again. Of a next hop that the configuration names each failure is told;
 * of recipient domains, of which thousands may fail at once, only that they do and that they do not any more, the first ones of
 * a minute by their names and the others as a number.
 */
import type { Clock, Timer } from "../../ports/ports.ts";
import type { Events } from "../../events/events.ts";
import type { Verdict } from "./delivery.ts";
import { timeText } from "./decision-events.ts";
import type { DeliveryQueue } from "./delivery-queue.ts";

export interface QueueNews {
  /** It rests until `queue.retryAt`. Cost: nothing is told and nothing looked through in the usual case of a domain. */
  resting(queue: DeliveryQueue, verdict: Verdict, host: string): void;
  /** Its next hop talks again. */
  active(queue: DeliveryQueue): void;
  /** What has not been told is not any more. */
  stop(): void;
}

/** Domains of one connector that are told of by their names within a minute. */
const mostByName = 20;
const windowMs = 60_000;

interface Window {
  byName: number;
  resting: number;
  active: number;
}

export function createQueueNews(options: {
  readonly events: Events;
  readonly clock: Clock;
  readonly queues: Iterable<DeliveryQueue>;
  /** It is configured, now. */
  readonly isConnector: (name: string) => boolean;
}): QueueNews {
  const { events, clock, queues, isConnector } = options;
  /** By connector; there is one while its timer runs. */
  const windows = new Map<string, Window & { readonly timer: Timer }>();

  const windowOf = (connector: string): Window => {
    let open = windows.get(connector);
    if (open === undefined) {
      const timer = clock.after(windowMs, () => sumUp(connector));
      windows.set(connector, (open = { byName: 0, resting: 0, active: 0, timer }));
    }
    return open;
  };

  const sumUp = (connector: string): void => {
    const over = windows.get(connector);
    windows.delete(connector);
    if (over === undefined || over.resting + over.active === 0 || !isConnector(connector)) return;
    let total = 0;
    for (const queue of queues) if (queue.connector.name === connector && queue.failures > 0) total++;
    if (over.resting > 0) events.emit("DomainQueuesRetry", { connector, queues: over.resting, total });
    if (over.active > 0) events.emit("DomainQueuesActive", { connector, queues: over.active, total });
  };

  return {
    resting(queue, verdict, host) {
      const connector = queue.connector.name;
      if (queue.isOfDomain) {
        if (queue.failures > 1) return;
        const now = windowOf(connector);
        if (now.byName >= mostByName) return void now.resting++;
        now.byName++;
      }
      events.emit("QueueRetry", {
        queue: queue.name,
        attempt: queue.failures,
        nextAttempt: timeText(clock, queue.retryAt ?? clock.now()),
        error: verdict.text,
        host,
        connector,
      });
    },
    active(queue) {
      if (queue.isOfDomain) {
        const now = windowOf(queue.connector.name);
        if (now.byName >= mostByName) return void now.active++;
        now.byName++;
      }
      events.emit("QueueActive", { queue: queue.name });
    },
    stop() {
      for (const { timer } of windows.values()) timer.cancel();
      windows.clear();
    },
  };
}
