/** Turns what happens at the doors into octets of the record (traffic-codes.ts). Knows who is connected; no clock. */
import { doors } from "../policy/door.ts";
import { OctetWriter } from "./octet-writer.ts";
import { codeFactor, codes, formatVersion } from "./traffic-codes.ts";
import { noProfile, type TrafficClient, type TrafficProfile } from "./traffic-facts.ts";

interface Connected {
  readonly client: TrafficClient;
  readonly arrivedMs: number;
  enteredMs: number | undefined;
  profile: TrafficProfile;
  /** As the segment that is being written calls it. */
  profileId: number;
  segment: number;
}

const roomBytes = 16 * 1024;
/** Longer names are cut: who sends a HELO of 500 characters is known by the first of them. */
const longestName = 200;

/** Instants are whole milliseconds. Each call costs some look-ups and a few octets. */
export class TrafficEncoder {
  readonly #writer = new OctetWriter(roomBytes);
  readonly #connected = new Map<number, Connected>();
  readonly #texts = new Map<string, number>();
  /** By connector, source, address and door in one text. */
  readonly #clients = new Map<string, number>();
  readonly #profiles = new Map<string, number>();
  readonly #runMs: number;
  #lastMs = 0;
  #lastConnection = 0;
  #segment = 0;
  #segmentBytes = 0;
  #openingBytes = 0;

  /** `runMs`: tells this run of a relay from others; its start. */
  constructor(runMs: number) {
    this.#runMs = Math.max(0, runMs);
  }

  get runMs(): number {
    return this.#runMs;
  }

  /** Octets of the segment so far, taken or not. */
  get segmentBytes(): number {
    return this.#segmentBytes + this.#writer.length;
  }

  /** Those of them that only tell who was connected when it began. */
  get openingBytes(): number {
    return this.#openingBytes;
  }

  get waitingBytes(): number {
    return this.#writer.length;
  }

  get openConnections(): number {
    return this.#connected.size;
  }

