/**
 * Plays recorded traffic under other settings, any number of scenarios in one pass: who would have been refused, when and by which limit,
 * and the highest use. docs/know-before-you-change.md says what is assumed; decision 55 why. Cost: one to two microseconds a
 * connection; for each scenario as much again for connections that it refuses, and little for the others.
 */
import { noLimits, type SessionRights } from "../policy/client-rights.ts";
import { refusalCatalogue } from "../refusals/catalogue.ts";
import {
  noProfile,
  type TrafficClient,
  type TrafficListener,
  type TrafficProfile,
  type TrafficWelcome,
} from "../traffic/traffic-facts.ts";
import type { Happening, RecordedClient, RecordedConnection } from "./cast.ts";
import type { RefusedClients, ReplayedConnector, Scenario, ToldSources } from "./scenario.ts";
import type { ConnectorOutcome } from "./tally.ts";
import { groupKey, WorldGroup } from "./world-group.ts";

export interface ReplayOptions {
  /** The receive connectors in force. */
  readonly present: readonly ReplayedConnector[];
  readonly scenarios: readonly Scenario[];
  readonly refusedClients: RefusedClients;
  /** Default: of all. What is told of each costs some 300 octets, in each world. */
  readonly toldSources?: ToldSources;
  /** What users and applications are limited to; default: nobody is. */
  readonly rightsOf?: (address: string, user: string | undefined) => Pick<SessionRights, "messageRates">;
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
  readonly connection: RecordedConnection;
  profile: TrafficProfile;
  lastMessage: Happening | undefined;
  isHeld: boolean;
  isRefused: boolean;
}

interface Recorded {
  connections: number;
  messages: number;
  readonly refused: Record<string, number>;
}

interface Durations {
  count: number;
  totalMs: number;
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
  readonly #clients = new Map<TrafficClient, RecordedClient>();
  readonly #open = new Map<number, Open>();
  readonly #bySource = new Map<string, Durations>();
  readonly #byConnector = new Map<string, Durations>();
  readonly #recorded = new Map<string, Recorded>();
  readonly #rates = new Map<TrafficClient, Map<TrafficProfile, SessionRights["messageRates"]>>();
  #wallOffsetMs = 0;
  #order = 0;
  #first: number | undefined;
  #last: number | undefined;
  #starts = 0;
  #gaps = 0;

