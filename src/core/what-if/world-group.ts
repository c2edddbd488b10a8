/**
 * Scenarios that serve everybody by the same connectors and count messages alike, such as twenty values of one limit, played
 * along the recorded traffic together. What comes in in all of them as it really did is counted once for all; a world is
 * asked only where its limits may refuse somebody, or where it has counts of its own since it did.
 */
import { rateKey, type OwnedLimit } from "../policy/client-rights.ts";
import { refuseConnection } from "../policy/connection-limits.ts";
import { messageRateKey } from "../policy/message-rate.ts";
import { connectorOutcome, unservedOutcome } from "./outcome.ts";
import type { Happening, Place, PostIn, RecordedConnection, Seat } from "./cast.ts";
import type { RefusedClients, ReplayedConnector, Scenario, ToldSources } from "./scenario.ts";
import { Seating } from "./seating.ts";
import { SharedMinute } from "./shared-minute.ts";
import type { ConnectorOutcome } from "./tally.ts";
import { World, type SharedCounts } from "./world.ts";

export interface GroupSettings {
  /** By the number that their worlds have. */
  readonly scenarios: readonly (readonly [number: number, scenario: Scenario])[];
  readonly present: readonly ReplayedConnector[];
  readonly refusedClients: RefusedClients;
  /** From recorded instants to the wall clock; undefined: what happens then is not counted. */
  readonly countedAt: (atMs: number) => number | undefined;
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
  readonly #countedAt: GroupSettings["countedAt"];
  /** Whether connections of all together are limited in any world. */
  readonly #isRated: boolean;
  /** Of accounts, users and applications. */
  readonly #minutes = new Map<string, SharedMinute>();
  #connectionMinute: SharedMinute | undefined;
  /** When the first thing is due that was put off in a world; never later. */
  #soonestMs = Infinity;
  /** By the world's number, of what happens now. */
  readonly #differs: boolean[] = [];
  /** For refuseConnection, again and again. */
  readonly #counts = { open: 0, openFromSource: 0 };

