/**
 * One scenario, played along the recorded traffic. Decides by the functions that enforce the limits (core/policy) on counts of its
 * own. A connection that comes in as it really did follows the record; one that is refused or has to wait is a guest with a
 * time of its own: what it does is put off by as much as it came in later.
 */
import { rateKey } from "../policy/client-rights.ts";
import { refuseConnection, type ConnectionRefusal } from "../policy/connection-limits.ts";
import { messageRateKey } from "../policy/message-rate.ts";
import { SlidingMinute } from "../policy/sliding-minute.ts";
import { Pending, type Due } from "./pending.ts";
import type { Happening, RecordedConnection } from "./recorded-connection.ts";
import type { RefusedClients, ReplayedConnector, ReplayedLimit, Scenario } from "./scenario.ts";
import { Seating, type Seat as SeatOf } from "./seating.ts";
import type { ConnectorOutcome } from "./tally.ts";

export interface WorldSettings {
  readonly scenario: Scenario;
  /** Those in force, under which the record's connectors are known. */
  readonly present: readonly ReplayedConnector[];
  readonly refusedClients: RefusedClients;
  /** From recorded instants to the wall clock; undefined: what happens then is not counted. */
  readonly countedAt: (atMs: number) => number | undefined;
}

type Seat = SeatOf<Guest>;

type GuestState =
  | "in"
  /** For a place. */
  | "waiting"
  /** For a minute. */
  | "minute"
  /** It was refused, and comes again. */
  | "away"
  | "gone";

interface Guest {
  readonly connection: RecordedConnection;
  readonly seat: Seat;
  state: GuestState;
  /** Later than recorded. */
  shiftMs: number;
  /** What it will do when it is in. */
  readonly backlog: Happening[];
  /** The message that waits for its minute. */
  message: Happening | undefined;
  /** What it begins with when it is in, as recorded; undefined: with its coming in. */
  resumesMs: number | undefined;
  tries: number;
  /** Since when it waits, and the end of that. */
  sinceMs: number;
  timer: Later | undefined;
  verdict: ReplayedLimit;
}

interface Later extends Due {
  readonly what: "arrive" | "giveUp" | "ask" | "happen" | "end";
  readonly guest: Guest;
  readonly happening: Happening | undefined;
  cancelled: boolean;
}

const askAgainMs = 1_000;

export class World {
  readonly #settings: WorldSettings;
  readonly #seating: Seating<Guest>;
  readonly #guests = new Map<RecordedConnection, Guest>();
  readonly #pending = new Pending<Later>();
  #order = 0;
  #minutes = new Map<string, SlidingMinute>();
  #connectionMinute: SlidingMinute | undefined;
  /** For refuseConnection, again and again. */
  readonly #counts = { open: 0, openFromSource: 0 };

  constructor(settings: WorldSettings) {
    this.#settings = settings;
    this.#seating = new Seating(settings.scenario, settings.present);
  }

  // --- what the record tells ---------------------------------------------------------------------------------

  /** A relay starts, or nothing is known of what was: nobody is here. */
  reset(): void {
    this.#guests.clear();
    this.#pending.clear();
    this.#minutes = new Map();
    this.#connectionMinute = undefined;
    for (const post of this.#seating.posts) {
      post.line.clear();
      post.minutes = [];
      post.open = 0;
      post.openFrom.fill(0);
    }
  }

  /** Lets happen what is due until then; before anything else of that instant. */
  advance(nowMs: number): void {
    const pending = this.#pending;
    while (pending.size > 0 && pending.nextMs <= nowMs) {
      const later = pending.pop();
      if (later !== undefined && !later.cancelled) this.#happens(later);
    }
  }

  /** It is there already. */
  connected(connection: RecordedConnection, nowMs: number): void {
    const seat = this.#seating.seatOf(connection.client);
    if (seat === undefined || !seat.isCounted) return;
    if (connection.enteredMs === undefined) this.#arrive(connection, seat, undefined, nowMs);
    else this.#take(seat, nowMs);
  }

