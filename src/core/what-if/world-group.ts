/**
 * Scenarios that serve everybody by the same connectors and count messages alike, such as twenty values of one limit, played
 * along the recorded traffic together. What comes in in all of them as it really did is counted once for all; a world is
 * asked only where its limits may refuse somebody, or where it has counts of its own since it did.
 */
import { rateKey, type OwnedLimit } from "../policy/client-rights.ts";
import { refuseConnection, type ConnectionRefusal } from "../policy/connection-limits.ts";
import { messageRateKey } from "../policy/message-rate.ts";
import { connectorOutcome, unservedOutcome } from "./outcome.ts";
import type { Happening, Later, Post, PostIn, RecordedConnection, Seat } from "./cast.ts";
import type { CountedTime } from "./counted-time.ts";
import { Pending } from "./pending.ts";
import type { RefusedClients, ReplayedConnector, Scenario, ToldSources } from "./scenario.ts";
import { opens, Seating } from "./seating.ts";
import { SharedMinute, SpareMinutes } from "./shared-minute.ts";
import type { SharedPeak } from "./shared-peak.ts";
import type { ConnectorOutcome } from "./tally.ts";
import { World, type SharedCounts } from "./world.ts";

/** Worlds of a group are bits of a number. */
export const mostWorlds = 30;

export interface GroupSettings {
  /** `mostWorlds` at most, by the number under which their outcome is asked for. */
  readonly scenarios: readonly (readonly [number: number, scenario: Scenario])[];
  readonly present: readonly ReplayedConnector[];
  readonly refusedClients: RefusedClients;
  readonly counted: CountedTime;
}

/** Scenarios of which this is the same can be played together. */
export function groupKey({ connectors }: Scenario): string {
  return JSON.stringify(
    connectors.map(({ name, enabled, bindings, httpBindings, remoteIpRanges, messageRateSource }) => [
      name,
      enabled,
      bindings,
      httpBindings,
      remoteIpRanges.map(({ family, first, last }) => [family, String(first), String(last)]),
      messageRateSource,
    ]),
  );
}

export class WorldGroup implements SharedCounts {
  readonly #seating: Seating;
  readonly #worlds: readonly World[];
  /** Under which their outcome is asked for. */
  readonly #numbers: readonly number[];
  readonly #all: number;
  readonly #counted: CountedTime;
  /** Whether connections of all together are limited in any world. */
  readonly #isRated: boolean;
  /** Of accounts, users and applications. */
  readonly #minutes = new Map<string, SharedMinute>();
  #connectionMinute: SharedMinute | undefined;
  readonly #spare = new SpareMinutes();
  /** What was put off in a world. */
  readonly #pending = new Pending<Later>();
  #order = 0;
  /** For refuseConnection, again and again. */
  readonly #counts = { open: 0, openFromSource: 0 };

