/**
 * Addresses that hung up while a refusal was held back (tarpitInterval): for a while all their replies are held back,
 * so that hanging up saves nothing. Told when it begins, shown while it lasts, over with the first message taken.
 * Source: Exchange 2007 as its engineers told it; how long it lasts there is not documented (docs/decisions/0026).
 */
import { LRUCache } from "lru-cache";
import type { Events } from "../../events/events.ts";
import type { Clock } from "../../ports/ports.ts";
import type { Client } from "./client.ts";

export interface Discredit {
  readonly connector: string;
  readonly source: string;
  /** Milliseconds from now. */
  readonly leftMs: number;
}

export interface Discredits {
  /** Cost: one comparison while there are none, else a look-up. */
  has(client: Client): boolean;
  /** It hung up while a refusal to it was held back. */
  begin(client: Client): void;
  /** It sent a message that was taken. Cost as `has`. */
  end(client: Client): void;
  all(): readonly Discredit[];
}

/** What other nodes hear of this one, and it of them. */
export interface DiscreditNews {
  /** It lasts for so long from now on; 0: it has ended. Milliseconds. */
  tell(connector: string, source: string, leftMs: number): void;
  /** Hears the same of others, and what it told itself once more. */
  onNews(listener: (connector: string, source: string, leftMs: number) => void): void;
}

const mostDiscredits = 10_000;

/** `shared`: where there are several nodes. */
export function createDiscredits(around: {
  readonly clock: Clock;
  readonly events: Events;
  readonly shared?: DiscreditNews | undefined;
}): Discredits {
  const { clock, events, shared } = around;
  const discredits = new LRUCache<string, { readonly connector: string; readonly source: string }>({
    max: mostDiscredits,
    ttlResolution: 0,
    perf: { now: () => clock.now() },
  });
  const keyFor = (connector: string, source: string): string => `${source} ${connector}`;
  const keyOf = ({ connector, source }: Client): string => keyFor(connector.name, source);
  shared?.onNews((connector, source, leftMs) => {
    const key = keyFor(connector, source);
    if (leftMs <= 0) discredits.delete(key);
    else discredits.set(key, { connector, source }, { ttl: leftMs });
  });

  return {
    has: (client) => discredits.size > 0 && discredits.has(keyOf(client)),
    begin(client) {
      const { connector, source, address } = client;
      // Leaving again prolongs nothing: a client less patient than the tarpit would never be heard again.
      if (connector.discreditInterval === 0 || discredits.has(keyOf(client))) return;
      discredits.set(
        keyOf(client),
        { connector: connector.name, source },
        { ttl: connector.discreditInterval },
      );
      shared?.tell(connector.name, source, connector.discreditInterval);
      events.emit("SourceDiscredited", {
        connector: connector.name,
        source: address,
        setting: "discreditInterval",
        seconds: connector.discreditInterval / 1000,
        tarpitSeconds: connector.tarpitInterval / 1000,
      });
    },
    end(client) {
      if (discredits.size > 0 && discredits.delete(keyOf(client)))
        shared?.tell(client.connector.name, client.source, 0);
    },
    all: () =>
      [...discredits.entries()].map(([key, { connector, source }]) => ({
        connector,
        source,
        leftMs: Math.max(0, discredits.getRemainingTTL(key)),
      })),
  };
}
