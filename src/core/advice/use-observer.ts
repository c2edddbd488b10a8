/**
 * Hears the traffic record and tells what use was made of the limits. Cost: less than a microsecond for each entry; memory for each
 * source and day it was seen on.
 */
import { isListening } from "../policy/door.ts";
import {
  nothingRefused,
  oneMoreRefused,
  placeFreed,
  refusedStillThere,
  type RefusedDemand,
} from "../policy/refused-demand.ts";
import { SlidingMinute } from "../policy/sliding-minute.ts";
import { groupedClient } from "../traffic/grouped-client.ts";
import type { ReplayedConnector } from "../what-if/scenario.ts";
import { servedElsewhere } from "../what-if/served-by.ts";
import type {
  TrafficClient,
  TrafficListener,
  TrafficProfile,
  TrafficWelcome,
} from "../traffic/traffic-facts.ts";
import { TallyOfValues } from "./tally-of-values.ts";
import type { ConnectorUse, DayOfSource, RecordedUse, ServedElsewhere, SourceUse } from "./use-facts.ts";

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const minuteMs = 60_000;
/** So long may a connection be silent without being idle. */
const silenceMs = 30_000;
const stormRefusals = 60;
const stormForEach = 20;
const namesKept = 5;
/** A client may call itself otherwise each time. */
const namesCounted = 1_000;

type Day = { -readonly [Name in keyof DayOfSource]: DayOfSource[Name] };

interface Track {
  readonly source: string;
  readonly connector: ConnectorTrack;
  isOfDirectory: boolean;
  application: string;
  readonly heloNames: Set<string>;
  readonly users: Set<string>;
  connections: number;
  messages: number;
  refused: number;
  firstSeen: number;
  lastSeen: number;
  open: number;
  /** Since the connections before it ended. */
  ended: number;
  endedMs: number;
  demand: RefusedDemand;
  hour: number;
  hourCame: number;
  hourRefused: number;
  sent: SlidingMinute;
  /** The minute that is looked at, and its highest so far. */
  minute: number;
  minuteOpen: number;
  minuteSent: number;
  readonly openMinutes: TallyOfValues;
  readonly sentMinutes: TallyOfValues;
  readonly days: Day[];
}

interface ConnectorTrack {
  readonly name: string;
  readonly tracks: Map<string, Track>;
  open: number;
  readonly days: { readonly day: number; open: number }[];
}

/** Where a client of the record belongs; without a track it belongs nowhere. */
interface Seat {
  readonly track: Track | undefined;
  readonly elsewhere: { connections: number } | undefined;
}

interface Open {
  readonly track: Track;
  readonly isCounted: boolean;
  readonly day: Day | undefined;
  /** By the relay's own clock, which is never set. */
  readonly arrivedMs: number;
  lastActiveMs: number;
}

const doorLimits: ReadonlySet<string> = new Set([
  "connectionLimit",
  "connectionLimitPerSource",
  "connectionPercentagePerSource",
  "connectionRate",
]);

export class UseObserver implements TrafficListener {
  readonly #fromMs: number;
  readonly #toMs: number;
  readonly #ipv6SourcePrefixLength: number | undefined;
  readonly #present: readonly ReplayedConnector[] | undefined;
  readonly #connectors = new Map<string, ConnectorTrack>();
  readonly #elsewhere: { -readonly [Name in keyof ServedElsewhere]: ServedElsewhere[Name] }[] = [];
  readonly #seats = new Map<TrafficClient, Seat>();
  readonly #open = new Map<number, Open>();
  readonly #arrivals: { readonly day: number; perMinute: number }[] = [];
  #arrivalMinute = new SlidingMinute(0);
  #wallOffsetMs = 0;
  /** By the relay's own clock, and by the one on the wall. */
  #nowMs = 0;
  #wallMs = 0;
  #first: number | undefined;
  #last: number | undefined;

  /**
   * What lies before `fromMs` (wall clock) is heard, and not told. `ipv6SourcePrefixLength`: bits by which IPv6 addresses are one
   * source; default: as they were grouped then. `present`: the connectors in force; what came counts where it would come to now, as in a
   * replay (what-if/served-by.ts). Default: where it came to.
   */
  constructor(options: {
    readonly fromMs: number;
    readonly toMs: number;
    readonly ipv6SourcePrefixLength?: number;
    readonly present?: readonly ReplayedConnector[];
  }) {
    this.#fromMs = options.fromMs;
    this.#toMs = options.toMs;
    this.#ipv6SourcePrefixLength = options.ipv6SourcePrefixLength;
    this.#present = options.present;
  }

