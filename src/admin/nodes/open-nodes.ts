/** One of several nodes as the others ask it, and as it asks them. */
import { listeningText } from "../../core/policy/listening-endpoint.ts";
import type { Clock } from "../../ports/ports.ts";
import type { Relay } from "../../relay-contract.ts";
import type { Handlers } from "../administered.ts";
import { createAdminApp } from "../app.ts";
import { isSpread } from "../spread-operations.ts";
import type { OpenStreams } from "../stream-events.ts";
import { acrossNodes } from "./across-nodes.ts";
import { openRecordsOfNodes } from "./gather-records.ts";
import { openNodeListener } from "./node-listener.ts";

export interface NodesParts {
  readonly relay: Relay;
  readonly node: NonNullable<Relay["node"]>;
  /** Of this node alone. */
  readonly own: Handlers;
  readonly clock: Clock;
  readonly streams: OpenStreams;
}

export interface Nodes {
  /** Of all. */
  readonly handlers: Handlers;
  close(): Promise<void>;
}

export async function openNodes({ relay, node, own, clock, streams }: NodesParts): Promise<Nodes> {
  // What this node has itself, and nothing else: no settings, no tokens.
  const app = createAdminApp({ handlers: own, events: relay.events, clock, streams, only: isSpread });
  const listener = await openNodeListener({
    relay,
    node,
    api: (request, bindings) => app.fetch(request, bindings),
  });
  node.tellsListeners(() =>
    relay
      .failedListeners()
      .map(
        ({ endpoint, connectors, reason }) =>
          `${listeningText(endpoint)} for ${connectors.join(", ")}: ${reason}`,
      ),
  );
  const gathering = await openRecordsOfNodes(relay.settings.dataDirectory);
  const across = acrossNodes(
    own,
    node,
    () => listener.pair(),
    (from) => gathering({ ...from, record: relay.trafficRecord }),
  );
  return {
    handlers: across.handlers,
    async close() {
      across.close();
      await listener.close();
    },
  };
}
