/**
 * Reads segments of the record (traffic-codes.ts), one after the other, and tells what happened. What cannot be read ends a
 * segment: the next begins anew behind a gap. Cost: some 50 ns an entry.
 */
import { doors } from "../policy/door.ts";
import { OctetReader, TrafficDamage } from "./octet-reader.ts";
import { codeFactor, codes, formatVersion } from "./traffic-codes.ts";
import {
  noProfile,
  type TrafficClient,
  type TrafficListener,
  type TrafficProfile,
  type TrafficWelcome,
} from "./traffic-facts.ts";

export { TrafficDamage } from "./octet-reader.ts";

/** What stands at the head of a segment. */
export interface SegmentHead {
  readonly version: number;
  readonly baseMs: number;
  readonly wallOffsetMs: number;
  readonly runMs: number;
  readonly sequence: number;
  readonly nextConnection: number;
  readonly openConnections: number;
}

/** Throws TrafficDamage. */
export function readSegmentHead(octets: Uint8Array): SegmentHead {
  return headOf(new OctetReader(octets));
}

function headOf(reader: OctetReader): SegmentHead {
  if (reader.number() !== codes.segment) throw new TrafficDamage("this is no segment");
  const version = reader.number();
  if (version < 1 || version > formatVersion) throw new TrafficDamage(`a segment is of version ${version}`);
  const baseMs = reader.number();
  const offset = reader.number();
  return {
    version,
    baseMs,
    wallOffsetMs: offset % 2 === 1 ? -(offset + 1) / 2 : offset / 2,
    runMs: reader.number(),
    sequence: reader.number(),
    nextConnection: reader.number(),
    openConnections: reader.number(),
  };
}

export interface KnownParties {
  readonly clients: Map<string, TrafficClient>;
  readonly profiles: Map<string, TrafficProfile>;
}

export function nobodyKnown(): KnownParties {
  return { clients: new Map(), profiles: new Map() };
}

export class TrafficDecoder {
  readonly #listener: TrafficListener;
  /** The same objects over all segments, so that whoever listens can know them by identity. */
  readonly #knownClients: Map<string, TrafficClient>;
  readonly #knownProfiles: Map<string, TrafficProfile>;
  readonly #mostKnown: number;
  #runMs = -1;
  #wallOffsetMs = 0;
  #nextSequence = 0;
  #nowMs = 0;
  /** Of the segment under way. */
  #texts: string[] = [""];
  #clients: TrafficClient[] = [];
  #profiles: TrafficProfile[] = [noProfile];
  #next = 0;
  #entry = 0;
  #head: SegmentHead | undefined;
  #goesOn = false;

  /**
   * `mostKnown`: clients and profiles that are known at most; beyond it they are made anew, other objects of the same. `known`: for
   * several decoders with one listener.
   */
  constructor(listener: TrafficListener, mostKnown = Infinity, known = nobodyKnown()) {
    this.#listener = listener;
    this.#mostKnown = mostKnown;
    this.#knownClients = known.clients;
    this.#knownProfiles = known.profiles;
  }

  /** Of the entry read last. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** The segment that is read, and how many entries of it were; undefined: none was begun. */
  get place(): { readonly head: SegmentHead; readonly entry: number } | undefined {
    return this.#head && { head: this.#head, entry: this.#entry };
  }

