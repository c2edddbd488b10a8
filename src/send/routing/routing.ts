/** Routing: which queue each recipient's mail stands in. Decided per recipient by `core/policy/send-connector-choice`. */
import { LRUCache } from "lru-cache";
import { recordedApplication, type Application } from "../../core/policy/application.ts";
import {
  objectionToTakingOver,
  pickConnector,
  rankSendConnectors,
  takesAnyMail,
  type Objected,
  type RankedConnectors,
  type RoutedMessage,
} from "../../core/policy/send-connector-choice.ts";
import type { SendConnectorSettings } from "../../core/policy/send-connector.ts";
import type { SenderFacts } from "../../core/policy/send-restrictions.ts";
import { domainOfQueue, queueNameOf } from "../../core/policy/next-hops.ts";
import type { QueueName } from "../../spool/spool.ts";
import { recipientDomain } from "./recipient-domain.ts";

export type Route =
  | { readonly kind: "queue"; readonly queue: QueueName }
  /** No connector's address spaces hold the domain. */
  | { readonly kind: "none" }
  /** Only connectors match that this message may not use. */
  | { readonly kind: "barred"; readonly why: readonly Objected[] }
  | { readonly kind: "tooLarge"; readonly maxMessageSizeBytes: number };

/** A table made from one configuration; a new configuration makes a new one. */
export interface Routing {
  /** Every queue of a next hop that the configuration names, with its connector. */
  readonly queues: ReadonlyMap<QueueName, SendConnectorSettings>;
  /** How many of them are of next hops: these share the memory. */
  readonly nextHops: number;
  /** Some connectors have a queue for each recipient domain beside these. */
  readonly hasDomainQueues: boolean;
  /** Whose queue has such a name; undefined: no connector's. Cost: per connector that delivers by MX record. */
  domainTarget(
    queue: QueueName,
  ): { readonly connector: SendConnectorSettings; readonly domain: string } | undefined;
  /** Cost: one cache look-up per domain seen before; no allocation then, unless connectors with restrictions match. */
  route(forwardPath: string, message: RoutedMessage): Route;
  /** The queue of what takes over from a connector, for a recipient; undefined: nothing does, or not this message. */
  fallbackOf(
    connector: SendConnectorSettings,
    forwardPath: string,
    message: RoutedMessage,
  ): QueueName | undefined;
}

/** What is known of a domain: where all mail goes up to a size, and who is asked where that does not decide. */
interface DomainRoute {
  readonly ranked: RankedConnectors;
  /** -1: every message has to be looked at. */
  readonly anyMailUpToBytes: number;
  readonly route: Route;
}

const noRoute: Route = { kind: "none" };

/** `cacheSize`: how many domains are remembered. */
export function createRouting(
  connectors: readonly SendConnectorSettings[],
  {
    applications = [],
    cacheSize = 10_000,
    capture,
  }: {
    readonly applications?: readonly Application[];
    readonly cacheSize?: number;
    /** Where captured mail goes, and no other. */
    readonly capture?: SendConnectorSettings | undefined;
  } = {},
): Routing {
  const queues = new Map<QueueName, SendConnectorSettings>();
  const routes = new Map<SendConnectorSettings, Route>();
  // A name may hold a semicolon: the longest that fits is the connector's.
  const byDns = connectors
    .filter(({ enabled, kind }) => enabled && kind === "dns")
    .sort((a, b) => b.name.length - a.name.length);
  for (const connector of connectors) {
    if (!connector.enabled || connector.kind === "dns") continue;
    const queue = queueNameOf(connector);
    queues.set(queue, connector);
    routes.set(connector, { kind: "queue", queue });
  }
  const captureRoute: Route =
    capture === undefined ? noRoute : { kind: "queue", queue: queueNameOf(capture) };
  const nextHops = queues.size;
  if (capture !== undefined) queues.set(queueNameOf(capture), capture);
  const byName = new Map(connectors.map((connector) => [connector.name.toLowerCase(), connector]));
  const called = (name: string): SendConnectorSettings | undefined => byName.get(name.toLowerCase());
  const facts: SenderFacts = {
    domainOf: recipientDomain,
    applicationOf: (origin) => recordedApplication(applications, origin),
  };
  const byDomain = new LRUCache<string, DomainRoute>({ max: cacheSize });

  const routeOf = (connector: SendConnectorSettings, domain: string): Route =>
    connector.kind === "dns"
      ? { kind: "queue", queue: queueNameOf(connector, domain) }
      : (routes.get(connector) ?? noRoute);

  const domainRoute = (domain: string): DomainRoute => {
    let known = byDomain.get(domain);
    if (known === undefined) {
      const ranked = rankSendConnectors(connectors, domain);
      const [first] = ranked;
      known =
        first !== undefined && takesAnyMail(first)
          ? { ranked, anyMailUpToBytes: first.maxMessageSize, route: routeOf(first, domain) }
          : { ranked, anyMailUpToBytes: -1, route: noRoute };
      byDomain.set(domain, known);
    }
    return known;
  };

  return {
    queues,
    nextHops,
    hasDomainQueues: byDns.length > 0,
    domainTarget(queue) {
      for (const connector of byDns) {
        const domain = domainOfQueue(queue, connector);
        if (domain !== undefined) return { connector, domain };
      }
      return undefined;
    },
    route(forwardPath, message) {
      if (message.origin.captured === true) return captureRoute;
      const domain = recipientDomain(forwardPath);
      const { ranked, anyMailUpToBytes, route } = domainRoute(domain);
      if (message.content.sizeBytes <= anyMailUpToBytes) return route;
      const selection = pickConnector(ranked, message, called, facts);
      switch (selection.kind) {
        case "connector":
          return routeOf(selection.connector, domain);
        case "none":
          return noRoute;
        case "barred":
        case "tooLarge":
          return selection;
      }
    },
    fallbackOf({ fallback }, forwardPath, message) {
      const next = fallback && called(fallback.connector);
      if (next === undefined || objectionToTakingOver(next, message, facts) !== undefined) return undefined;
      const route = routeOf(next, recipientDomain(forwardPath));
      return route.kind === "queue" ? route.queue : undefined;
    },
  };
}