  /** Behind the last entry. */
  outcome(): RecordedUse {
    this.#allEnd();
    return {
      connectors: Array.from(this.#connectors.values(), connectorUse).filter(
        ({ sources }) => sources.length > 0,
      ),
      elsewhere: this.#elsewhere.filter(({ connections }) => connections > 0),
      arrivals: this.#arrivals,
      first: this.#first,
      last: this.#last,
    };
  }

  began(_atMs: number, wallOffsetMs: number): void {
    this.#allEnd();
    this.#wallOffsetMs = wallOffsetMs;
    // As the relay's own counts: they begin anew with it.
    this.#arrivalMinute = new SlidingMinute(0);
    for (const { tracks } of this.#connectors.values())
      for (const track of tracks.values()) track.sent = new SlidingMinute(0);
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
    const at = this.#wall(Math.max(arrivedMs, enteredMs ?? arrivedMs));
    const { track } = this.#seatOf(client);
    if (track === undefined) return;
    this.#profile(track, profile);
    this.#comes(number, track, isListening(client.door), at);
  }

  arrived(
    atMs: number,
    number: number,
    client: TrafficClient,
    welcome: TrafficWelcome,
    refusal: string | undefined,
  ): void {
    const at = this.#wall(atMs);
    const isCounted = isListening(client.door);
    if (isCounted) this.#arrival(atMs, at);
    if (client.connector === "") return;
    const { track, elsewhere } = this.#seatOf(client);
    if (elsewhere !== undefined && this.#hears(at)) elsewhere.connections++;
    if (track === undefined) return;
    if (welcome === "refused") {
      if (doorLimits.has(refusal ?? "")) this.#isRefused(track, at);
      return;
    }
    this.#hour(track, at).hourCame++;
    const day = this.#comes(number, track, isCounted, at);
    if (day === undefined) return;
    day.connections++;
    track.connections++;
  }

  resumed(): void {}

  left(atMs: number, number: number): void {
    const open = this.#open.get(number);
    if (open === undefined) return;
    this.#open.delete(number);
    this.#ends(open, this.#wall(atMs));
  }

  described(_atMs: number, number: number, profile: TrafficProfile): void {
    const open = this.#open.get(number);
    if (open !== undefined) this.#profile(open.track, profile);
  }

  message(atMs: number, number: number): void {
    const open = this.#open.get(number);
    if (open === undefined) return;
    const at = this.#wall(atMs);
    const { track } = open;
    open.lastActiveMs = atMs;
    const second = Math.floor(atMs / 1000);
    const sent = track.sent.totalAt(second) + 1;
    track.sent.add();
    const day = this.#dayOf(track, at);
    if (day === undefined) return;
    track.messages++;
    if (sent > day.messages) day.messages = sent;
    this.#minute(track, at);
    if (sent > track.minuteSent) track.minuteSent = sent;
  }

  messageHeld(): void {}

  kept(atMs: number, number: number): void {
    const open = this.#open.get(number);
    if (open !== undefined) open.lastActiveMs = atMs;
  }

  refused(): void {}

  lost(): void {}

  #wall(atMs: number): number {
    this.#nowMs = atMs;
    return (this.#wallMs = atMs + this.#wallOffsetMs);
  }

  #seatOf(client: TrafficClient): Seat {
    let seat = this.#seats.get(client);
    if (seat === undefined) {
      seat = this.#newSeat(client);
      this.#seats.set(client, seat);
    }
    return seat;
  }

  #newSeat(client: TrafficClient): Seat {
    const present = this.#present;
    const now = present && servedElsewhere(client, present);
    if (now === undefined) return { track: this.#trackOf(client.connector, client), elsewhere: undefined };
    const of = present?.find(({ name }) => name.toLowerCase() === client.connector.toLowerCase());
    // What is disabled serves nobody, and is asked about nevertheless.
    if (now === "" && of?.enabled === false)
      return { track: this.#trackOf(of.name, client), elsewhere: undefined };
    let elsewhere = this.#elsewhere.find((one) => one.before === client.connector && one.now === now);
    if (elsewhere === undefined) {
      elsewhere = { before: client.connector, now, connections: 0 };
      this.#elsewhere.push(elsewhere);
    }
    return { track: now === "" ? undefined : this.#trackOf(now, client), elsewhere };
  }

  #trackOf(name: string, client: TrafficClient): Track {
    // However it was spelt.
    const key = name.toLowerCase();
    let connector = this.#connectors.get(key);
    if (connector === undefined) {
      connector = { name, tracks: new Map(), open: 0, days: [] };
      this.#connectors.set(key, connector);
    }
    const { source } = groupedClient(client, this.#ipv6SourcePrefixLength);
    let track = connector.tracks.get(source);
    if (track === undefined) {
      track = emptyTrack(source, connector);
      connector.tracks.set(source, track);
    }
    if (isListening(client.door)) track.isOfDirectory = false;
    return track;
  }

  #isTold(at: number): boolean {
    return at >= this.#fromMs && at < this.#toMs;
  }

  /** Whether it is told of; then it is part of what is recorded. */
  #hears(at: number): boolean {
    if (!this.#isTold(at)) return false;
    // The clock on the wall may have been set back meanwhile.
    this.#first = Math.min(at, this.#first ?? at);
    this.#last = Math.max(at, this.#last ?? at);
    return true;
  }

  #profile(track: Track, { application, heloName, user }: TrafficProfile): void {
    if (application !== "") track.application = application;
    if (heloName !== "" && track.heloNames.size < namesCounted) track.heloNames.add(heloName);
    if (user !== "" && track.users.size < namesCounted) track.users.add(user);
  }

  #comes(number: number, track: Track, isCounted: boolean, at: number): Day | undefined {
    const day = this.#dayOf(track, at);
    this.#open.set(number, { track, isCounted, day, arrivedMs: this.#nowMs, lastActiveMs: this.#nowMs });
    if (!isCounted) return day;
    this.#minute(track, at);
    track.open++;
    track.connector.open++;
    this.#wants(track, day);
    const { connector } = track;
    if (day === undefined) return day;
    const all = dayIn(connector.days, day.day, (of) => ({ day: of, open: 0 }));
    if (connector.open > all.open) all.open = connector.open;
    return day;
  }

