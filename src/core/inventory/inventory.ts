/**
 * Who uses the relay, counted from the traffic record: it hears what happened (traffic-facts.ts) and keeps of each sender
 * when it came, how, and how much. Bounded in senders and in rows of their volumes. Cost: some 0.2 µs an entry of the
 * record, off the mail's way.
 */
import { SlidingMinute } from "../policy/sliding-minute.ts";
import { spokenRefusals } from "../refusals/catalogue.ts";
import type {
  TrafficClient,
  TrafficListener,
  TrafficProfile,
  TrafficWelcome,
} from "../traffic/traffic-facts.ts";
import { senderNoLaterThan } from "./no-later-than.ts";
import { neverSaved, newSender, senderKey, type SavedAt, type Sender } from "./sender.ts";
import { cameAgain, wasRefused } from "./silent-loss.ts";
import { traitOf, type Trait } from "./traits.ts";
import type { Outage } from "./rhythm.ts";
import { dayMs, hourMs, type ColumnName } from "./volume.ts";

const minuteSeconds = 60;
const mostOutages = 100;
/** More than fit by so much, since looking at all of them takes a while. */
const fullPart = 1.1;

export interface InventoryRoom {
  readonly senders: number;
  /** Rows of days, of all senders together; the same of hours. */
  readonly rows: number;
  readonly hourDays: number;
  readonly days: number;
}

export const defaultRoom: InventoryRoom = { senders: 100_000, rows: 400_000, hourDays: 8, days: 400 };

interface Source {
  open: number;
  /** Usually one. */
  senders: readonly Sender[];
}

interface Connection {
  readonly client: TrafficClient;
  readonly source: Source;
  /** Undefined until it handed in mail. */
  sender: Sender | undefined;
  profile: TrafficProfile | undefined;
  /** It waits for a place. */
  isHeld: boolean;
  /** A message is under way. */
  isAsking: boolean;
  /** What refused the message under way, and when. */
  refusal: string;
  refusedMs: number;
  /** At its coming, itself included. */
  readonly open: number;
  /** By what it is known, of its sender; undefined: not asked for yet. */
  traits: readonly Trait[] | undefined;
}

export class Inventory implements TrafficListener {
  readonly #room: InventoryRoom;
  readonly #sources = new Map<string, Source>();
  readonly #senders = new Map<string, Sender>();
  readonly #connections = new Map<number, Connection>();
  /** Of those that sent within the last minute or two. */
  readonly #sent = new Map<Sender, SlidingMinute>();
  #idleForgottenAt = 0;
  readonly #changed = new Set<Sender>();
  #wallOffsetMs = 0;
  #sinceMs: number | undefined;
  #lastMs = 0;
  #forgotten = 0;
  #outages: Outage[] = [];
  /** Where the record is read again: what was counted before is not counted twice. */
  #reading: SavedAt = neverSaved;

  constructor(room: InventoryRoom = defaultRoom) {
    this.#room = room;
  }

  /** In the order in which they came first. */
  get senders(): Iterable<Sender> {
    return this.#senders.values();
  }

  get senderCount(): number {
    return this.#senders.size;
  }

  /** What it knows begins here; undefined: nothing came yet. */
  get sinceMs(): number | undefined {
    return this.#sinceMs;
  }

  /** The latest it heard of. */
  get lastMs(): number {
    return this.#lastMs;
  }

  /** Senders that found no room any more. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Hours of the last weeks in which the relay was not there, or recorded nothing before it began anew. */
  get outages(): readonly Outage[] {
    return this.#outages;
  }

  find(source: string, user: string): Sender | undefined {
    return this.#senders.get(senderKey({ source, user }));
  }

  sendersOf(source: string): readonly Sender[] {
    return this.#sources.get(source)?.senders ?? [];
  }

  sources(): Iterable<string> {
    return this.#sources.keys();
  }

