/**
 * Plays recorded traffic under other settings, any number of scenarios in one pass: who would have been refused, when and by which limit,
 * and the highest use. docs/know-before-you-change.md says what is assumed; decision 55 why. Cost: one to two microseconds a
 * connection; for each scenario as much again for connections that it refuses, and little for the others.
 */
import { noLimits, type SessionRights } from "../policy/client-rights.ts";
import { refusalCatalogue } from "../refusals/catalogue.ts";
import { groupedClient } from "../traffic/grouped-client.ts";
import {
  noProfile,
  type TrafficClient,
  type TrafficListener,
  type TrafficProfile,
  type TrafficWelcome,
} from "../traffic/traffic-facts.ts";
import type { Happening, RecordedClient, RecordedConnection } from "./cast.ts";
import { CountedTime } from "./counted-time.ts";
import type { RefusedClients, ReplayedConnector, Scenario, ToldSources } from "./scenario.ts";
import type { ConnectorOutcome } from "./tally.ts";
import { servedElsewhere } from "./served-by.ts";
import { groupKey, mostWorlds, WorldGroup } from "./world-group.ts";

export interface ReplayOptions {
  /** The receive connectors in force. */
  readonly present: readonly ReplayedConnector[];
  readonly scenarios: readonly Scenario[];
  readonly refusedClients: RefusedClients;
  /** Default: of all. What is told of each costs some 300 octets, in each world. */
  readonly toldSources?: ToldSources;
  /** What users and applications are limited to; default: nobody is. */
  readonly rightsOf?: (address: string, user: string | undefined) => Pick<SessionRights, "messageRates">;
  /** Bits by which IPv6 addresses are one source; default: as they were grouped then. */
  readonly ipv6SourcePrefixLength?: number;
  /** What is counted, wall clock. What lies before is played without counting. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** What really was, by connector. */
export interface RecordedOutcome {
  readonly connector: string;
  readonly connections: number;
  readonly messages: number;
  /** By the setting that refused, or the kind where it was none. */
  readonly refused: Readonly<Record<string, number>>;
  /** Connections that by the settings in force would have come to another one, by its name; empty: to none. */
  readonly elsewhere: ReadonlyMap<string, number>;
}

export interface ReplayOutcome {
  /** As the scenarios were given. */
  readonly worlds: readonly (readonly ConnectorOutcome[])[];
  readonly recorded: readonly RecordedOutcome[];
  /** Wall clock; undefined: nothing is recorded of the time. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  /** Times a relay started, and times part of the record was lost. */
  readonly starts: number;
  readonly gaps: number;
}

interface Open {
  readonly known: Known;
  /** One for each group, as each has worlds of its own. */
  readonly connections: readonly RecordedConnection[];
  enteredMs: number | undefined;
  profile: TrafficProfile;
  lastMessage: Happening | undefined;
  isHeld: boolean;
  isRefused: boolean;
}

interface Recorded {
  connections: number;
  messages: number;
  readonly refused: Record<string, number>;
  readonly elsewhere: Map<string, number>;
}

interface Durations {
  count: number;
  totalMs: number;
}

/** A client, and what is counted of it and of others with it. */
interface Known extends RecordedClient {
  readonly ofSource: Durations;
  readonly ofConnector: Durations;
  /** Of its connector; undefined: nothing was counted yet. */
  recorded: Recorded | undefined;
  /** The connector that the settings in force have for it, where that is another one; empty: none. */
  readonly elsewhere: string | undefined;
  readonly rates: Map<TrafficProfile, SessionRights["messageRates"]>;
}

/** What is refused at the door by these would have come in under other settings. */
const doorLimits: ReadonlySet<string> = new Set([
  "connectionLimit",
  "connectionLimitPerSource",
  "connectionPercentagePerSource",
  "connectionRate",
  "noConnector",
]);
/** Of a connection of whose kind none has ended yet. */
const unknownDurationMs = 60_000;

export class Replay implements TrafficListener {
  readonly #options: ReplayOptions;
  readonly #groups: readonly WorldGroup[];
  readonly #clients = new Map<TrafficClient, Known>();
  readonly #open = new Map<number, Open>();
  readonly #bySource = new Map<string, Durations>();
  readonly #byConnector = new Map<string, Durations>();
  readonly #recorded = new Map<string, Recorded>();
  readonly #counted: CountedTime;
  #order = 0;
  #first: number | undefined;
  #last: number | undefined;
  #starts = 0;
  #gaps = 0;

  constructor(options: ReplayOptions) {
    this.#options = options;
    const { present, scenarios, refusedClients } = options;
    const counted = new CountedTime(options.fromMs, options.toMs);
    this.#counted = counted;
    const together = new Map<string, (readonly [number, Scenario])[][]>();
    for (const entry of scenarios.entries()) {
      const key = groupKey(entry[1]);
      const groups = together.get(key) ?? [];
      const last = groups.at(-1);
      if (last !== undefined && last.length < mostWorlds) last.push(entry);
      else groups.push([entry]);
      together.set(key, groups);
    }
    this.#groups = [...together.values()]
      .flat()
      .map((one) => new WorldGroup({ scenarios: one, present, refusedClients, counted }));
  }