  /** Begins a segment: what was written before must be taken first. */
  begin(nowMs: number, wallOffsetMs: number): void {
    this.#texts.clear();
    this.#clients.clear();
    this.#profiles.clear();
    this.#segment++;
    this.#segmentBytes = 0;
    this.#lastMs = nowMs;
    const writer = this.#writer;
    writer.number(codes.segment);
    writer.number(formatVersion);
    writer.number(nowMs);
    writer.number(wallOffsetMs < 0 ? -2 * wallOffsetMs - 1 : 2 * wallOffsetMs);
    writer.number(this.#runMs);
    writer.number(this.#segment);
    writer.number(this.#lastConnection + 1);
    writer.number(this.#connected.size);
    for (const [connection, one] of this.#connected) {
      const client = this.#client(nowMs, one.client);
      const profile = this.#profileOf(nowMs, one);
      this.#head(nowMs, codes.connected);
      writer.number(this.#lastConnection + 1 - connection);
      writer.number(client);
      writer.number(profile);
      writer.number(nowMs - one.arrivedMs);
      writer.number(one.enteredMs === undefined ? 0 : nowMs - one.enteredMs + 1);
    }
    this.#openingBytes = writer.length;
  }

  /** Returns the number of the connection. */
  admitted(nowMs: number, client: TrafficClient): number {
    const id = this.#client(nowMs, client);
    this.#head(nowMs, codes.admitted);
    this.#writer.number(id);
    return this.#come(client, nowMs, nowMs);
  }

  /** `refusal`: the kind of refusal it would be. */
  held(nowMs: number, client: TrafficClient, refusal: string): number {
    this.#notAdmitted(nowMs, codes.held, client, refusal);
    return this.#come(client, nowMs, undefined);
  }

  turnedAway(nowMs: number, client: TrafficClient, refusal: string): void {
    this.#notAdmitted(nowMs, codes.turnedAway, client, refusal);
    this.#lastConnection++;
  }

  /** This and those that follow return false where nothing is to be written: the connection is not known. */
  resumed(nowMs: number, connection: number): boolean {
    const one = this.#connected.get(connection);
    if (one === undefined) return false;
    one.enteredMs ??= nowMs;
    this.#of(nowMs, codes.resumed, connection);
    return true;
  }

  left(nowMs: number, connection: number): boolean {
    if (!this.#connected.delete(connection)) return false;
    this.#of(nowMs, codes.left, connection);
    return true;
  }

  /** Nothing, too, where it is known already. */
  described(
    nowMs: number,
    connection: number,
    user: string,
    application: string,
    heloName: string,
    tls: string,
    mechanism: string,
  ): boolean {
    const one = this.#connected.get(connection);
    if (one === undefined) return false;
    const known = one.profile;
    if (
      known.user === user &&
      known.application === application &&
      known.heloName === heloName &&
      known.tls === tls &&
      known.mechanism === mechanism
    )
      return false;
    one.profile = { user, application, heloName, tls, mechanism };
    one.segment = 0;
    const id = this.#profileOf(nowMs, one);
    this.#of(nowMs, codes.described, connection);
    this.#writer.number(id);
    return true;
  }

  message(nowMs: number, connection: number): boolean {
    if (!this.#connected.has(connection)) return false;
    this.#of(nowMs, codes.message, connection);
    return true;
  }

  messageHeld(nowMs: number, connection: number): boolean {
    if (!this.#connected.has(connection)) return false;
    this.#of(nowMs, codes.messageHeld, connection);
    return true;
  }

  kept(nowMs: number, connection: number, recipients: number, sizeBytes: number): boolean {
    if (!this.#connected.has(connection)) return false;
    this.#of(nowMs, codes.kept, connection);
    this.#writer.number(recipients);
    this.#writer.number(sizeBytes);
    return true;
  }

  refused(nowMs: number, connection: number, refusal: string): boolean {
    if (!this.#connected.has(connection)) return false;
    const kind = this.#text(nowMs, refusal);
    this.#of(nowMs, codes.refused, connection);
    this.#writer.number(kind);
    return true;
  }

  lost(nowMs: number, count: number): void {
    this.#head(nowMs, codes.lost);
    this.#writer.number(count);
  }

  /** What was written since it was taken last. */
  take(): Buffer {
    const octets = this.#writer.take();
    this.#segmentBytes += octets.length;
    return octets;
  }

  #come(client: TrafficClient, arrivedMs: number, enteredMs: number | undefined): number {
    const connection = ++this.#lastConnection;
    this.#connected.set(connection, {
      client,
      arrivedMs,
      enteredMs,
      profile: noProfile,
      profileId: 0,
      segment: this.#segment,
    });
    return connection;
  }

  #notAdmitted(nowMs: number, code: number, client: TrafficClient, refusal: string): void {
    const id = this.#client(nowMs, client);
    const kind = this.#text(nowMs, refusal);
    this.#head(nowMs, code);
    this.#writer.number(id);
    this.#writer.number(kind);
  }

  #head(nowMs: number, code: number): void {
    const passed = nowMs > this.#lastMs ? nowMs - this.#lastMs : 0;
    this.#lastMs += passed;
    this.#writer.number(passed * codeFactor + code);
  }

  #of(nowMs: number, code: number, connection: number): void {
    this.#head(nowMs, code);
    this.#writer.number(this.#lastConnection + 1 - connection);
  }

  #text(nowMs: number, given: string): number {
    if (given === "") return 0;
    const text = given.length > longestName ? given.slice(0, longestName) : given;
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    this.#head(nowMs, codes.text);
    this.#writer.text(text);
    const id = this.#texts.size + 1;
    this.#texts.set(text, id);
    return id;
  }

  #client(nowMs: number, client: TrafficClient): number {
    const { connector, source, address, door } = client;
    const key =
      address === source
        ? `${door}\n${connector}\n${source}`
        : `${door}\n${connector}\n${source}\n${address}`;
    const known = this.#clients.get(key);
    if (known !== undefined) return known;
    const ids = [this.#text(nowMs, connector), this.#text(nowMs, source)];
    ids.push(address === source ? 0 : this.#text(nowMs, address), doors.indexOf(door));
    this.#head(nowMs, codes.client);
    for (const id of ids) this.#writer.number(id);
    const id = this.#clients.size + 1;
    this.#clients.set(key, id);
    return id;
  }

  #profileOf(nowMs: number, one: Connected): number {
    if (one.segment === this.#segment) return one.profileId;
    one.segment = this.#segment;
    const { user, application, heloName, tls, mechanism } = one.profile;
    if (one.profile === noProfile) return (one.profileId = 0);
    const key = `${user}\n${application}\n${heloName}\n${tls}\n${mechanism}`;
    let id = this.#profiles.get(key);
    if (id === undefined) {
      const ids = [user, application, heloName, tls, mechanism].map((text) => this.#text(nowMs, text));
      this.#head(nowMs, codes.profile);
      for (const each of ids) this.#writer.number(each);
      id = this.#profiles.size + 1;
      this.#profiles.set(key, id);
    }
    return (one.profileId = id);
  }
}