  #ends({ track, isCounted, day, arrivedMs, lastActiveMs }: Open, at: number): void {
    const lifeMs = Math.max(0, this.#nowMs - arrivedMs);
    track.ended++;
    track.endedMs += lifeMs;
    if (day !== undefined) {
      day.lifeMs += lifeMs;
      day.idleMs += Math.max(0, this.#nowMs - lastActiveMs - silenceMs);
    }
    if (!isCounted) return;
    this.#minute(track, at);
    track.open--;
    track.connector.open--;
    track.demand = placeFreed(track.demand);
  }

  /** Nothing more is known of anybody: they end with what was told last. */
  #allEnd(): void {
    for (const open of this.#open.values()) this.#ends(open, this.#wallMs);
    this.#open.clear();
    for (const { tracks } of this.#connectors.values())
      for (const track of tracks.values()) {
        this.#minute(track, this.#wallMs + minuteMs);
        this.#hour(track, this.#wallMs + hourMs);
        track.demand = nothingRefused;
      }
  }

  #isRefused(track: Track, at: number): void {
    this.#hour(track, at).hourRefused++;
    track.demand = oneMoreRefused(track.demand, this.#nowMs, meanOf(track));
    const day = this.#dayOf(track, at);
    if (day === undefined) return;
    day.refused++;
    track.refused++;
    this.#wants(track, day);
  }

  #wants(track: Track, day: Day | undefined): void {
    const { open, demand } = track;
    const nowMs = this.#nowMs;
    const isRefusing = demand !== nothingRefused;
    const wanted = open + (isRefusing ? Math.ceil(refusedStillThere(demand, nowMs, meanOf(track))) : 0);
    if (wanted > track.minuteOpen) track.minuteOpen = wanted;
    if (day === undefined) return;
    if (wanted > day.open) day.open = wanted;
    const atOnce = open + (isRefusing && nowMs - demand.atMs < 1_000 ? demand.burst : 0);
    if (atOnce > day.openAtOnce) day.openAtOnce = atOnce;
  }

  /** Ends the minute before, where it has. */
  #minute(track: Track, at: number): void {
    const minute = Math.floor(at / minuteMs);
    if (minute === track.minute) return;
    const isTold = track.minute * minuteMs >= this.#fromMs && track.minute * minuteMs < this.#toMs;
    if (isTold && track.minuteOpen > 0) track.openMinutes.add(track.minuteOpen);
    if (isTold && track.minuteSent > 0) track.sentMinutes.add(track.minuteSent);
    const between = minute - track.minute - 1;
    if (isTold && between > 0 && track.open > 0) track.openMinutes.add(track.open, between);
    track.minute = minute;
    track.minuteOpen = track.open;
    track.minuteSent = 0;
  }