  /** Behind the last entry. What was put off in a scenario is played to its end, or until `toMs`. */
  outcome(): ReplayOutcome {
    for (const group of this.#groups) group.advance(this.#options.toMs - this.#counted.wallOffsetMs);
    const worlds = new Map(
      this.#groups.flatMap((group) => group.outcome(this.#options.toldSources ?? Infinity)),
    );
    return {
      worlds: this.#options.scenarios.map((_, number) => worlds.get(number) ?? []),
      recorded: Array.from(this.#recorded, ([connector, one]) => ({ connector, ...one })),
      first: this.#first,
      last: this.#last,
      starts: this.#starts,
      gaps: this.#gaps,
    };
  }

  began(atMs: number, wallOffsetMs: number, cause: "start" | "gap"): void {
    this.#counted.wallOffsetMs = wallOffsetMs;
    this.#open.clear();
    for (const group of this.#groups) group.reset();
    if (this.#counted.at(atMs) === undefined) return;
    if (cause === "start") this.#starts++;
    else this.#gaps++;
  }

  clockSet(_atMs: number, wallOffsetMs: number): void {
    this.#counted.wallOffsetMs = wallOffsetMs;
  }

  connected(
    number: number,
    client: TrafficClient,
    profile: TrafficProfile,
    arrivedMs: number,
    enteredMs: number | undefined,
  ): void {
    const known = this.#client(client);
    const connections = this.#inEachGroup(known, enteredMs, undefined);
    this.#open.set(number, opened(known, connections, profile, enteredMs));
    const groups = this.#groups;
    for (let at = 0; at < groups.length; at++)
      groups[at]?.connected(ofGroup(connections, at), enteredMs ?? arrivedMs);
  }

  arrived(
    atMs: number,
    number: number,
    client: TrafficClient,
    welcome: TrafficWelcome,
    refusal: string | undefined,
  ): void {
    const known = this.#client(client);
    const record = this.#recordOf(known, atMs);
    if (record !== undefined) {
      record.connections++;
      const { elsewhere } = known;
      if (elsewhere !== undefined)
        record.elsewhere.set(elsewhere, (record.elsewhere.get(elsewhere) ?? 0) + 1);
    }
    if (welcome === "refused") {
      this.#countRefused(known, refusal ?? "", atMs);
      if (!doorLimits.has(refusal ?? "")) return;
    }
    const enteredMs = welcome === "admitted" ? atMs : undefined;
    const assumed = welcome === "refused" ? assumedMs(known) : undefined;
    const connections = this.#inEachGroup(known, enteredMs, assumed);
    if (welcome !== "refused") this.#open.set(number, opened(known, connections, noProfile, enteredMs));
    const groups = this.#groups;
    for (let at = 0; at < groups.length; at++) {
      groups[at]?.advance(atMs);
      groups[at]?.arrived(ofGroup(connections, at), atMs);
    }
  }

  resumed(atMs: number, number: number): void {
    const open = this.#open.get(number);
    if (open === undefined) return;
    open.isHeld = false;
    if (open.enteredMs === undefined) {
      open.enteredMs = atMs;
      for (const connection of open.connections) connection.enteredMs = atMs;
    } else if (open.lastMessage !== undefined) open.lastMessage.goesOnMs = atMs;
  }

  left(atMs: number, number: number): void {
    const open = this.#open.get(number);
    if (open === undefined) return;
    this.#open.delete(number);
    const { connections, known, enteredMs } = open;
    if (enteredMs !== undefined) {
      ended(known.ofConnector, atMs - enteredMs);
      ended(known.ofSource, atMs - enteredMs);
    }
    const happening = this.#happening("left", atMs, open);
    const groups = this.#groups;
    for (let at = 0; at < groups.length; at++) {
      groups[at]?.advance(atMs);
      groups[at]?.left(ofGroup(connections, at), happening);
    }
  }

  described(_atMs: number, number: number, profile: TrafficProfile): void {
    const open = this.#open.get(number);
    if (open !== undefined) open.profile = profile;
  }

  message(atMs: number, number: number): void {
    const open = this.#open.get(number);
    if (open === undefined) return;
    const happening = this.#happening("message", atMs, open);
    open.lastMessage = happening;
    open.isRefused = false;
    const groups = this.#groups;
    for (let at = 0; at < groups.length; at++) {
      groups[at]?.advance(atMs);
      groups[at]?.message(ofGroup(open.connections, at), happening);
    }
  }

  messageHeld(_atMs: number, number: number): void {
    const open = this.#open.get(number);
    if (open?.lastMessage === undefined) return;
    open.isHeld = true;
    open.lastMessage.goesOnMs = undefined;
  }

  kept(atMs: number, number: number): void {
    const open = this.#open.get(number);
    const record = open && this.#recordOf(open.known, atMs);
    if (record !== undefined) record.messages++;
  }

  refused(atMs: number, number: number, refusal: string): void {
    const open = this.#open.get(number);
    if (open === undefined) return;
    open.isRefused = true;
    // It waited in vain: what it does next is as much later already.
    if (open.lastMessage !== undefined) open.lastMessage.goesOnMs ??= atMs;
    this.#countRefused(open.known, refusal, atMs);
  }

  /** A gap follows, which tells where. */
  lost(): void {}

  #inEachGroup(
    client: Known,
    enteredMs: number | undefined,
    assumed: number | undefined,
  ): readonly RecordedConnection[] {
    const order = this.#order++;
    return this.#groups.map(() => ({
      client,
      order,
      enteredMs,
      assumedMs: assumed,
      gone: 0,
      strays: 0,
      guests: undefined,
    }));
  }

