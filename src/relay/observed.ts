/** A relay as it is looked at for metrics, health and the last minutes: read at each look, never kept. */
import { credentialEnds } from "../core/policy/credential-expiry.ts";
import type { ObservedRelay } from "../metrics/observation.ts";
import { version } from "../version.ts";
import type { RelayParts } from "./build-parts.ts";

export function observedRelay(parts: RelayParts): ObservedRelay {
  const {
    changing,
    metrics,
    receiver,
    service,
    opened,
    scheduler,
    resources,
    sender,
    certificates,
    webhooks,
  } = parts;
  const { spool, node } = opened;
  return {
    metrics,
    version,
    get state() {
      return changing.phase;
    },
    get listeners() {
      return receiver.listeners.length;
    },
    get failedListeners() {
      return receiver.failedListeners;
    },
    get sessions() {
      return receiver.sessions;
    },
    get suspended() {
      return service.now;
    },
    get node() {
      const { since, outdated } = node?.drain.suspended ?? {};
      return (
        node && {
          drainingSince: since,
          outdated,
          databaseFaults: node.view.databaseFaults.map(({ text }) => text),
        }
      );
    },
    get spoolFault() {
      return spool.away === undefined ? spool.misplaced : "database away";
    },
    get bySource() {
      return changing.settings.metrics.bySource;
    },
    get connectors() {
      return changing.settings.receiveConnectors;
    },
    counts: () => receiver.openBySource(),
    discredits: () => receiver.discredits(),
    waiting: (connector) => receiver.waiting(connector),
    get running() {
      return scheduler.running;
    },
    get queued() {
      return spool.size;
    },
    get tellsQueue() {
      return node?.isChores !== false;
    },
    oldestSince: (queue) => spool.oldestSince(queue),
    queues: () => scheduler.snapshot(),
    get pressure() {
      return resources.pressure;
    },
    get credentials() {
      return credentialEnds(changing.settings.sendConnectors);
    },
    get dkimKeys() {
      return sender.dkimKeys();
    },
    get certificates() {
      return certificates.inUse();
    },
    get webhooks() {
      return webhooks.states();
    },
  };
}
