/** Who belongs where in a scenario: the connector that serves a recorded client, and its place among the sources of that one. */
import { isListening } from "../policy/door.ts";
import type { SlidingMinute } from "../policy/sliding-minute.ts";
import type { RecordedClient } from "./recorded-connection.ts";
import type { ReplayedConnector, Scenario } from "./scenario.ts";
import { servedBy } from "./served-by.ts";
import { ConnectorTally, SourceTally, type ConnectorOutcome } from "./tally.ts";
import { WaitingLine } from "./waiting-line.ts";

/** A connector of the scenario, with what it holds. */
export interface Post<Waiting> {
  readonly settings: ReplayedConnector;
  readonly tally: ConnectorTally;
  readonly line: WaitingLine<Waiting>;
  open: number;
  /** By the source's place. */
  readonly openFrom: number[];
  readonly places: Map<string, number>;
  /** Messages of each source, where those of an address are counted together. */
  minutes: (SlidingMinute | undefined)[];
}

/** Where a recorded client belongs in this scenario. */
export interface Seat<Waiting> {
  readonly post: Post<Waiting>;
  readonly place: number;
  readonly tally: SourceTally;
  readonly source: string;
  /** Its connections take places of the connector. */
  readonly isCounted: boolean;
}

interface Unserved {
  readonly tally: ConnectorTally;
  readonly sources: Map<string, SourceTally>;
}

export class Seating<Waiting> {
  readonly posts: readonly Post<Waiting>[];
  readonly #scenario: Scenario;
  readonly #present: readonly ReplayedConnector[];
  /** By the client's index; undefined: not looked for yet; null: nobody serves it. */
  readonly #seats: (Seat<Waiting> | null | undefined)[] = [];
  /** By the connector that served them. */
  readonly #unserved = new Map<string, Unserved>();

  /** `present`: the connectors in force, under whose names clients were recorded. */
  constructor(scenario: Scenario, present: readonly ReplayedConnector[]) {
    this.#scenario = scenario;
    this.#present = present;
    this.posts = scenario.connectors.map((settings) => ({
      settings,
      tally: new ConnectorTally(settings.name),
      line: new WaitingLine(),
      open: 0,
      openFrom: [],
      places: new Map(),
      minutes: [],
    }));
  }

  /** Undefined: no connector of the scenario is for it. Cost: a look-up, but for the first time of a client. */
  seatOf({ index, client }: RecordedClient): Seat<Waiting> | undefined {
    let seat = this.#seats[index];
    if (seat === undefined) {
      const post = this.posts[servedBy(client, this.#present, this.#scenario.connectors)];
      seat = post === undefined ? null : seatAt(post, client);
      this.#seats[index] = seat;
    }
    return seat ?? undefined;
  }

  /** One came whom no connector is for. `at`: by the wall clock; milliseconds. */
  notServed({ client: { connector, source } }: RecordedClient, at: number): void {
    let unserved = this.#unserved.get(connector);
    if (unserved === undefined)
      this.#unserved.set(
        connector,
        (unserved = { tally: new ConnectorTally(connector), sources: new Map() }),
      );
    const { tally, sources } = unserved;
    let of = sources.get(source);
    if (of === undefined) {
      sources.set(source, (of = new SourceTally(source)));
      tally.sources.push(of);
    }
    of.connections++;
    tally.connections++;
    tally.refused(of, "remoteIpRanges", at);
  }

  outcome(): readonly ConnectorOutcome[] {
    return [...this.posts, ...this.#unserved.values()].map(({ tally }) => tally.outcome);
  }
}

function seatAt<Waiting>(post: Post<Waiting>, { source, door }: RecordedClient["client"]): Seat<Waiting> {
  let place = post.places.get(source);
  if (place === undefined) {
    place = post.places.size;
    post.places.set(source, place);
    post.openFrom.push(0);
    post.tally.sources.push(new SourceTally(source));
  }
  const tally = post.tally.sources[place] ?? new SourceTally(source);
  return { post, place, tally, source, isCounted: isListening(door) };
}
