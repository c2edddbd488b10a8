/**
 * One scenario where it differs from the record. Decides by the functions that enforce the limits (core/policy), on counts of its
 * own where they are not those of the record. A connection that comes in as it really did follows the record; one that is
 * refused or has to wait is a guest with a time of its own: what it does is put off by as much as it came in later.
 *
 * What happens "in step" happens in the record at this very moment: its counts take part in it by themselves
 * (world-group.ts), behind what is done here; where a connection left, before.
 */
import type { OwnedLimit } from "../policy/client-rights.ts";
import { refuseConnection, type ConnectionRefusal } from "../policy/connection-limits.ts";
import type { Guest, Happening, Later, Place, PostIn, RecordedConnection, Seat } from "./cast.ts";
import type { CountedTime } from "./counted-time.ts";
import type { RefusedClients, ReplayedLimit } from "./scenario.ts";
import { opens, tallyIn } from "./seating.ts";
import type { SharedMinute } from "./shared-minute.ts";

/** What worlds of a group have together. */
export interface SharedCounts {
  connectionMinute(second: number): SharedMinute;
  /** Where a message counts on its connector. */
  messageMinute(seat: Seat, user: string | undefined, second: number): SharedMinute;
  /** And for its user or application. */
  ownerMinute(rate: OwnedLimit<number>, second: number): SharedMinute;
  /** It is to happen then. */
  putOff(later: Later): void;
  /** For what is put off next. */
  nextOrder(): number;
}

export interface WorldSettings {
  readonly number: number;
  readonly maxConnectionRatePerMinute: number;
  readonly refusedClients: RefusedClients;
  readonly counted: CountedTime;
  readonly shared: SharedCounts;
}

const askAgainMs = 1_000;
/** As receive/pickup looks into its directories: so often, and until so many in a row are refused. */
const lookAgainMs = 5_000;
const refusedInARow = 3;

export class World {
  readonly number: number;
  readonly maxConnectionRatePerMinute: number;
  readonly #settings: WorldSettings;
  readonly #shared: SharedCounts;
  readonly #counted: CountedTime;
  /** Files that were refused for now, in the order in which they are tried again. */
  readonly #files = new Map<Place, Guest[]>();
  /** For refuseConnection, again and again. */
  readonly #counts = { open: 0, openFromSource: 0 };

  constructor(settings: WorldSettings) {
    this.#settings = settings;
    this.#shared = settings.shared;
    this.#counted = settings.counted;
    this.number = settings.number;
    this.maxConnectionRatePerMinute = settings.maxConnectionRatePerMinute;
  }

  // --- what the record tells ---------------------------------------------------------------------------------

  reset(): void {
    this.#files.clear();
  }

  /** It has its place already. */
  isThere(seat: Seat, nowMs: number): void {
    this.#enter(seat, nowMs, true);
  }

  arrives(connection: RecordedConnection, seat: Seat, nowMs: number): void {
    this.#arrive(connection, seat, undefined, nowMs);
  }

  left(connection: RecordedConnection, seat: Seat, left: Happening): void {
    this.#happened(connection, seat, left);
  }

  /** A message of one that is gone (`RecordedConnection.gone`). */
  loses(seat: Seat, message: Happening): void {
    this.#misses(seat, message);
    this.#messageIsLost(seat, message.atMs);
  }

  message(connection: RecordedConnection, seat: Seat, message: Happening): void {
    this.#happened(connection, seat, message);
  }