  arrived(connection: RecordedConnection, nowMs: number): void {
    const seat = this.#seating.seatOf(connection.client);
    const at = this.#settings.countedAt(nowMs);
    if (seat === undefined) {
      if (at !== undefined) this.#seating.notServed(connection.client, at);
      return;
    }
    if (at !== undefined) {
      seat.tally.connections++;
      seat.post.tally.connections++;
    }
    this.#arrive(connection, seat, undefined, nowMs);
  }

  happened(connection: RecordedConnection, happening: Happening): void {
    const seat = this.#seating.seatOf(connection.client);
    if (seat === undefined) return;
    const guest = this.#guests.size === 0 ? undefined : this.#guests.get(connection);
    if (guest === undefined) return this.#does(connection, seat, undefined, happening, happening.atMs);
    switch (guest.state) {
      case "in":
        if (guest.shiftMs === 0) this.#does(connection, seat, guest, happening, happening.atMs);
        else this.#later(happening.atMs + guest.shiftMs, "happen", guest, happening);
        return;
      case "waiting":
      case "minute":
        if (happening.isImpatient) return this.#leavesWaiting(guest, happening.atMs);
        guest.backlog.push(happening);
        return;
      case "away":
        guest.backlog.push(happening);
        return;
      case "gone":
        this.#isLost(guest, happening, happening.atMs);
    }
  }

  outcome(): readonly ConnectorOutcome[] {
    return this.#seating.outcome();
  }

  // --- the door ----------------------------------------------------------------------------------------------

  #arrive(connection: RecordedConnection, seat: Seat, guest: Guest | undefined, nowMs: number): void {
    if (!seat.isCounted) return guest && this.#isIn(guest, nowMs);
    if (this.#isOverConnectionRate(nowMs))
      return this.#refuse(guest ?? this.#guest(connection, seat), "maxConnectionRatePerMinute", nowMs);
    const refused = this.#refuses(seat);
    if (refused === undefined) {
      this.#take(seat, nowMs);
      if (guest !== undefined) this.#isIn(guest, nowMs);
      else if (connection.assumedMs !== undefined) this.#isIn(this.#guest(connection, seat), nowMs);
      return;
    }
    const held = guest ?? this.#guest(connection, seat);
    const { settings, line } = seat.post;
    held.verdict = refused.limit;
    if (settings.limitAction !== "delay" || !line.wait(seat.place, held))
      return this.#refuse(held, refused.limit, nowMs);
    held.state = "waiting";
    held.sinceMs = nowMs;
    held.timer = this.#later(nowMs + settings.limitDelay, "giveUp", held, undefined);
  }

  #isOverConnectionRate(nowMs: number): boolean {
    const { maxConnectionRatePerMinute: limit } = this.#settings.scenario;
    if (limit === Infinity) return false;
    const second = Math.floor(nowMs / 1000);
    const minute = (this.#connectionMinute ??= new SlidingMinute(second));
    if (minute.totalAt(second) >= limit) return true;
    minute.add();
    return false;
  }