  /**
   * The next segment, as far as it is there: its frames one behind the other. Throws TrafficDamage, behind what was told.
   * `reached` is called before each entry, with how many of the segment came before it.
   */
  segment(octets: Uint8Array, reached?: (entry: number) => void): void {
    const reader = new OctetReader(octets);
    const head = headOf(reader);
    const goesOn = head.runMs === this.#runMs && head.sequence === this.#nextSequence;
    if (!goesOn) {
      const isStart = head.runMs !== this.#runMs && head.sequence === 1;
      this.#listener.began(head.baseMs, head.wallOffsetMs, isStart ? "start" : "gap");
    } else if (head.wallOffsetMs !== this.#wallOffsetMs)
      this.#listener.clockSet(head.baseMs, head.wallOffsetMs);
    this.#wallOffsetMs = head.wallOffsetMs;
    this.#runMs = head.runMs;
    this.#nextSequence = -1;
    this.#nowMs = head.baseMs;
    this.#texts = [""];
    this.#clients = [];
    this.#profiles = [noProfile];
    this.#next = head.nextConnection;
    this.#entry = 0;
    this.#head = head;
    this.#goesOn = goesOn;
    this.#entries(reader, head, goesOn, reached);
    this.#nextSequence = head.sequence + 1;
  }

  /** What follows in the segment that was begun: whole entries. Throws TrafficDamage, also where none was begun. */
  part(octets: Uint8Array): void {
    const head = this.#head;
    if (head === undefined || this.#nextSequence !== head.sequence + 1)
      throw new TrafficDamage("what goes on was not begun");
    this.#nextSequence = -1;
    this.#entries(new OctetReader(octets), head, this.#goesOn);
    this.#nextSequence = head.sequence + 1;
  }

  /** What followed the last segment could not be read: the next one begins behind a gap. */
  damaged(): void {
    this.#nextSequence = -1;
    this.#head = undefined;
  }

  #entries(reader: OctetReader, head: SegmentHead, goesOn: boolean, reached?: (entry: number) => void): void {
    const listener = this.#listener;
    const texts = this.#texts;
    const clients = this.#clients;
    const profiles = this.#profiles;
    let next = this.#next;
    let nowMs = this.#nowMs;
    const end = reader.octets.length;
    while (reader.at < end) {
      reached?.(this.#entry);
      this.#entry++;
      const first = reader.number();
      const code = first % codeFactor;
      nowMs += (first - code) / codeFactor;
      this.#nowMs = nowMs;
      switch (code) {
        case codes.text:
          texts.push(reader.text());
          break;
        case codes.client:
          clients.push(this.#client(reader, texts));
          break;
        case codes.profile:
          profiles.push(this.#profile(reader, texts, head.version));
          break;
        case codes.connected: {
          const connection = next - reader.number();
          const client = named(clients, reader.number() - 1);
          const profile = named(profiles, reader.number());
          const arrivedMs = head.baseMs - reader.number();
          const entered = reader.number();
          const enteredMs = entered === 0 ? undefined : head.baseMs - entered + 1;
          if (!goesOn) listener.connected(connection, client, profile, arrivedMs, enteredMs);
          break;
        }
        case codes.admitted:
          listener.arrived(nowMs, next++, named(clients, reader.number() - 1), "admitted", undefined);
          break;
        case codes.held:
        case codes.turnedAway: {
          const welcome: TrafficWelcome = code === codes.held ? "held" : "refused";
          const client = named(clients, reader.number() - 1);
          listener.arrived(nowMs, next++, client, welcome, named(texts, reader.number()));
          break;
        }
        case codes.resumed:
          listener.resumed(nowMs, next - reader.number());
          break;
        case codes.left:
          listener.left(nowMs, next - reader.number());
          break;
        case codes.described: {
          const connection = next - reader.number();
          listener.described(nowMs, connection, named(profiles, reader.number()));
          break;
        }
        case codes.message:
          listener.message(nowMs, next - reader.number());
          break;
        case codes.messageHeld:
          listener.messageHeld(nowMs, next - reader.number());
          break;
        case codes.kept: {
          const connection = next - reader.number();
          const recipients = reader.number();
          listener.kept(nowMs, connection, recipients, reader.number());
          break;
        }
        case codes.refused: {
          const connection = next - reader.number();
          listener.refused(nowMs, connection, named(texts, reader.number()));
          break;
        }
        case codes.lost:
          listener.lost(nowMs, reader.number());
          break;
        default:
          throw new TrafficDamage(`a segment has an entry of code ${code}`);
      }
    }
    this.#next = next;
  }

  #client(reader: OctetReader, texts: readonly string[]): TrafficClient {
    const connector = named(texts, reader.number());
    const source = named(texts, reader.number());
    const address = named(texts, reader.number());
    const door = named(doors, reader.number());
    const key = `${door}\n${connector}\n${source}\n${address}`;
    const known = this.#knownClients.get(key);
    if (known !== undefined) return known;
    const client = { connector, source, address: address === "" ? source : address, door };
    if (this.#knownClients.size >= this.#mostKnown) this.#knownClients.clear();
    this.#knownClients.set(key, client);
    return client;
  }

  #profile(reader: OctetReader, texts: readonly string[], version: number): TrafficProfile {
    const user = named(texts, reader.number());
    const application = named(texts, reader.number());
    const heloName = named(texts, reader.number());
    const tls = named(texts, reader.number());
    const mechanism = version === 1 ? "" : named(texts, reader.number());
    const key = `${user}\n${application}\n${heloName}\n${tls}\n${mechanism}`;
    const known = this.#knownProfiles.get(key);
    if (known !== undefined) return known;
    const profile = { user, application, heloName, tls, mechanism };
    if (this.#knownProfiles.size >= this.#mostKnown) this.#knownProfiles.clear();
    this.#knownProfiles.set(key, profile);
    return profile;
  }
}

function named<Thing>(things: readonly Thing[], id: number): Thing {
  const thing = things[id];
  if (thing === undefined) throw new TrafficDamage("an entry speaks of what was not named");
  return thing;
}
