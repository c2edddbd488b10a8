/**
 * Who belongs where: the connector that serves a recorded client, and its place among the sources of that one. The same for
 * all worlds whose settings serve everybody alike and count messages alike; the counts here are as if nobody were refused.
 */
import { isListening } from "../policy/door.ts";
import type { Place, Post, RecordedClient, Seat } from "./cast.ts";
import type { ReplayedConnector, Scenario } from "./scenario.ts";
import { servedBy } from "./served-by.ts";
import { SharedPeak } from "./shared-peak.ts";
import { ConnectorTally, SourceTally } from "./tally.ts";
import { WaitingLine } from "./waiting-line.ts";

/** Whom no connector would serve. */
export interface Unserved {
  readonly tally: ConnectorTally;
  connections: number;
  readonly sources: Map<string, { readonly tally: SourceTally; connections: number }>;
}

export class Seating {
  readonly posts: readonly Post[];
  readonly places: Place[] = [];
  /** By the connector that served them. */
  readonly unserved = new Map<string, Unserved>();
  readonly #scenario: Scenario;
  readonly #present: readonly ReplayedConnector[];
  /** By the client's index; undefined: not looked for yet; null: nobody serves it. */
  readonly #seats: (Seat | null | undefined)[] = [];

  /** `present`: the connectors in force, under whose names clients were recorded. `worlds`: how many there are. */
  constructor(scenario: Scenario, present: readonly ReplayedConnector[], worlds: number) {
    this.#scenario = scenario;
    this.#present = present;
    this.posts = scenario.connectors.map((settings) => ({
      settings,
      in: [],
      places: new Map(),
      open: 0,
      more: new Int32Array(worlds),
      connections: 0,
      messages: 0,
      waiting: 0,
      leastHighestMessages: 0,
      leastMessageRate: Infinity,
    }));
  }

  /** One more world. */
  add(world: number, scenario: Scenario): void {
    for (const [index, post] of this.posts.entries()) {
      const settings = scenario.connectors[index] ?? post.settings;
      post.leastMessageRate = Math.min(post.leastMessageRate, settings.messageRateLimit);
      post.in[world] = { settings, tally: new ConnectorTally(), line: new WaitingLine() };
    }
  }

  /** Undefined: no connector is for it. Cost: a look-up, but for the first time of a client. */
  seatOf({ index, client }: RecordedClient): Seat | undefined {
    let seat = this.#seats[index];
    if (seat === undefined) {
      const post = this.posts[servedBy(client, this.#present, this.#scenario.connectors)];
      seat = post === undefined ? null : this.#seatAt(post, client);
      this.#seats[index] = seat;
    }
    return seat ?? undefined;
  }

  /** One came whom no connector is for. `at`: by the wall clock; milliseconds. */
  notServed({ client: { connector, source } }: RecordedClient, at: number): void {
    let unserved = this.unserved.get(connector);
    if (unserved === undefined) {
      unserved = { tally: new ConnectorTally(), connections: 0, sources: new Map() };
      this.unserved.set(connector, unserved);
    }
    let of = unserved.sources.get(source);
    if (of === undefined) unserved.sources.set(source, (of = { tally: new SourceTally(), connections: 0 }));
    of.connections++;
    unserved.connections++;
    unserved.tally.isRefused(of.tally, "remoteIpRanges", at);
  }

  /** Nobody is here. */
  reset(): void {
    for (const post of this.posts) {
      post.open = 0;
      post.waiting = 0;
      post.more.fill(0);
      for (const { line } of post.in) line.clear();
    }
    for (const place of this.places) {
      place.openFrom = 0;
      place.more = undefined;
      place.minute = undefined;
      place.minutes.clear();
    }
  }

  #seatAt(post: Post, { source, door }: RecordedClient["client"]): Seat {
    let place = post.places.get(source);
    if (place === undefined) {
      place = emptyPlace(post, source);
      post.places.set(source, place);
      this.places.push(place);
    }
    return {
      post,
      place,
      isCounted: isListening(door),
      refusesAlone: door === "HTTP",
      isFile: door === "PICKUP",
    };
  }
}

function emptyPlace(post: Post, source: string): Place {
  return {
    index: post.places.size,
    post,
    source,
    openFrom: 0,
    connections: 0,
    messages: 0,
    more: undefined,
    minute: undefined,
    minutes: new Map(),
    highestOpen: new SharedPeak(),
    highestMessages: new SharedPeak(),
    tallies: undefined,
  };
}

/** What the place has in this world that others do not. */
export function tallyIn(place: Place, world: number): SourceTally {
  const tallies = (place.tallies ??= []);
  return (tallies[world] ??= new SourceTally());
}

/** One connection more or less than recorded is open in this world: of the connector, and of the source. */
export function opens({ post, place }: Seat, world: number, by: 1 | -1): void {
  const { more } = post;
  more[world] = (more[world] ?? 0) + by;
  const ofSource = (place.more ??= new Int32Array(more.length));
  // From here on it may see another highest.
  place.highestOpen.split(world);
  ofSource[world] = (ofSource[world] ?? 0) + by;
}