  #refuses({ post, place }: Seat): ConnectionRefusal | undefined {
    const counts = this.#counts;
    counts.open = post.open;
    counts.openFromSource = post.openFrom[place] ?? 0;
    return refuseConnection(post.settings, counts);
  }

  #take({ post, place, tally, source }: Seat, nowMs: number): void {
    const open = ++post.open;
    const openFrom = (post.openFrom[place] ?? 0) + 1;
    post.openFrom[place] = openFrom;
    if (
      open <= post.tally.highestOpen.value &&
      openFrom <= tally.highestOpen.value &&
      openFrom <= post.tally.highestOpenFromSource.value
    )
      return;
    const at = this.#settings.countedAt(nowMs);
    if (at === undefined) return;
    post.tally.highestOpen.raise(open, at, "");
    post.tally.highestOpenFromSource.raise(openFrom, at, source);
    tally.highestOpen.raise(openFrom, at, source);
  }

  #leave(seat: Seat, nowMs: number): void {
    if (!seat.isCounted) return;
    const { post, place } = seat;
    post.open--;
    post.openFrom[place] = (post.openFrom[place] ?? 1) - 1;
    if (post.line.count === 0) return;
    const enters = (guest: Guest): boolean => {
      const refused = this.#refuses(guest.seat);
      if (refused !== undefined) guest.verdict = refused.limit;
      return refused === undefined;
    };
    const next = post.line.offer(enters);
    if (next === undefined) return;
    this.#take(next.seat, nowMs);
    this.#waited(next, "connection", nowMs);
    this.#isIn(next, nowMs);
  }

  // --- messages ----------------------------------------------------------------------------------------------

  #does(
    connection: RecordedConnection,
    seat: Seat,
    guest: Guest | undefined,
    happening: Happening,
    nowMs: number,
  ): void {
    if (happening.kind === "message") return this.#asks(connection, seat, guest, happening, nowMs);
    if (connection.assumedMs !== undefined && guest !== undefined) return;
    if (guest !== undefined) this.#guests.delete(connection);
    this.#leave(seat, nowMs);
  }

  #asks(
    connection: RecordedConnection,
    seat: Seat,
    guest: Guest | undefined,
    message: Happening,
    nowMs: number,
  ): void {
    if (this.#spends(seat, message, nowMs)) return;
    const who = guest ?? this.#guest(connection, seat);
    const { settings } = seat.post;
    if (settings.limitAction !== "delay") return this.#refuseMessage(who, message, nowMs);
    who.state = "minute";
    who.message = message;
    who.sinceMs = nowMs;
    who.timer = this.#later(nowMs + Math.min(settings.limitDelay, askAgainMs), "ask", who, message);
  }

  #asksAgain(guest: Guest, message: Happening, nowMs: number): void {
    const { seat, sinceMs } = guest;
    if (this.#spends(seat, message, nowMs)) {
      this.#waited(guest, "message", nowMs);
      return this.#isIn(guest, nowMs);
    }
    const leftMs = sinceMs + seat.post.settings.limitDelay - nowMs;
    if (leftMs <= 0) return this.#refuseMessage(guest, message, nowMs);
    guest.timer = this.#later(nowMs + Math.min(leftMs, askAgainMs), "ask", guest, message);
  }

  /** False: a rate refuses it, and nothing is counted. As the ledger does (receive/admission/ledger.ts). */
  #spends({ post, place, source, tally }: Seat, { user, rates }: Happening, nowMs: number): boolean {
    const { name, messageRateLimit: limit, messageRateSource } = post.settings;
    const second = Math.floor(nowMs / 1000);
    const key = messageRateKey(messageRateSource, source, user);
    const own =
      key === source || key === undefined
        ? (post.minutes[place] ??= new SlidingMinute(second))
        : this.#minuteOf(`${name} ${key}`, second);
    const seen = own.totalAt(second);
    if (key !== undefined && seen >= limit) return false;
    for (const { owner, value } of rates)
      if (this.#minuteOf(rateKey(owner), second).totalAt(second) >= value) return false;
    for (const { owner } of rates) this.#minuteOf(rateKey(owner), second).add();
    own.add();
    const at = this.#settings.countedAt(nowMs);
    if (at === undefined) return true;
    tally.messages++;
    post.tally.messages++;
    tally.highestMessages.raise(seen + 1, at, source);
    post.tally.highestMessages.raise(seen + 1, at, source);
    return true;
  }

  #minuteOf(key: string, second: number): SlidingMinute {
    let minute = this.#minutes.get(key);
    if (minute === undefined) this.#minutes.set(key, (minute = new SlidingMinute(second)));
    return minute;
  }

  /** The connection is closed with it. */
  #refuseMessage(guest: Guest, message: Happening, nowMs: number): void {
    guest.message = undefined;
    guest.resumesMs = message.atMs;
    guest.backlog.push(message);
    this.#refuse(guest, "messageRateLimit", nowMs);
    this.#leave(guest.seat, nowMs);
  }

  // --- guests ------------------------------------------------------------------------------------------------

  #guest(connection: RecordedConnection, seat: Seat): Guest {
    const guest: Guest = {
      connection,
      seat,
      state: "in",
      shiftMs: 0,
      backlog: [],
      message: undefined,
      resumesMs: undefined,
      tries: 0,
      sinceMs: 0,
      timer: undefined,
      verdict: "maxInboundConnection",
    };
    this.#guests.set(connection, guest);
    return guest;
  }

  /** It has its place, or its minute: what it does follows, as much later as it had to wait. */
  #isIn(guest: Guest, nowMs: number): void {
    const { connection, message, resumesMs, backlog } = guest;
    this.#endTimer(guest);
    guest.state = "in";
    guest.message = undefined;
    guest.resumesMs = undefined;
    const recordedMs = message === undefined ? (resumesMs ?? connection.enteredMs) : message.goesOnMs;
    if (recordedMs !== undefined) guest.shiftMs = Math.max(guest.shiftMs, nowMs - recordedMs);
    if (connection.assumedMs !== undefined)
      this.#later(nowMs + connection.assumedMs, "end", guest, undefined);
    const next = backlog.splice(0).sort((a, b) => a.order - b.order);
    for (const happening of next)
      this.#later(Math.max(nowMs, happening.atMs + guest.shiftMs), "happen", guest, happening);
    if (guest.shiftMs === 0 && next.length === 0 && connection.assumedMs === undefined)
      this.#guests.delete(connection);
  }

  #refuse(guest: Guest, limit: ReplayedLimit, nowMs: number): void {
    this.#endTimer(guest);
    const { seat } = guest;
    const at = this.#settings.countedAt(nowMs);
    if (at !== undefined) seat.post.tally.refused(seat.tally, limit, at);
    const { refusedClients } = this.#settings;
    if (refusedClients.kind === "again" && guest.tries < refusedClients.tries) {
      guest.tries++;
      guest.state = "away";
      this.#later(nowMs + refusedClients.afterMs, "arrive", guest, undefined);
      return;
    }
    guest.state = "gone";
    if (at !== undefined) {
      seat.tally.lostConnections++;
      seat.post.tally.lostConnections++;
    }
    for (const happening of guest.backlog.splice(0)) this.#isLost(guest, happening, nowMs);
    // Nothing more is recorded of it.
    if (guest.connection.assumedMs !== undefined) this.#guests.delete(guest.connection);
  }

  #isLost({ connection, seat }: Guest, { kind }: Happening, nowMs: number): void {
    if (kind === "left") this.#guests.delete(connection);
    else if (this.#settings.countedAt(nowMs) !== undefined) {
      seat.tally.lostMessages++;
      seat.post.tally.lostMessages++;
    }
  }

  #leavesWaiting(guest: Guest, nowMs: number): void {
    this.#endTimer(guest);
    const { connection, seat } = guest;
    const hadPlace = guest.state === "minute";
    if (!hadPlace) seat.post.line.leave(seat.place, guest);
    this.#guests.delete(connection);
    if (hadPlace) this.#leave(seat, nowMs);
  }

  #waited({ seat, sinceMs }: Guest, what: "connection" | "message", nowMs: number): void {
    if (this.#settings.countedAt(nowMs) !== undefined) seat.post.tally.waited(what, nowMs - sinceMs);
  }

  #endTimer(guest: Guest): void {
    if (guest.timer !== undefined) guest.timer.cancelled = true;
    guest.timer = undefined;
  }

  // --- time --------------------------------------------------------------------------------------------------

  #later(atMs: number, what: Later["what"], guest: Guest, happening: Happening | undefined): Later {
    const later: Later = { atMs, order: this.#order++, what, guest, happening, cancelled: false };
    this.#pending.push(later);
    return later;
  }

  #happens({ what, guest, happening, atMs }: Later): void {
    const { connection, seat } = guest;
    switch (what) {
      case "arrive":
        return this.#arrive(connection, seat, guest, atMs);
      case "giveUp":
        seat.post.line.leave(seat.place, guest);
        return this.#refuse(guest, guest.verdict, atMs);
      case "ask":
        return happening && this.#asksAgain(guest, happening, atMs);
      case "end":
        this.#guests.delete(connection);
        return this.#leave(seat, atMs);
      case "happen":
        if (happening === undefined) return;
        if (guest.state === "gone") return this.#isLost(guest, happening, atMs);
        if (guest.state !== "in") return void guest.backlog.push(happening);
        // It had to wait once more meanwhile.
        if (happening.atMs + guest.shiftMs > atMs)
          return void this.#later(happening.atMs + guest.shiftMs, "happen", guest, happening);
        return this.#does(connection, seat, guest, happening, atMs);
    }
  }
}
