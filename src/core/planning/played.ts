/** A plan played through the limits of a connector, beside a world without any: what is refused, and what use there is of each. */
import { Replay } from "../what-if/replay.ts";
import type { ReplayedConnector } from "../what-if/scenario.ts";
import type { ByLimit } from "../what-if/tally.ts";
import type { SimulatedUse } from "./ceilings.ts";
import type { Plan } from "./plan.ts";
import { minutesOf, playedSources, tellSimulated } from "./simulated-traffic.ts";

export interface Played {
  /** Sources that were played; each stands for `plan.sources / sources`. */
  readonly sources: number;
  readonly use: SimulatedUse;
  readonly messages: number;
  readonly refused: ByLimit;
  readonly refusedSources: number;
  readonly waited: number;
}

/** Each step tells which part is over, 0 to 1. Takes seconds where there are many sources. */
export function* play(
  plan: Plan,
  given: ReplayedConnector,
  maxConnectionRatePerMinute: number,
): Generator<number, Played> {
  const sources = playedSources(plan);
  const times = plan.sources / sources;
  const connector = shared(given, times);
  const all = (count: number): number => Math.round(count * times);
  const unlimited: ReplayedConnector = {
    ...connector,
    maxInboundConnection: Infinity,
    maxInboundConnectionPerSource: Infinity,
    maxInboundConnectionPercentagePerSource: 100,
    messageRateLimit: Infinity,
  };
  const ofAll = partOf(maxConnectionRatePerMinute, times);
  const replay = new Replay({
    present: [connector],
    scenarios: [
      { connectors: [connector], maxConnectionRatePerMinute: ofAll },
      { connectors: [unlimited], maxConnectionRatePerMinute: Infinity },
    ],
    refusedClients: { kind: "gone" },
    fromMs: 0,
    toMs: Infinity,
  });
  yield* tellSimulated({ ...plan, sources }, connector.name, replay);
  const { worlds } = replay.outcome();
  const [limited, free] = worlds.map((world) => world.find((one) => one.connector === connector.name));
  const refused = limited?.refused ?? {};
  return {
    sources,
    use: {
      highestOpen: all(free?.highestOpen.value ?? 0),
      highestArrivalsPerMinute: all((free?.connections ?? 0) / minutesOf(plan)),
      highestOpenFromSource: free?.highestOpenFromSource.value ?? 0,
      highestMessages: free?.highestMessages.value ?? 0,
    },
    messages: all(limited?.messages ?? 0),
    refused: Object.fromEntries(Object.entries(refused).map(([limit, count]) => [limit, all(count)])),
    refusedSources: all(
      limited?.sources.filter((source) => Object.keys(source.refused).length > 0).length ?? 0,
    ),
    waited: all((limited?.waits.connections ?? 0) + (limited?.waits.messages ?? 0)),
  };
}

/** For one of so many parts of the sources: its part of the total, of which a source may have as much as before. */
function shared(connector: ReplayedConnector, times: number): ReplayedConnector {
  return {
    ...connector,
    maxInboundConnection: partOf(connector.maxInboundConnection, times),
    maxInboundConnectionPercentagePerSource: connector.maxInboundConnectionPercentagePerSource * times,
  };
}

function partOf(limit: number, times: number): number {
  return times === 1 || limit === Infinity ? limit : Math.max(1, Math.round(limit / times));
}