  constructor(options: ReplayOptions) {
    this.#options = options;
    const { present, scenarios, refusedClients } = options;
    const countedAt = (atMs: number): number | undefined => this.#countedAt(atMs);
    const together = new Map<string, (readonly [number, Scenario])[]>();
    for (const entry of scenarios.entries()) {
      const key = groupKey(entry[1]);
      together.set(key, [...(together.get(key) ?? []), entry]);
    }
    this.#groups = Array.from(
      together.values(),
      (of) => new WorldGroup({ scenarios: of, present, refusedClients, countedAt }),
    );
  }

  /** Behind the last entry. What was put off in a scenario is played to its end, or until `toMs`. */
  outcome(): ReplayOutcome {
    for (const group of this.#groups) group.advance(this.#options.toMs - this.#wallOffsetMs);
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
    this.#wallOffsetMs = wallOffsetMs;
    this.#open.clear();
    for (const group of this.#groups) group.reset();
    if (this.#countedAt(atMs) === undefined) return;
    if (cause === "start") this.#starts++;
    else this.#gaps++;
  }

  clockSet(_atMs: number, wallOffsetMs: number): void {
    this.#wallOffsetMs = wallOffsetMs;
  }

  connected(
    number: number,
    client: TrafficClient,
    profile: TrafficProfile,
    arrivedMs: number,
    enteredMs: number | undefined,
  ): void {
    const connection = this.#connection(client, enteredMs, undefined);
    this.#open.set(number, this.#opened(connection, profile, enteredMs === undefined));
    for (const group of this.#groups) group.connected(connection, enteredMs ?? arrivedMs);
  }

  arrived(
    atMs: number,
    number: number,
    client: TrafficClient,
    welcome: TrafficWelcome,
    refusal: string | undefined,
  ): void {
    const record = this.#recordOf(client, atMs);
    if (record !== undefined) record.connections++;
    if (welcome === "refused") {
      this.#countRefused(client, refusal ?? "", atMs);
      if (!doorLimits.has(refusal ?? "")) return;
    }
    const connection = this.#connection(
      client,
      welcome === "admitted" ? atMs : undefined,
      welcome === "refused" ? this.#assumedMs(client) : undefined,
    );
    if (welcome !== "refused")
      this.#open.set(number, this.#opened(connection, noProfile, welcome === "held"));
    for (const group of this.#groups) {
      group.advance(atMs);
      group.arrived(connection, atMs);
    }
  }

  resumed(atMs: number, number: number): void {
    const open = this.#open.get(number);
    if (open === undefined) return;
    open.isHeld = false;
    if (open.connection.enteredMs === undefined) open.connection.enteredMs = atMs;
    else if (open.lastMessage !== undefined) open.lastMessage.goesOnMs = atMs;
  }

  left(atMs: number, number: number): void {
    const open = this.#open.get(number);
    if (open === undefined) return;
    this.#open.delete(number);
    const { connection } = open;
    if (connection.enteredMs !== undefined)
      this.#ended(connection.client.client, atMs - connection.enteredMs);
    const happening = this.#happening("left", atMs, connection.client, open);
    for (const group of this.#groups) {
      group.advance(atMs);
      group.left(connection, happening);
    }
  }

  described(_atMs: number, number: number, profile: TrafficProfile): void {
    const open = this.#open.get(number);
    if (open !== undefined) open.profile = profile;
  }

  message(atMs: number, number: number): void {
    const open = this.#open.get(number);
    if (open === undefined) return;
    const happening = this.#happening("message", atMs, open.connection.client, open);
    open.lastMessage = happening;
    open.isRefused = false;
    for (const group of this.#groups) {
      group.advance(atMs);
      group.message(open.connection, happening);
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
    const record = open && this.#recordOf(open.connection.client.client, atMs);
    if (record !== undefined) record.messages++;
  }

  refused(atMs: number, number: number, refusal: string): void {
    const open = this.#open.get(number);
    if (open === undefined) return;
    open.isRefused = true;
    // It waited in vain: what it does next is as much later already.
    if (open.lastMessage !== undefined) open.lastMessage.goesOnMs ??= atMs;
    this.#countRefused(open.connection.client.client, refusal, atMs);
  }

  /** A gap follows, which tells where. */
  lost(): void {}

  #connection(
    client: TrafficClient,
    enteredMs: number | undefined,
    assumedMs: number | undefined,
  ): RecordedConnection {
    return { client: this.#client(client), enteredMs, assumedMs, guests: undefined, guestCount: 0 };
  }

  #opened(connection: RecordedConnection, profile: TrafficProfile, isHeld: boolean): Open {
    return { connection, profile, lastMessage: undefined, isHeld, isRefused: false };
  }

  #happening(kind: Happening["kind"], atMs: number, { client }: RecordedClient, open: Open): Happening {
    const { profile, isHeld, isRefused } = open;
    return {
      kind,
      atMs,
      order: this.#order++,
      user: profile.user === "" ? undefined : profile.user,
      rates: kind === "left" ? noLimits.messageRates : this.#ratesOf(client, profile),
      goesOnMs: atMs,
      isImpatient: kind === "left" && isHeld && !isRefused,
    };
  }

  #ratesOf(client: TrafficClient, profile: TrafficProfile): SessionRights["messageRates"] {
    const { rightsOf } = this.#options;
    if (rightsOf === undefined) return noLimits.messageRates;
    let known = this.#rates.get(client);
    if (known === undefined) this.#rates.set(client, (known = new Map()));
    let rates = known.get(profile);
    if (rates === undefined) {
      rates = rightsOf(client.address, profile.user === "" ? undefined : profile.user).messageRates;
      known.set(profile, rates);
    }
    return rates;
  }

  #client(client: TrafficClient): RecordedClient {
    let known = this.#clients.get(client);
    if (known === undefined) this.#clients.set(client, (known = { index: this.#clients.size, client }));
    return known;
  }

  #countedAt(atMs: number): number | undefined {
    const at = atMs + this.#wallOffsetMs;
    return at >= this.#options.fromMs && at < this.#options.toMs ? at : undefined;
  }

  #recordOf({ connector }: TrafficClient, atMs: number): Recorded | undefined {
    const at = this.#countedAt(atMs);
    if (at === undefined) return undefined;
    this.#first ??= at;
    this.#last = at;
    let record = this.#recorded.get(connector);
    if (record === undefined)
      this.#recorded.set(connector, (record = { connections: 0, messages: 0, refused: {} }));
    return record;
  }

  #countRefused(client: TrafficClient, kind: string, atMs: number): void {
    const record = this.#recordOf(client, atMs);
    if (record === undefined) return;
    const setting = settingOf(kind);
    record.refused[setting] = (record.refused[setting] ?? 0) + 1;
  }

  #ended({ connector, source }: TrafficClient, durationMs: number): void {
    for (const [durations, key] of [
      [this.#byConnector, connector],
      [this.#bySource, `${connector}\n${source}`],
    ] as const) {
      const known = durations.get(key);
      if (known === undefined) durations.set(key, { count: 1, totalMs: durationMs });
      else {
        known.count++;
        known.totalMs += durationMs;
      }
    }
  }

  /** Mean of those that have ended so far: of its source, else of its connector. */
  #assumedMs({ connector, source }: TrafficClient): number {
    const durations = this.#bySource.get(`${connector}\n${source}`) ?? this.#byConnector.get(connector);
    return durations === undefined ? unknownDurationMs : Math.round(durations.totalMs / durations.count);
  }
}

function settingOf(kind: string): string {
  const definition = (refusalCatalogue as Readonly<Record<string, { readonly setting?: string }>>)[kind];
  return definition?.setting ?? kind;
}