  /** Those that changed since it was asked last. */
  takeChanged(): readonly Sender[] {
    const changed = [...this.#changed];
    this.#changed.clear();
    return changed;
  }

  /** What is kept of it has to be written again. */
  touch(sender: Sender): void {
    this.#changed.add(sender);
  }

  hasChanged(): boolean {
    return this.#changed.size > 0;
  }

  /** What an earlier run knew beside its senders. */
  restoreTimes(sinceMs: number, outages: readonly Outage[]): void {
    this.#sinceMs = sinceMs;
    this.#outages = [...outages];
  }

  /** A sender of an earlier run. */
  restore(sender: Sender): void {
    this.#lastMs = Math.max(this.#lastMs, sender.lastMs);
    this.#senders.set(senderKey(sender), sender);
    const source = this.#source(sender.source);
    source.senders = [...source.senders, sender];
  }

  /** Place of the entry that is told next, while the record is read again; `neverSaved`: it is not. */
  readingAt(place: SavedAt): void {
    this.#reading = place;
  }

  began(atMs: number, wallOffsetMs: number, _cause: "start" | "gap"): void {
    this.#wallOffsetMs = wallOffsetMs;
    const wallMs = atMs + wallOffsetMs;
    this.#sinceMs ??= wallMs;
    if (this.#lastMs > 0 && wallMs - this.#lastMs >= hourMs) this.#wasAway(this.#lastMs, wallMs);
    for (const { source } of this.#connections.values()) source.open = 0;
    this.#connections.clear();
    // As the relay's own counts: they begin anew with it.
    this.#sent.clear();
    this.#idleForgottenAt = 0;
  }

  clockSet(atMs: number, wallOffsetMs: number): void {
    this.#wallOffsetMs = wallOffsetMs;
    const wallMs = atMs + wallOffsetMs;
    // Hours that were leapt over are nobody's silence.
    if (this.#lastMs > 0 && wallMs - this.#lastMs >= hourMs) this.#wasAway(this.#lastMs, wallMs);
  }

  connected(
    connection: number,
    client: TrafficClient,
    profile: TrafficProfile,
    atMs: number,
    enteredMs: number | undefined,
  ): void {
    const source = this.#source(client.source);
    const open = ++source.open;
    const isKnown = profile.heloName !== "" || profile.user !== "" || profile.tls !== "";
    this.#connections.set(connection, {
      client,
      source,
      sender: isKnown ? this.#sender(source, client, profile.user, atMs + this.#wallOffsetMs) : undefined,
      profile: isKnown ? profile : undefined,
      isHeld: enteredMs === undefined,
      isAsking: false,
      refusal: "",
      refusedMs: 0,
      open,
      traits: undefined,
    });
  }

  arrived(
    atMs: number,
    connection: number,
    client: TrafficClient,
    welcome: TrafficWelcome,
    refusal: string | undefined,
  ): void {
    const wallMs = this.#at(atMs);
    const source = this.#source(client.source);
    if (welcome === "refused") {
      this.#turnedAway(this.#mainSender(source, client, wallMs), wallMs, client, refusal ?? "");
      return;
    }
    source.open++;
    this.#connections.set(connection, {
      client,
      source,
      sender: undefined,
      profile: undefined,
      isHeld: welcome === "held",
      isAsking: false,
      refusal: "",
      refusedMs: 0,
      open: source.open,
      traits: undefined,
    });
  }

  resumed(_atMs: number, connection: number): void {
    const one = this.#connections.get(connection);
    if (one !== undefined) one.isHeld = false;
  }

  left(atMs: number, connection: number): void {
    const one = this.#connections.get(connection);
    if (one === undefined) return;
    this.#connections.delete(connection);
    const wallMs = this.#at(atMs);
    one.source.open = Math.max(0, one.source.open - 1);
    if (one.sender === undefined)
      this.#attribute(one, this.#mainSender(one.source, one.client, wallMs), wallMs);
    this.#endMessage(one);
  }

  described(atMs: number, connection: number, profile: TrafficProfile): void {
    const one = this.#connections.get(connection);
    if (one === undefined) return;
    const wallMs = this.#at(atMs);
    one.profile = profile;
    one.traits = undefined;
    if (one.sender !== undefined && one.sender.user === profile.user) return;
    const isFirst = one.sender === undefined;
    const sender = this.#sender(one.source, one.client, profile.user, wallMs);
    if (isFirst) this.#attribute(one, sender, wallMs);
    else one.sender = sender;
  }