  constructor({ scenarios, present, refusedClients, counted }: GroupSettings) {
    const [first] = scenarios;
    if (first === undefined || scenarios.length > mostWorlds)
      throw new Error("too few scenarios, or too many");
    const seating = new Seating(first[1], present, scenarios.length);
    this.#seating = seating;
    this.#counted = counted;
    this.#numbers = scenarios.map(([number]) => number);
    this.#all = 2 ** scenarios.length - 1;
    this.#isRated = scenarios.some(
      ([, { maxConnectionRatePerMinute }]) => maxConnectionRatePerMinute < Infinity,
    );
    this.#worlds = scenarios.map(([, scenario], number) => {
      seating.add(number, scenario);
      const { maxConnectionRatePerMinute } = scenario;
      return new World({ number, maxConnectionRatePerMinute, refusedClients, counted, shared: this });
    });
  }

  outcome(
    told: ToldSources,
  ): readonly (readonly [number: number, connectors: readonly ConnectorOutcome[]])[] {
    const { posts, unserved } = this.#seating;
    const left = Array.from(unserved, ([connector, one]) => unservedOutcome(connector, one, told));
    return this.#numbers.map((asked, number) => [
      asked,
      [...posts.map((post) => connectorOutcome(post, number, told)), ...left],
    ]);
  }

  // --- what worlds share --------------------------------------------------------------------------------------

  connectionMinute(second: number): SharedMinute {
    return (this.#connectionMinute ??= new SharedMinute(second, this.#spare));
  }

  messageMinute({ post, place }: Seat, user: string | undefined, second: number): SharedMinute {
    const { name, messageRateSource } = post.settings;
    const key = messageRateKey(messageRateSource, place.source, user);
    if (key === place.source || key === undefined || user === undefined)
      return (place.minute ??= new SharedMinute(second, this.#spare));
    let minute = place.minutes.get(user);
    if (minute === undefined) place.minutes.set(user, (minute = this.#minuteOf(`${name} ${key}`, second)));
    return minute;
  }

  ownerMinute({ owner }: OwnedLimit<number>, second: number): SharedMinute {
    return this.#minuteOf(rateKey(owner), second);
  }

  nextOrder(): number {
    return this.#order++;
  }

  putOff(later: Later): void {
    this.#pending.push(later);
  }

  #minuteOf(key: string, second: number): SharedMinute {
    let minute = this.#minutes.get(key);
    if (minute === undefined) this.#minutes.set(key, (minute = new SharedMinute(second, this.#spare)));
    return minute;
  }

  // --- what the record tells ----------------------------------------------------------------------------------

  /** A relay starts, or nothing is known of what was: nobody is here. */
  reset(): void {
    this.#seating.reset();
    this.#minutes.clear();
    this.#connectionMinute = undefined;
    this.#spare.clear();
    this.#pending.clear();
    for (const world of this.#worlds) world.reset();
  }

  /** Lets happen what is due until then, in all worlds in one order; before anything else of that instant. */
  advance(nowMs: number): void {
    const pending = this.#pending;
    while (pending.nextMs <= nowMs) {
      const later = pending.pop();
      if (later === undefined) break;
      if (!later.cancelled) this.#world(later.world).happens(later);
    }
    this.#spare.sweep(Math.floor(nowMs / 1000));
  }

  /** It is there already. */
  connected(connection: RecordedConnection, nowMs: number): void {
    const seat = this.#seating.seatOf(connection.client);
    if (seat?.isCounted === true) this.#comes(connection, seat, nowMs, connection.enteredMs === undefined);
  }

  arrived(connection: RecordedConnection, nowMs: number): void {
    const seat = this.#seating.seatOf(connection.client);
    const at = this.#counted.at(nowMs);
    if (seat === undefined) {
      if (at !== undefined) this.#seating.notServed(connection.client, at);
      return;
    }
    if (at !== undefined) {
      seat.place.connections++;
      seat.post.connections++;
    }
    if (seat.isCounted) this.#comes(connection, seat, nowMs, true);
  }

  left(connection: RecordedConnection, left: Happening): void {
    const seat = this.#seating.seatOf(connection.client);
    if (seat === undefined) return;
    const { post, place } = seat;
    if (seat.isCounted) {
      place.openFrom--;
      post.open--;
    }
    const { gone } = connection;
    if (seat.isCounted) for (let rest = gone; rest !== 0; rest &= rest - 1) opens(seat, lowest(rest), 1);
    if (connection.strays === 0 && post.waiting === 0) return;
    for (let rest = this.#all & ~gone; rest !== 0; rest &= rest - 1)
      this.#world(lowest(rest)).left(connection, seat, left);
  }

  message(connection: RecordedConnection, message: Happening): void {
    const seat = this.#seating.seatOf(connection.client);
    if (seat === undefined) return;
    const { post, place } = seat;
    const second = Math.floor(message.atMs / 1000);
    const at = this.#counted.at(message.atMs);
    if (at !== undefined) {
      place.messages++;
      post.messages++;
    }
    const minute = this.messageMinute(seat, message.user, second);
    const seen = minute.totalAt(second);
    const { gone } = connection;
    /** Where nothing else decides than this minute. */
    const follow = this.#ownersAllow(message, second) ? this.#all & ~(gone | connection.strays) : 0;
    const own = minute.isSplit ? minute.splitAt(second) : 0;
    const asked = (this.#all & ~follow & ~gone) | this.#overRate(post, minute, second, follow, own);
    for (let rest = gone | asked | own; rest !== 0; rest &= rest - 1) {
      const number = lowest(rest);
      const bit = rest & -rest;
      const peak = place.highestMessages.split(number);
      if ((gone & bit) !== 0) this.#world(number).loses(seat, message);
      else if ((asked & bit) !== 0) this.#world(number).message(connection, seat, message);
      else if (at !== undefined) {
        const value = minute.totalIn(number, second) + 1;
        peak.raise(value, at, "");
        inWorld(post.in, number).tally.highestMessages.raise(value, at, place.source);
      }
    }
    minute.add();
    for (const rate of message.rates) this.ownerMinute(rate, second).add();
    if (at !== undefined) this.#raiseMessages(seat, seen + 1, at, gone | asked | own);
  }

  /** Worlds, as bits, of `follow` in which the connector's rate may refuse one more message. */
  #overRate(post: Post, minute: SharedMinute, second: number, follow: number, own: number): number {
    if (post.settings.messageRateSource === "None") return 0;
    const seen = minute.totalAt(second);
    let over = 0;
    for (let rest = seen >= post.leastMessageRate ? follow : follow & own; rest !== 0; rest &= rest - 1) {
      const bit = rest & -rest;
      const number = lowest(rest);
      const total = (own & bit) === 0 ? seen : minute.totalIn(number, second);
      if (total >= inWorld(post.in, number).settings.messageRateLimit) over |= bit;
    }
    return over;
  }

  /** No user or application refuses it in any world. */
  #ownersAllow({ rates }: Happening, second: number): boolean {
    let isAllowed = true;
    for (const rate of rates) {
      const minute = this.ownerMinute(rate, second);
      if (minute.totalAt(second) >= rate.value || minute.isSplit) isAllowed = false;
    }
    return isAllowed;
  }

  /** `differs`: worlds, as bits, in which it was not so. */
  #raiseMessages({ post, place }: Seat, value: number, at: number, differs: number): void {
    raise(place.highestMessages, value, at, differs);
    if (value <= post.leastHighestMessages) return;
    let least = Infinity;
    for (let number = 0; number < this.#worlds.length; number++) {
      const { highestMessages } = inWorld(post.in, number).tally;
      if ((differs & (1 << number)) === 0) highestMessages.raise(value, at, place.source);
      least = Math.min(least, highestMessages.value);
    }
    post.leastHighestMessages = least;
  }

  /** `mustAsk`: it has no place yet. */
  #comes(connection: RecordedConnection, seat: Seat, nowMs: number, mustAsk: boolean): void {
    const { post, place } = seat;
    const second = Math.floor(nowMs / 1000);
    const at = this.#counted.at(nowMs);
    const minute = this.#isRated && mustAsk ? this.connectionMinute(second) : undefined;
    const inMinute = minute?.totalAt(second) ?? 0;
    const isRecorded = connection.assumedMs === undefined;
    let differs = 0;
    for (let number = 0; number < this.#worlds.length; number++) {
      const here = inWorld(post.in, number);
      const more = place.more?.[number] ?? 0;
      const open = post.open + (post.more[number] ?? 0);
      const openFrom = place.openFrom + more;
      const isRated =
        minute !== undefined &&
        (inMinute >= this.#world(number).maxConnectionRatePerMinute || minute.hasOwn(number, second));
      const refused = mustAsk ? this.#refuses(here, open, openFrom) : undefined;
      if (!isRecorded || isRated || refused !== undefined) {
        differs |= 1 << number;
        place.highestOpen.split(number);
        const world = this.#world(number);
        if (!mustAsk) world.isThere(seat, nowMs);
        else if (isRecorded && !isRated && refused !== undefined && here.settings.limitAction !== "delay")
          world.turnsAway(connection, seat, refused.limit, nowMs);
        else world.arrives(connection, seat, nowMs);
      } else if (at !== undefined) {
        const { tally } = here;
        tally.highestOpen.raise(open + 1, at, "");
        tally.highestOpenFromSource.raise(openFrom + 1, at, place.source);
        if (more === 0) continue;
        differs |= 1 << number;
        place.highestOpen.split(number).raise(openFrom + 1, at, "");
      }
    }
    minute?.add();
    if (!isRecorded) return;
    place.openFrom++;
    post.open++;
    if (at !== undefined) raise(place.highestOpen, place.openFrom, at, differs);
  }

  #refuses({ settings }: PostIn, open: number, openFrom: number): ConnectionRefusal | undefined {
    // 100 % of what others leave is what the total allows.
    if (
      settings.maxInboundConnectionPercentagePerSource >= 100 &&
      openFrom < settings.maxInboundConnectionPerSource &&
      open < settings.maxInboundConnection
    )
      return undefined;
    this.#counts.open = open;
    this.#counts.openFromSource = openFrom;
    return refuseConnection(settings, this.#counts);
  }

  #world(number: number): World {
    const world = this.#worlds[number];
    if (world === undefined) throw new Error("a world is asked for that was not added");
    return world;
  }
}

/** The number of the lowest bit. */
function lowest(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

function raise(peak: SharedPeak, value: number, at: number, differs: number): void {
  if (value <= peak.least) return;
  if (differs === 0) peak.raise(value, at);
  else peak.raiseBut(differs, value, at);
}

function inWorld(worlds: readonly PostIn[], number: number): PostIn {
  const here = worlds[number];
  if (here === undefined) throw new Error("a world is asked for that was not added");
  return here;
}
