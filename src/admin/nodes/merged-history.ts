/** Logs of several nodes as one, newest first, in pages. Each log is in order by itself, whatever the clocks say. */
import type { Output } from "../contract.ts";
import type { OneAnswer } from "./node-answers.ts";

type EventPage = Output<"queryEvents">;

interface Log<Entry> {
  readonly server: string;
  /** Newest first. */
  readonly entries: readonly Entry[];
}

/** The newest of all, with whose they are; of one instant those of the first log first. */
export function joinedHistory<Entry extends { readonly at: string }>(
  logs: readonly Log<Entry>[],
  most: number,
): (Entry & { server: string })[] {
  const places = logs.map(() => 0);
  const joined: (Entry & { server: string })[] = [];
  while (joined.length < most) {
    let best = -1;
    let bestAt = "";
    for (const [index, { entries }] of logs.entries()) {
      const entry = entries[places[index] ?? 0];
      if (entry === undefined || (best >= 0 && entry.at <= bestAt)) continue;
      best = index;
      bestAt = entry.at;
    }
    const log = logs[best];
    const entry = log?.entries[places[best] ?? 0];
    if (log === undefined || entry === undefined) break;
    joined.push({ ...entry, server: log.server });
    places[best] = (places[best] ?? 0) + 1;
  }
  return joined;
}

/** How far each node's events were shown: `relay-a=120 relay-b=77`. Nodes have no `=` or blank in their names. */
function readPlace(before: string | undefined): ReadonlyMap<string, number> {
  return new Map(
    (before ?? "").split(" ").flatMap((part) => {
      const [server, sequence] = part.split("=");
      const number = Number(sequence);
      return server !== undefined && server !== "" && Number.isInteger(number)
        ? [[server, number] as const]
        : [];
    }),
  );
}

/** The place in the events of a node. */
export function eventPlaceOf(before: string | undefined, server: string): number | undefined {
  return readPlace(before).get(server);
}

export const joinedEvents = {
  merge(answers: readonly OneAnswer<EventPage>[], limit: number, before: string | undefined): EventPage {
    const events = joinedHistory(
      answers.map(({ server, output }) => ({ server, entries: output.events })),
      limit,
    );
    if (events.length < limit || limit === 0) return { events };
    const places = new Map(readPlace(before));
    for (const { server, output } of answers) {
      const [newest] = output.events;
      // None of it was shown: what comes in meanwhile is not of the next page.
      if (newest !== undefined && !places.has(server)) places.set(server, newest.sequence + 1);
    }
    for (const { server, sequence } of events) places.set(server, sequence);
    return { events, next: Array.from(places, ([server, sequence]) => `${server}=${sequence}`).join(" ") };
  },
};