  /** Ends the hour before, where it has. */
  #hour(track: Track, now: number): Track {
    const hour = Math.floor(now / hourMs);
    if (hour === track.hour) return track;
    const { hourRefused, hourCame } = track;
    // Twenty for each that came in are no busy day: they are the same ones again, without a pause.
    if (hourRefused >= stormRefusals && hourRefused >= stormForEach * Math.max(1, hourCame)) {
      const at = track.hour * hourMs;
      if (at + hourMs > this.#fromMs && at < this.#toMs)
        dayIn(track.days, at - (at % dayMs), emptyDay).refusedInStorm += hourRefused;
    }
    track.hour = hour;
    track.hourCame = 0;
    track.hourRefused = 0;
    return track;
  }

  #arrival(atMs: number, at: number): void {
    const second = Math.floor(atMs / 1000);
    const came = this.#arrivalMinute.totalAt(second) + 1;
    this.#arrivalMinute.add();
    if (!this.#isTold(at)) return;
    const day = dayIn(this.#arrivals, at - (at % dayMs), (of) => ({ day: of, perMinute: 0 }));
    if (came > day.perMinute) day.perMinute = came;
  }

  /** Undefined: it is not told of. */
  #dayOf(track: Track, at: number): Day | undefined {
    if (!this.#hears(at)) return undefined;
    if (track.firstSeen === 0 || at < track.firstSeen) track.firstSeen = at;
    track.lastSeen = Math.max(track.lastSeen, at);
    // Who was connected at midnight has its connections on the new day too.
    const { open } = track;
    return dayIn(track.days, at - (at % dayMs), (day) => ({ ...emptyDay(day), open, openAtOnce: open }));
  }
}

function meanOf({ ended, endedMs }: Track): number | undefined {
  return ended === 0 ? undefined : endedMs / ended;
}

/** The latest is looked for first: time goes on. */
function dayIn<Any extends { readonly day: number }>(
  days: Any[],
  day: number,
  empty: (day: number) => Any,
): Any {
  const last = days.at(-1);
  if (last?.day === day) return last;
  const known = days.find((one) => one.day === day);
  if (known !== undefined) return known;
  const added = empty(day);
  days.push(added);
  return added;
}

function emptyDay(day: number): Day {
  return {
    day,
    open: 0,
    openAtOnce: 0,
    messages: 0,
    connections: 0,
    lifeMs: 0,
    idleMs: 0,
    refused: 0,
    refusedInStorm: 0,
  };
}

function emptyTrack(source: string, connector: ConnectorTrack): Track {
  return {
    source,
    connector,
    isOfDirectory: true,
    application: "",
    heloNames: new Set(),
    users: new Set(),
    connections: 0,
    messages: 0,
    refused: 0,
    firstSeen: 0,
    lastSeen: 0,
    open: 0,
    ended: 0,
    endedMs: 0,
    demand: nothingRefused,
    hour: 0,
    hourCame: 0,
    hourRefused: 0,
    sent: new SlidingMinute(0),
    minute: 0,
    minuteOpen: 0,
    minuteSent: 0,
    openMinutes: new TallyOfValues(),
    sentMinutes: new TallyOfValues(),
    days: [],
  };
}

function connectorUse({ name, tracks, days }: ConnectorTrack): ConnectorUse {
  return {
    connector: name,
    sources: Array.from(tracks.values(), sourceUse).filter((source) => source.days.length > 0),
    days,
  };
}

function sourceUse(track: Track): SourceUse {
  const { source, application, heloNames, users, connections, messages, refused } = track;
  const { isOfDirectory, firstSeen, lastSeen, openMinutes, sentMinutes, days } = track;
  return {
    source,
    application,
    heloNames: [...heloNames].slice(0, namesKept),
    heloNameCount: heloNames.size,
    users: [...users].slice(0, namesKept),
    userCount: users.size,
    isOfDirectory,
    connections,
    messages,
    refused,
    firstSeen,
    lastSeen,
    usualOpen: openMinutes.quantile(0.999),
    usualMessages: sentMinutes.quantile(0.999),
    days,
  };
}