  constructor({ scenarios, present, refusedClients, countedAt }: GroupSettings) {
    const [first] = scenarios;
    if (first === undefined) throw new Error("there is no scenario");
    const seating = new Seating(first[1], present);
    this.#seating = seating;
    this.#countedAt = countedAt;
    this.#isRated = scenarios.some(
      ([, { maxConnectionRatePerMinute }]) => maxConnectionRatePerMinute < Infinity,
    );
    this.#worlds = scenarios.map(([number, scenario]) => {
      seating.add(number, scenario);
      const { maxConnectionRatePerMinute } = scenario;
      return new World({ number, maxConnectionRatePerMinute, refusedClients, countedAt, shared: this });
    });
  }

  outcome(
    told: ToldSources,
  ): readonly (readonly [number: number, connectors: readonly ConnectorOutcome[]])[] {
    const { posts, unserved } = this.#seating;
    const left = Array.from(unserved, ([connector, one]) => unservedOutcome(connector, one, told));
    return this.#worlds.map(({ number }) => [
      number,
      [...posts.map((post) => connectorOutcome(post, number, told)), ...left],
    ]);
  }

  // --- what worlds share --------------------------------------------------------------------------------------

  connectionMinute(second: number): SharedMinute {
    return (this.#connectionMinute ??= new SharedMinute(second));
  }

  messageMinute({ post, place }: Seat, user: string | undefined, second: number): SharedMinute {
    const { name, messageRateSource } = post.settings;
    const key = messageRateKey(messageRateSource, place.source, user);
    if (key === place.source || key === undefined || user === undefined)
      return (place.minute ??= new SharedMinute(second));
    let minute = place.minutes.get(user);
    if (minute === undefined) place.minutes.set(user, (minute = this.#minuteOf(`${name} ${key}`, second)));
    return minute;
  }

  ownerMinute({ owner }: OwnedLimit<number>, second: number): SharedMinute {
    return this.#minuteOf(rateKey(owner), second);
  }

  isDue(atMs: number): void {
    if (atMs < this.#soonestMs) this.#soonestMs = atMs;
  }

  #minuteOf(key: string, second: number): SharedMinute {
    let minute = this.#minutes.get(key);
    if (minute === undefined) this.#minutes.set(key, (minute = new SharedMinute(second)));
    return minute;
  }

  // --- what the record tells ----------------------------------------------------------------------------------

  /** A relay starts, or nothing is known of what was: nobody is here. */
  reset(): void {
    this.#seating.reset();
    this.#minutes.clear();
    this.#connectionMinute = undefined;
    this.#soonestMs = Infinity;
    for (const world of this.#worlds) world.reset();
  }

  /** Lets happen what is due until then; before anything else of that instant. */
  advance(nowMs: number): void {
    if (nowMs < this.#soonestMs) return;
    for (const world of this.#worlds) world.advance(nowMs);
    this.#soonestMs = Math.min(...this.#worlds.map(({ nextMs }) => nextMs));
  }

  /** It is there already. */
  connected(connection: RecordedConnection, nowMs: number): void {
    const seat = this.#seating.seatOf(connection.client);
    if (seat?.isCounted === true) this.#comes(connection, seat, nowMs, connection.enteredMs === undefined);
  }

  arrived(connection: RecordedConnection, nowMs: number): void {
    const seat = this.#seating.seatOf(connection.client);
    const at = this.#countedAt(nowMs);
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
    if (connection.guestCount === 0 && place.owners === 0 && post.waiting === 0) return;
    for (const world of this.#worlds) world.left(connection, seat, left);
  }

  message(connection: RecordedConnection, message: Happening): void {
    const seat = this.#seating.seatOf(connection.client);
    if (seat === undefined) return;
    const { post, place } = seat;
    const second = Math.floor(message.atMs / 1000);
    const at = this.#countedAt(message.atMs);
    if (at !== undefined) {
      place.messages++;
      post.messages++;
    }
    const minute = this.messageMinute(seat, message.user, second);
    const seen = minute.totalAt(second);
    const isLimited = post.settings.messageRateSource !== "None";
    const isAllowed = this.#ownersAllow(message, second);
    const mayDiffer =
      connection.guestCount > 0 ||
      minute.isSplit ||
      !isAllowed ||
      (isLimited && seen >= post.leastMessageRate);
    let isSame = true;
    if (mayDiffer)
      for (const world of this.#worlds) {
        const { number } = world;
        const differs =
          !isAllowed ||
          connection.guests?.[number] !== undefined ||
          minute.hasOwn(number, second) ||
          (isLimited && seen >= inWorld(post.in, number).settings.messageRateLimit);
        this.#differs[number] = differs;
        if (!differs) continue;
        isSame = false;
        place.highestMessages.split(number);
        world.message(connection, seat, message);
      }
    minute.add();
    for (const rate of message.rates) this.ownerMinute(rate, second).add();
    if (at !== undefined) this.#raiseMessages(seat, seen + 1, at, isSame);
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

  #raiseMessages({ post, place }: Seat, value: number, at: number, isSame: boolean): void {
    this.#raise(place, "highestMessages", value, at, isSame);
    if (value <= post.leastHighestMessages) return;
    let least = Infinity;
    for (const { number } of this.#worlds) {
      const { highestMessages } = inWorld(post.in, number).tally;
      if (isSame || this.#differs[number] !== true) highestMessages.raise(value, at, place.source);
      least = Math.min(least, highestMessages.value);
    }
    post.leastHighestMessages = least;
  }

  #raise(
    place: Place,
    what: "highestOpen" | "highestMessages",
    value: number,
    at: number,
    isSame: boolean,
  ): void {
    const peak = place[what];
    if (value <= peak.least) return;
    if (isSame) peak.raise(value, at);
    else peak.raiseBut(this.#differs, value, at);
  }

  /** `mustAsk`: it has no place yet. */
  #comes(connection: RecordedConnection, seat: Seat, nowMs: number, mustAsk: boolean): void {
    const { post, place } = seat;
    const second = Math.floor(nowMs / 1000);
    const at = this.#countedAt(nowMs);
    const minute = this.#isRated && mustAsk ? this.connectionMinute(second) : undefined;
    const inMinute = minute?.totalAt(second) ?? 0;
    const isRecorded = connection.assumedMs === undefined;
    const openFrom = place.openFrom + 1;
    let isSame = true;
    for (const world of this.#worlds) {
      const { number } = world;
      const here = inWorld(post.in, number);
      const differs =
        !isRecorded ||
        place.own?.[number] !== undefined ||
        (mustAsk && this.#refuses(here, post.open, place.openFrom)) ||
        (minute !== undefined &&
          (inMinute >= world.maxConnectionRatePerMinute || minute.hasOwn(number, second)));
      this.#differs[number] = differs;
      if (differs) {
        isSame = false;
        place.highestOpen.split(number);
        if (mustAsk) world.arrives(connection, seat, nowMs);
        else world.isThere(seat, nowMs);
      } else if (at !== undefined) {
        const { tally, more } = here;
        tally.highestOpen.raise(post.open + more + 1, at, "");
        tally.highestOpenFromSource.raise(openFrom, at, place.source);
      }
    }
    minute?.add();
    if (!isRecorded) return;
    place.openFrom++;
    post.open++;
    if (at !== undefined) this.#raise(place, "highestOpen", openFrom, at, isSame);
  }

  #refuses({ settings, more }: PostIn, open: number, openFrom: number): boolean {
    // 100 % of what others leave is what the total allows.
    if (
      settings.maxInboundConnectionPercentagePerSource >= 100 &&
      openFrom < settings.maxInboundConnectionPerSource &&
      open + more < settings.maxInboundConnection
    )
      return false;
    this.#counts.open = open + more;
    this.#counts.openFromSource = openFrom;
    return refuseConnection(settings, this.#counts) !== undefined;
  }
}

function inWorld(worlds: readonly PostIn[], number: number): PostIn {
  const here = worlds[number];
  if (here === undefined) throw new Error("a world is asked for that was not added");
  return here;
}