  message(atMs: number, connection: number): void {
    const one = this.#connections.get(connection);
    if (one === undefined) return;
    const wallMs = this.#at(atMs);
    this.#endMessage(one);
    const sender = (one.sender ??= this.#mainSender(one.source, one.client, wallMs));
    one.isAsking = true;
    if (!this.#counts(sender)) return;
    cameAgain(sender.loss, wallMs);
    this.#raise(sender, wallMs, "highestMinute", this.#oneMore(sender, Math.floor(atMs / 1000)));
  }

  /** Its messages of the last 60 seconds, as limits count them: those of a minute of the clock may be half as many. */
  #oneMore(sender: Sender, second: number): number {
    let sent = this.#sent.get(sender);
    if (sent === undefined) {
      if (Math.abs(second - this.#idleForgottenAt) >= minuteSeconds) {
        this.#idleForgottenAt = second;
        for (const [other, minute] of this.#sent) if (minute.totalAt(second) === 0) this.#sent.delete(other);
      }
      sent = new SlidingMinute(second);
      this.#sent.set(sender, sent);
    }
    const count = sent.totalAt(second) + 1;
    sent.add();
    return count;
  }

  messageHeld(): void {
    // Whether it gets its minute follows.
  }

  kept(atMs: number, connection: number, recipients: number, sizeBytes: number): void {
    const one = this.#connections.get(connection);
    if (one?.sender === undefined) return;
    const { sender, client, profile } = one;
    one.isAsking = false;
    one.refusal = "";
    const wallMs = this.#at(atMs);
    if (!this.#counts(sender)) return;
    sender.lastMessageMs = wallMs;
    sender.messages++;
    sender.recipients += recipients;
    sender.octets += sizeBytes;
    if (wallMs > sender.lastMs) sender.lastMs = wallMs;
    const hour = Math.floor(wallMs / hourMs);
    const day = Math.floor(wallMs / dayMs);
    const ofHour = sender.hours.kept(hour, recipients, sizeBytes, 0);
    sender.days.kept(day, recipients, sizeBytes, 2 ** (hour % 24));
    sender.days.raise(day, "highestHour", ofHour);
    this.#changed.add(sender);
    for (const trait of (one.traits ??= traitsOf(sender, client, profile, wallMs))) {
      trait.count++;
      if (wallMs > trait.lastMs) trait.lastMs = wallMs;
    }
  }

  refused(atMs: number, connection: number, refusal: string): void {
    const one = this.#connections.get(connection);
    if (one === undefined) return;
    const wallMs = this.#at(atMs);
    if (one.isHeld) {
      // It waited for a place and got none.
      one.sender ??= this.#mainSender(one.source, one.client, wallMs);
      this.#turnedAway(one.sender, wallMs, one.client, refusal);
      return;
    }
    const sender = one.sender ?? this.#mainSender(one.source, one.client, wallMs);
    if (one.isAsking && one.refusal === "") {
      one.refusal = refusal;
      one.refusedMs = wallMs;
    }
    if (!this.#counts(sender)) return;
    sender.refusals++;
    sender.lastMs = Math.max(sender.lastMs, wallMs);
    this.#add(sender, wallMs, "refusals", 1);
    if (one.isAsking) this.#came(sender, wallMs);
  }

  lost(): void {
    // What is not recorded is not counted.
  }

  /**
   * Forgets what is too old or too much: rows of long ago, and senders that were not seen for longest, those first who never
   * sent anything; nobody who is connected. Cost: a pass over all senders.
   */
  tidy(nowMs: number): readonly Sender[] {
    const { hourDays, days, rows, senders: most } = this.#room;
    const today = Math.floor(nowMs / dayMs);
    let [firstDay, firstHour] = [today - days, Math.floor(nowMs / hourMs) - 24 * hourDays];
    let [dayRows, hourRows] = [0, 0];
    for (const sender of this.#senders.values()) {
      sender.days.forgetBefore(firstDay);
      sender.hours.forgetBefore(firstHour);
      dayRows += sender.days.rowCount;
      hourRows += sender.hours.rowCount;
    }
    while (dayRows > rows && firstDay < today) {
      firstDay += Math.max(1, Math.floor((today - firstDay) / 10));
      dayRows = 0;
      for (const { days: volume } of this.#senders.values()) {
        volume.forgetBefore(firstDay);
        dayRows += volume.rowCount;
      }
    }
    while (hourRows > rows && firstHour < today * 24) {
      firstHour += 12;
      hourRows = 0;
      for (const { hours } of this.#senders.values()) {
        hours.forgetBefore(firstHour);
        hourRows += hours.rowCount;
      }
    }
    const worth = ({ messages, lastMs }: Sender): number => (messages > 0 ? lastMs : lastMs - days * dayMs);
    const away = [...this.#senders.values()].filter(({ source }) => this.#sources.get(source)?.open === 0);
    const isOld = ({ lastMs }: Sender): boolean => lastMs < nowMs - days * dayMs;
    const old = away.filter(isOld);
    const tooMany = Math.max(0, this.#senders.size - old.length - most);
    const others =
      tooMany === 0
        ? []
        : away.filter((sender) => !isOld(sender)).sort((one, other) => worth(one) - worth(other));
    const gone = [...old, ...others.slice(0, tooMany)];
    this.#forgotten += gone.length - old.length;
    for (const sender of gone) this.#forget(sender);
    return gone;
  }

  /**
   * The clock is right now: what seems to have come later than that came under one that was ahead, and counts as come now, so that
   * who is silent from here on is missed. Rows keep their hour. Cost: a comparison, and a pass over all senders where there is such.
   */
  noLaterThan(nowMs: number): void {
    // Within a segment the clock may be some seconds off.
    if (this.#lastMs <= nowMs + hourMs) return;
    this.#lastMs = nowMs;
    if (this.#sinceMs !== undefined) this.#sinceMs = Math.min(this.#sinceMs, nowMs);
    const nowHour = Math.floor(nowMs / hourMs);
    this.#outages = this.#outages
      .filter(({ fromHour }) => fromHour <= nowHour)
      .map(({ fromHour, toHour }) => ({ fromHour, toHour: Math.min(toHour, nowHour) }));
    for (const sender of this.#senders.values()) if (senderNoLaterThan(sender, nowMs)) this.touch(sender);
  }

  /** There are more senders than there is room for: it is to be tidied. */
  get isFull(): boolean {
    return this.#senders.size > this.#room.senders * fullPart;
  }

  #wasAway(fromMs: number, toMs: number): void {
    this.#outages.push({ fromHour: Math.floor(fromMs / hourMs), toHour: Math.floor(toMs / hourMs) });
    if (this.#outages.length > mostOutages) this.#outages.shift();
  }

  #forget(sender: Sender): void {
    this.#senders.delete(senderKey(sender));
    this.#changed.delete(sender);
    const source = this.#sources.get(sender.source);
    if (source === undefined) return;
    source.senders = source.senders.filter((one) => one !== sender);
    if (source.senders.length === 0 && source.open === 0) this.#sources.delete(sender.source);
  }

  #at(atMs: number): number {
    const wallMs = atMs + this.#wallOffsetMs;
    if (wallMs > this.#lastMs) this.#lastMs = wallMs;
    return wallMs;
  }

  #source(name: string): Source {
    let source = this.#sources.get(name);
    if (source === undefined) {
      source = { open: 0, senders: [] };
      this.#sources.set(name, source);
    }
    return source;
  }

  #sender(source: Source, client: TrafficClient, user: string, wallMs: number): Sender {
    for (const sender of source.senders) if (sender.user === user) return sender;
    const sender = newSender(client.source, user, client.address, wallMs);
    source.senders = [...source.senders, sender];
    this.#senders.set(senderKey(sender), sender);
    return sender;
  }

  /** Who it is likely to be, where it did not say: the one that came from there last. */
  #mainSender(source: Source, client: TrafficClient, wallMs: number): Sender {
    let [latest] = source.senders;
    for (const sender of source.senders)
      if (latest !== undefined && sender.lastMs > latest.lastMs) latest = sender;
    return latest ?? this.#sender(source, client, "", wallMs);
  }

  /** Not what was counted before the record is read again. */
  #counts(sender: Sender): boolean {
    const { runMs, place } = this.#reading;
    if (runMs === -1) return true;
    // Who was saved by a later run had all of this one counted.
    const { savedAt } = sender;
    return savedAt.runMs === runMs ? savedAt.place <= place : savedAt.runMs < runMs;
  }

  #attribute(one: Connection, sender: Sender, wallMs: number): void {
    one.sender = sender;
    if (!this.#counts(sender)) return;
    sender.connections++;
    sender.address = one.client.address;
    sender.lastMs = Math.max(sender.lastMs, wallMs);
    this.#add(sender, wallMs, "connections", 1);
    this.#raise(sender, wallMs, "highestOpen", one.open);
  }

  #turnedAway(sender: Sender, wallMs: number, client: TrafficClient, refusal: string): void {
    if (!this.#counts(sender)) return;
    sender.refusals++;
    sender.address = client.address;
    sender.lastMs = Math.max(sender.lastMs, wallMs);
    this.#add(sender, wallMs, "refusals", 1);
    this.#came(sender, wallMs);
    cameAgain(sender.loss, wallMs);
    wasRefused(sender.loss, wallMs, refusal);
  }

  /** The message under way came to nothing. */
  #endMessage(one: Connection): void {
    const { isAsking, refusal, refusedMs, sender } = one;
    one.isAsking = false;
    one.refusal = "";
    if (!isAsking || sender === undefined || !isLoss(refusal) || !this.#counts(sender)) return;
    // When it was refused: the next one of the connection may be the same that comes again.
    wasRefused(sender.loss, refusedMs, refusal);
    this.#changed.add(sender);
  }

  #came(sender: Sender, wallMs: number): void {
    const hour = Math.floor(wallMs / hourMs);
    sender.lastMs = Math.max(sender.lastMs, wallMs);
    sender.days.setBits(Math.floor(wallMs / dayMs), "hours", 2 ** (hour % 24));
  }

  #add(sender: Sender, wallMs: number, column: ColumnName, count: number): void {
    sender.hours.add(Math.floor(wallMs / hourMs), column, count);
    sender.days.add(Math.floor(wallMs / dayMs), column, count);
    this.#changed.add(sender);
  }

  #raise(sender: Sender, wallMs: number, column: ColumnName, value: number): void {
    sender.hours.raise(Math.floor(wallMs / hourMs), column, value);
    sender.days.raise(Math.floor(wallMs / dayMs), column, value);
    this.#changed.add(sender);
  }
}

/** Refused by a limit, or for the time being: what is refused for good the client was told, and it is not to come again. */
function isLoss(kind: string): boolean {
  if (!Object.hasOwn(spokenRefusals, kind)) return false;
  const refusal: { readonly reply: { readonly code: number }; readonly setting?: string } =
    spokenRefusals[kind as keyof typeof spokenRefusals];
  return refusal.setting !== undefined || refusal.reply.code < 500;
}

function traitsOf(
  { traits }: Sender,
  client: TrafficClient,
  profile: TrafficProfile | undefined,
  atMs: number,
): readonly Trait[] {
  const found = [
    traitOf(traits, "door", client.door, atMs),
    traitOf(traits, "connector", client.connector, atMs),
  ];
  if (profile === undefined) return found;
  if (profile.heloName !== "") found.push(traitOf(traits, "heloName", profile.heloName, atMs));
  found.push(
    traitOf(traits, "tls", profile.tls === "" ? "none" : profile.tls, atMs),
    traitOf(traits, "mechanism", profile.mechanism === "" ? "none" : profile.mechanism, atMs),
  );
  return found;
}