  #happening(kind: Happening["kind"], atMs: number, { known, profile, isHeld, isRefused }: Open): Happening {
    return {
      kind,
      atMs,
      order: this.#order++,
      user: profile.user === "" ? undefined : profile.user,
      rates: kind === "left" ? noLimits.messageRates : this.#ratesOf(known, profile),
      goesOnMs: atMs,
      isImpatient: kind === "left" && isHeld && !isRefused,
    };
  }

  #ratesOf({ client, rates }: Known, profile: TrafficProfile): SessionRights["messageRates"] {
    const { rightsOf } = this.#options;
    if (rightsOf === undefined) return noLimits.messageRates;
    let known = rates.get(profile);
    if (known === undefined) {
      known = rightsOf(client.address, profile.user === "" ? undefined : profile.user).messageRates;
      rates.set(profile, known);
    }
    return known;
  }

  #client(recorded: TrafficClient): Known {
    let known = this.#clients.get(recorded);
    if (known === undefined) {
      const { present, ipv6SourcePrefixLength } = this.#options;
      const client = groupedClient(recorded, ipv6SourcePrefixLength);
      const { connector, source } = client;
      known = {
        index: this.#clients.size,
        client,
        ofSource: durationsOf(this.#bySource, `${connector}\n${source}`),
        ofConnector: durationsOf(this.#byConnector, connector),
        recorded: undefined,
        elsewhere: servedElsewhere(client, present),
        rates: new Map(),
      };
      this.#clients.set(recorded, known);
    }
    return known;
  }

  #recordOf(known: Known, atMs: number): Recorded | undefined {
    const at = this.#counted.at(atMs);
    if (at === undefined) return undefined;
    this.#first ??= at;
    this.#last = at;
    return (known.recorded ??= this.#recordOfConnector(known.client.connector));
  }

  #recordOfConnector(connector: string): Recorded {
    let record = this.#recorded.get(connector);
    if (record === undefined)
      this.#recorded.set(
        connector,
        (record = { connections: 0, messages: 0, refused: {}, elsewhere: new Map() }),
      );
    return record;
  }

  #countRefused(known: Known, kind: string, atMs: number): void {
    const record = this.#recordOf(known, atMs);
    if (record === undefined) return;
    const setting = settingOf(kind);
    record.refused[setting] = (record.refused[setting] ?? 0) + 1;
  }
}

function opened(
  known: Known,
  connections: readonly RecordedConnection[],
  profile: TrafficProfile,
  enteredMs: number | undefined,
): Open {
  const isHeld = enteredMs === undefined;
  return { known, connections, enteredMs, profile, lastMessage: undefined, isHeld, isRefused: false };
}

function ofGroup(connections: readonly RecordedConnection[], group: number): RecordedConnection {
  const connection = connections[group];
  if (connection === undefined) throw new Error("a connection is in no such group");
  return connection;
}

function durationsOf(all: Map<string, Durations>, key: string): Durations {
  let durations = all.get(key);
  if (durations === undefined) all.set(key, (durations = { count: 0, totalMs: 0 }));
  return durations;
}

function ended(durations: Durations, ms: number): void {
  durations.count++;
  durations.totalMs += ms;
}

/** Mean of those that have ended so far: of its source, else of its connector. */
function assumedMs({ ofSource, ofConnector }: Known): number {
  const { count, totalMs } = ofSource.count > 0 ? ofSource : ofConnector;
  return count === 0 ? unknownDurationMs : Math.round(totalMs / count);
}

function settingOf(kind: string): string {
  const definition = (refusalCatalogue as Readonly<Record<string, { readonly setting?: string }>>)[kind];
  return definition?.setting ?? kind;
}
