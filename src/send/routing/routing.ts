/** Routing: which queue each recipient's mail stands in. Decided per recipient by `core/policy/send-connector`. */
import { LRUCache } from "lru-cache";
import {
  pickConnector,
  rankSendConnectors,
  type RankedConnectors,
  type RoutedMessage,
  type SendConnectorSettings,
} from "../../core/policy/send-connector.ts";
import { queueNameOf } from "../../core/policy/next-hops.ts";
import type { QueueName } from "../../spool/spool.ts";
import { recipientDomain } from "./recipient-domain.ts";

export type Route =
  | { readonly kind: "queue"; readonly queue: QueueName }
  /** No connector's address spaces hold the domain. */
  | { readonly kind: "none" }
  /** Only connectors match that carry no mail with the null reverse-path. */
  | { readonly kind: "nullSender" }
  | { readonly kind: "tooLarge"; readonly maxMessageSizeBytes: number };

/** A table made from one configuration; a new configuration makes a new one. */
export interface Routing {
  /** Every queue this routing can name, with its connector. */
  readonly queues: ReadonlyMap<QueueName, SendConnectorSettings>;
  /** Cost: one cache look-up per domain seen before; no allocation then. */
  route(forwardPath: string, message: RoutedMessage): Route;
}

const noRoute: Route = { kind: "none" };

/** `cacheSize`: how many domains are remembered. */
export function createRouting(connectors: readonly SendConnectorSettings[], cacheSize = 10_000): Routing {
  const queues = new Map<QueueName, SendConnectorSettings>();
  const routes = new Map<SendConnectorSettings, Route>();
  for (const connector of connectors) {
    if (!connector.enabled) continue;
    const queue = queueNameOf(connector);
    queues.set(queue, connector);
    routes.set(connector, { kind: "queue", queue });
  }
  const byName = new Map(connectors.map((connector) => [connector.name.toLowerCase(), connector]));
  const called = (name: string): SendConnectorSettings | undefined => byName.get(name.toLowerCase());
  const byDomain = new LRUCache<string, RankedConnectors>({ max: cacheSize });

  const rankedFor = (domain: string): RankedConnectors => {
    let ranked = byDomain.get(domain);
    if (ranked === undefined) {
      ranked = rankSendConnectors(connectors, domain);
      byDomain.set(domain, ranked);
    }
    return ranked;
  };

  return {
    queues,
    route(forwardPath, message) {
      const ranked = rankedFor(recipientDomain(forwardPath));
      const first = ranked[0];
      if (first !== undefined && first.kind !== "graph" && message.content.sizeBytes <= first.maxMessageSize)
        return routes.get(first) ?? noRoute;
      const selection = pickConnector(ranked, message, called);
      switch (selection.kind) {
        case "connector":
          return routes.get(selection.connector) ?? noRoute;
        case "none":
          return noRoute;
        case "nullSender":
        case "tooLarge":
          return selection;
      }
    },
  };
}
