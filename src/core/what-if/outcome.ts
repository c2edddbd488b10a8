/** What is told of a world at its end: what was recorded, and what it has beside that. */
import type { Place, Post } from "./cast.ts";
import type { ToldSources } from "./scenario.ts";
import type { Unserved } from "./seating.ts";
import {
  byTrouble,
  SourceTally,
  totalOf,
  type ConnectorOutcome,
  type Peak,
  type SourceOutcome,
} from "./tally.ts";

const noPeak: Peak = { value: 0, at: 0, source: "" };
const unharmed = new SourceTally();

export function connectorOutcome(post: Post, world: number, toldSources: ToldSources): ConnectorOutcome {
  const tally = post.in[world]?.tally;
  if (tally === undefined) throw new Error("a world is asked for that was not played");
  const { refused, lostConnections, lostMessages, waits, hours } = tally;
  return {
    connector: post.settings.name,
    connections: post.connections,
    messages: post.messages + tally.messages,
    refused,
    lostConnections,
    lostMessages,
    waits,
    highestOpen: tally.highestOpen.peak,
    highestOpenFromSource: tally.highestOpenFromSource.peak,
    highestMessages: tally.highestMessages.peak,
    sources: told(
      Array.from(post.places.values(), (place) => sourceOutcome(place, world)),
      toldSources,
    ),
    sourceCount: post.places.size,
    hours,
  };
}

function told(sources: SourceOutcome[], which: ToldSources): readonly SourceOutcome[] {
  if (which === "refused") return sources.filter(({ refused }) => totalOf(refused) > 0);
  return sources.sort(byTrouble).slice(0, which);
}

function sourceOutcome(place: Place, world: number): SourceOutcome {
  const { source, connections, messages, highestOpen, highestMessages } = place;
  const tally = place.tallies?.[world] ?? unharmed;
  const { refused, firstRefused, lastRefused, lostConnections, lostMessages } = tally;
  return {
    source,
    connections,
    messages: messages + tally.messages,
    refused,
    firstRefused,
    lastRefused,
    lostConnections,
    lostMessages,
    highestOpen: ofSource(highestOpen.of(world).peak, source),
    highestMessages: ofSource(highestMessages.of(world).peak, source),
  };
}

function ofSource(peak: Peak, source: string): Peak {
  return peak.value === 0 ? noPeak : { ...peak, source };
}

export function unservedOutcome(
  connector: string,
  { tally, connections, sources }: Unserved,
  toldSources: ToldSources,
): ConnectorOutcome {
  return {
    connector,
    connections,
    messages: 0,
    refused: tally.refused,
    lostConnections: 0,
    lostMessages: 0,
    waits: tally.waits,
    highestOpen: noPeak,
    highestOpenFromSource: noPeak,
    highestMessages: noPeak,
    sources: told(
      Array.from(sources, ([source, of]) => ({
        source,
        connections: of.connections,
        messages: 0,
        refused: of.tally.refused,
        firstRefused: of.tally.firstRefused,
        lastRefused: of.tally.lastRefused,
        lostConnections: 0,
        lostMessages: 0,
        highestOpen: noPeak,
        highestMessages: noPeak,
      })),
      toldSources,
    ),
    sourceCount: sources.size,
    hours: tally.hours,
  };
}