  #happened(connection: RecordedConnection, seat: Seat, happening: Happening): void {
    const guest = connection.guests?.[this.number];
    const { atMs } = happening;
    if (guest === undefined) return this.#does(connection, seat, undefined, happening, atMs, true);
    if (guest.state === "gone") {
      this.#misses(seat, happening);
      return this.#isLost(connection, seat, happening, atMs);
    }
    if (guest.state === "in" && guest.shiftMs === 0)
      return this.#does(connection, seat, guest, happening, atMs, true);
    if (happening.isImpatient && (guest.state === "waiting" || guest.state === "minute"))
      return this.#leavesWaiting(guest, happening);
    this.#misses(seat, happening);
    if (guest.state === "in") this.#later(atMs + guest.shiftMs, "happen", guest, happening);
    else guest.backlog.push(happening);
  }

  /** The record's counts take part in it, and this world's do not. */
  #misses(seat: Seat, { kind, atMs, user, rates }: Happening): void {
    if (kind === "left") {
      if (seat.isCounted) opens(seat, this.number, 1);
      return;
    }
    const second = Math.floor(atMs / 1000);
    this.#shared.messageMinute(seat, user, second).misses(this.number, second);
    for (const rate of rates) this.#shared.ownerMinute(rate, second).misses(this.number, second);
    if (this.#counted.at(atMs) === undefined) return;
    this.#in(seat).tally.messages--;
    tallyIn(seat.place, this.number).messages--;
  }

  // --- the door ----------------------------------------------------------------------------------------------

  /** Without a guest in step. */
  #arrive(connection: RecordedConnection, seat: Seat, guest: Guest | undefined, nowMs: number): void {
    if (!seat.isCounted) return guest && this.#isIn(guest, nowMs);
    const isInStep = guest === undefined;
    if (this.#isOverConnectionRate(nowMs, isInStep))
      return this.#turnAway(connection, seat, guest, "maxConnectionRatePerMinute", nowMs);
    const refused = this.#refuses(seat);
    if (refused === undefined) {
      this.#enter(seat, nowMs, isInStep && connection.assumedMs === undefined);
      if (guest !== undefined) this.#isIn(guest, nowMs);
      else if (connection.assumedMs !== undefined) this.#isIn(this.#guest(connection, seat), nowMs);
      return;
    }
    const { settings, line } = this.#in(seat);
    if (settings.limitAction !== "delay" || !line.hasRoom(seat.place.index))
      return this.#turnAway(connection, seat, guest, refused.limit, nowMs);
    if (isInStep) this.#staysOut(connection, seat);
    const held = guest ?? this.#guest(connection, seat);
    line.wait(seat.place.index, held);
    seat.post.waiting++;
    held.verdict = refused.limit;
    held.state = "waiting";
    held.sinceMs = nowMs;
    held.timer = this.#later(nowMs + settings.limitDelay, "giveUp", held, undefined);
  }

  /** Without a guest in step; by a limit that does not let wait. */
  turnsAway(connection: RecordedConnection, seat: Seat, limit: ReplayedLimit, nowMs: number): void {
    this.#turnAway(connection, seat, undefined, limit, nowMs);
  }

  #turnAway(
    connection: RecordedConnection,
    seat: Seat,
    guest: Guest | undefined,
    limit: ReplayedLimit,
    nowMs: number,
  ): void {
    if (guest !== undefined) return this.#refuse(guest, limit, nowMs);
    this.#staysOut(connection, seat);
    if (this.#settings.refusedClients.kind === "again")
      return this.#refuse(this.#guest(connection, seat), limit, nowMs);
    // As #refuse has it, without a guest of whom nothing would be known.
    this.#countRefused(seat, limit, nowMs);
    this.#countLost(seat, nowMs);
    if (connection.assumedMs === undefined) connection.gone |= 1 << this.number;
  }

  /** It comes in in the record, and not here. */
  #staysOut({ assumedMs }: RecordedConnection, seat: Seat): void {
    if (assumedMs !== undefined) return;
    opens(seat, this.number, -1);
  }

  #isOverConnectionRate(nowMs: number, isInStep: boolean): boolean {
    const limit = this.maxConnectionRatePerMinute;
    if (limit === Infinity) return false;
    const second = Math.floor(nowMs / 1000);
    const minute = this.#shared.connectionMinute(second);
    if (minute.totalIn(this.number, second) < limit) {
      minute.addIn(this.number, second, isInStep);
      return false;
    }
    if (isInStep) minute.misses(this.number, second);
    return true;
  }

  #refuses(seat: Seat): ConnectionRefusal | undefined {
    const { post, place } = seat;
    const counts = this.#counts;
    counts.open = post.open + (post.more[this.number] ?? 0);
    counts.openFromSource = place.openFrom + (place.more?.[this.number] ?? 0);
    return refuseConnection(this.#in(seat).settings, counts);
  }

  #enter(seat: Seat, nowMs: number, isInStep: boolean): void {
    const { post, place } = seat;
    if (!isInStep) opens(seat, this.number, 1);
    const at = this.#counted.at(nowMs);
    if (at === undefined) return;
    const { tally } = this.#in(seat);
    const more = isInStep ? 1 : 0;
    const openFrom = place.openFrom + (place.more?.[this.number] ?? 0) + more;
    tally.highestOpen.raise(post.open + (post.more[this.number] ?? 0) + more, at, "");
    tally.highestOpenFromSource.raise(openFrom, at, place.source);
    place.highestOpen.split(this.number).raise(openFrom, at, "");
  }

  #leave(seat: Seat, nowMs: number, isInStep: boolean): void {
    if (!seat.isCounted) return;
    const here = this.#in(seat);
    if (!isInStep) opens(seat, this.number, -1);
    if (here.line.count === 0) return;
    const enters = (guest: Guest): boolean => {
      const refused = this.#refuses(guest.seat);
      if (refused !== undefined) guest.verdict = refused.limit;
      return refused === undefined;
    };
    const next = here.line.offer(enters);
    if (next === undefined) return;
    seat.post.waiting--;
    this.#enter(next.seat, nowMs, false);
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
    isInStep: boolean,
  ): void {
    if (happening.kind === "message") return this.#asks(connection, seat, guest, happening, nowMs, isInStep);
    if (connection.assumedMs !== undefined && guest !== undefined) return;
    this.#leave(seat, nowMs, isInStep);
    if (guest !== undefined) this.#release(connection);
  }

  #asks(
    connection: RecordedConnection,
    seat: Seat,
    guest: Guest | undefined,
    message: Happening,
    nowMs: number,
    isInStep: boolean,
  ): void {
    if (this.#spends(seat, message, nowMs, isInStep)) return;
    if (isInStep) this.#misses(seat, message);
    const isAtOnce = this.#in(seat).settings.limitAction !== "delay";
    if (isAtOnce && guest === undefined && seat.refusesAlone && this.#settings.refusedClients.kind === "gone")
      return this.#losesMessage(seat, nowMs);
    const who = guest ?? this.#guest(connection, seat);
    if (isAtOnce) this.#refuseMessage(who, message, nowMs);
    else this.#waitsForMinute(who, message, nowMs);
  }

  #waitsForMinute(guest: Guest, message: Happening, nowMs: number): void {
    const { limitDelay } = this.#in(guest.seat).settings;
    guest.state = "minute";
    guest.message = message;
    guest.sinceMs = nowMs;
    guest.timer = this.#later(nowMs + Math.min(limitDelay, askAgainMs), "ask", guest, message);
  }

  /** Refused alone before, it comes once more. */
  #asksAnew(guest: Guest, message: Happening, nowMs: number): void {
    if (this.#spends(guest.seat, message, nowMs, false)) return this.#isIn(guest, nowMs);
    if (this.#in(guest.seat).settings.limitAction === "delay") this.#waitsForMinute(guest, message, nowMs);
    else this.#refuseMessage(guest, message, nowMs);
  }

  #asksAgain(guest: Guest, message: Happening, nowMs: number): void {
    const { seat, sinceMs } = guest;
    if (this.#spends(seat, message, nowMs, false)) {
      this.#waited(guest, "message", nowMs);
      return this.#isIn(guest, nowMs);
    }
    const leftMs = sinceMs + this.#in(seat).settings.limitDelay - nowMs;
    if (leftMs <= 0) return this.#refuseMessage(guest, message, nowMs);
    guest.timer = this.#later(nowMs + Math.min(leftMs, askAgainMs), "ask", guest, message);
  }

  /** False: a rate refuses it, and nothing is counted. As the ledger does (receive/admission/ledger.ts). */
  #spends(seat: Seat, { user, rates }: Happening, nowMs: number, isInStep: boolean): boolean {
    const { tally, settings } = this.#in(seat);
    const { messageRateLimit, messageRateSource } = settings;
    const second = Math.floor(nowMs / 1000);
    const world = this.number;
    const minute = this.#shared.messageMinute(seat, user, second);
    const seen = minute.totalIn(world, second);
    if (messageRateSource !== "None" && seen >= messageRateLimit) return false;
    for (const rate of rates)
      if (this.#shared.ownerMinute(rate, second).totalIn(world, second) >= rate.value) return false;
    for (const rate of rates) this.#shared.ownerMinute(rate, second).addIn(world, second, isInStep);
    minute.addIn(world, second, isInStep);
    const at = this.#counted.at(nowMs);
    if (at === undefined) return true;
    const { place } = seat;
    if (!isInStep) {
      tally.messages++;
      tallyIn(place, world).messages++;
    }
    tally.highestMessages.raise(seen + 1, at, place.source);
    place.highestMessages.split(world).raise(seen + 1, at, "");
    return true;
  }

  /** The connection goes on; the message comes again, or is lost. */
  #refuseAlone(guest: Guest, message: Happening, nowMs: number): void {
    const { refusedClients } = this.#settings;
    this.#endTimer(guest);
    guest.message = message;
    if (refusedClients.kind === "again" && guest.tries < refusedClients.tries) {
      guest.tries++;
      guest.state = "minute";
      this.#countRefused(guest.seat, "messageRateLimit", nowMs);
      guest.timer = this.#later(nowMs + refusedClients.afterMs, "askAnew", guest, message);
      return;
    }
    this.#losesMessage(guest.seat, nowMs);
    this.#isIn(guest, nowMs);
  }

  #losesMessage(seat: Seat, nowMs: number): void {
    this.#countRefused(seat, "messageRateLimit", nowMs);
    this.#messageIsLost(seat, nowMs);
  }

  /** Whatever clients do: the relay tries it again until it is taken. */
  #staysInDirectory(guest: Guest, message: Happening, nowMs: number): void {
    const { seat } = guest;
    this.#endTimer(guest);
    guest.state = "minute";
    guest.message = message;
    this.#countRefused(seat, "messageRateLimit", nowMs);
    const files = this.#files.get(seat.place);
    if (files !== undefined) files.push(guest);
    else {
      this.#files.set(seat.place, [guest]);
      this.#later(nowMs + lookAgainMs, "look", guest, undefined);
    }
  }

  /** Those that are refused once more are behind the others next time, and are counted once. */
  #looksThrough(place: Place, nowMs: number): void {
    const files = this.#files.get(place) ?? [];
    const refused: Guest[] = [];
    let taken = 0;
    for (; taken < files.length && refused.length < refusedInARow; taken++) {
      const guest = files[taken];
      if (guest?.message === undefined) continue;
      if (this.#spends(guest.seat, guest.message, nowMs, false)) this.#isIn(guest, nowMs);
      else refused.push(guest);
    }
    files.splice(0, taken);
    files.push(...refused);
    const [next] = files;
    if (next === undefined) this.#files.delete(place);
    else this.#later(nowMs + lookAgainMs, "look", next, undefined);
  }

  /** The connection is closed with it, but by HTTP. */
  #refuseMessage(guest: Guest, message: Happening, nowMs: number): void {
    if (guest.seat.isFile) return this.#staysInDirectory(guest, message, nowMs);
    if (guest.seat.refusesAlone) return this.#refuseAlone(guest, message, nowMs);
    guest.message = undefined;
    guest.resumesMs = message.atMs;
    guest.backlog.push(message);
    this.#refuse(guest, "messageRateLimit", nowMs);
    this.#leave(guest.seat, nowMs, false);
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
    (connection.guests ??= [])[this.number] = guest;
    connection.strays |= 1 << this.number;
    return guest;
  }

  /** From here on it does what the record tells, or nothing any more. */
  #release(connection: RecordedConnection): void {
    const { guests } = connection;
    if (guests?.[this.number] === undefined) return;
    guests[this.number] = undefined;
    connection.strays &= ~(1 << this.number);
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
      this.#release(connection);
  }

  #refuse(guest: Guest, limit: ReplayedLimit, nowMs: number): void {
    this.#endTimer(guest);
    const { seat, connection } = guest;
    this.#countRefused(seat, limit, nowMs);
    const { refusedClients } = this.#settings;
    if (refusedClients.kind === "again" && guest.tries < refusedClients.tries) {
      guest.tries++;
      guest.state = "away";
      this.#later(nowMs + refusedClients.afterMs, "arrive", guest, undefined);
      return;
    }
    guest.state = "gone";
    this.#countLost(seat, nowMs);
    for (const happening of guest.backlog.splice(0)) this.#isLost(connection, seat, happening, nowMs);
    // Nothing more is recorded of it.
    if (connection.assumedMs !== undefined) this.#release(connection);
  }

  #countRefused(seat: Seat, limit: ReplayedLimit, nowMs: number): void {
    const at = this.#counted.at(nowMs);
    if (at !== undefined) this.#in(seat).tally.isRefused(tallyIn(seat.place, this.number), limit, at);
  }

  #countLost(seat: Seat, nowMs: number): void {
    if (this.#counted.at(nowMs) === undefined) return;
    this.#in(seat).tally.lostConnections++;
    tallyIn(seat.place, this.number).lostConnections++;
  }

  #isLost(connection: RecordedConnection, seat: Seat, { kind }: Happening, nowMs: number): void {
    if (kind === "left") this.#release(connection);
    else this.#messageIsLost(seat, nowMs);
  }

  #messageIsLost(seat: Seat, nowMs: number): void {
    if (this.#counted.at(nowMs) === undefined) return;
    this.#in(seat).tally.lostMessages++;
    tallyIn(seat.place, this.number).lostMessages++;
  }

  /** In step. */
  #leavesWaiting(guest: Guest, left: Happening): void {
    this.#endTimer(guest);
    const { connection, seat } = guest;
    if (guest.state === "minute") this.#leave(seat, left.atMs, true);
    else {
      this.#leavesLine(guest);
      this.#misses(seat, left);
    }
    this.#release(connection);
  }

  #leavesLine(guest: Guest): void {
    if (this.#in(guest.seat).line.leave(guest.seat.place.index, guest)) guest.seat.post.waiting--;
  }

  #waited({ seat, sinceMs }: Guest, what: "connection" | "message", nowMs: number): void {
    if (this.#counted.at(nowMs) !== undefined) this.#in(seat).tally.waited(what, nowMs - sinceMs);
  }

  #endTimer(guest: Guest): void {
    if (guest.timer !== undefined) guest.timer.cancelled = true;
    guest.timer = undefined;
  }

  #in({ post }: Seat): PostIn {
    const here = post.in[this.number];
    if (here === undefined) throw new Error("a connector has no such world");
    return here;
  }

  // --- time --------------------------------------------------------------------------------------------------

  /**
   * At one instant what the relay does by itself comes first: waits end. Then what clients do, those first that came first: when
   * each of them made up its mind the record does not know.
   */
  #later(atMs: number, what: Later["what"], guest: Guest, happening: Happening | undefined): Later {
    const order = this.#shared.nextOrder();
    const rank = isOfRelay(what) ? 0 : guest.connection.order + 1;
    const later: Later = { atMs, rank, order, what, world: this.number, guest, happening, cancelled: false };
    this.#shared.putOff(later);
    return later;
  }

  happens({ what, guest, happening, atMs }: Later): void {
    const { connection, seat } = guest;
    switch (what) {
      case "arrive":
        return this.#arrive(connection, seat, guest, atMs);
      case "giveUp":
        this.#leavesLine(guest);
        return this.#refuse(guest, guest.verdict, atMs);
      case "ask":
        return happening && this.#asksAgain(guest, happening, atMs);
      case "askAnew":
        return happening && this.#asksAnew(guest, happening, atMs);
      case "look":
        return this.#looksThrough(seat.place, atMs);
      case "end":
        this.#leave(seat, atMs, false);
        return this.#release(connection);
      case "happen":
        if (happening === undefined) return;
        if (guest.state === "gone") return this.#isLost(connection, seat, happening, atMs);
        if (guest.state !== "in") return void guest.backlog.push(happening);
        // It had to wait once more meanwhile.
        if (happening.atMs + guest.shiftMs > atMs)
          return void this.#later(happening.atMs + guest.shiftMs, "happen", guest, happening);
        return this.#does(connection, seat, guest, happening, atMs, false);
    }
  }
}

function isOfRelay(what: Later["what"]): boolean {
  return what === "giveUp" || what === "ask" || what === "look";
}
