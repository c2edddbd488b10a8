/** A draft: in memory up to the inline limit, then on its way to where the spool keeps large bodies. */
import type { MessageId } from "../../core/message/envelope.ts";
import { allocateOctets, copyOctets } from "../../core/octets/slab.ts";
import type { Draft } from "../spool.ts";
import { headRoomBytes } from "./record.ts";

/** A large body while it is written. */
export interface DraftBody {
  /** False: wait for `whenWritable`. */
  write(octets: Buffer): boolean;
  whenWritable(): Promise<void>;
  discard(): void | Promise<void>;
}

/** What a draft leaves to `accept`. */
export interface DraftContent<Body> {
  /** All octets, when there is no large body. */
  readonly chunks: readonly Buffer[];
  /** All octets behind room for a record's head, when they came together: as `encodeMessage` takes it. */
  readonly room: Buffer | undefined;
  /** The large body, not durable yet. */
  readonly body: Body | undefined;
}

/** What a spool's drafts have in common. */
export interface DraftPlace<Body extends DraftBody> {
  /** Content up to this stays in memory, and in the record. */
  readonly inlineLimitBytes: number;
  beginBody(id: MessageId): Body;
  /** Its body has become large. */
  onBody?(draft: Draft): void;
  /** A draft with a large body is taken. */
  onTaken(draft: Draft): void;
  onDiscarded(draft: Draft): void;
}

/** A class: there is one for each message, and to make an object literal with a getter takes half a microsecond. */
export class StoredDraft<Body extends DraftBody> implements Draft {
  readonly id: MessageId;
  readonly #place: DraftPlace<Body>;
  #sizeBytes = 0;
  /** What came first, and what was known to come with it. */
  #room: Buffer | undefined;
  #filledBytes = headRoomBytes;
  /** What came later. */
  #chunks: Buffer[] = [];
  #body: Body | undefined;
  #over = false;

  constructor(id: MessageId, place: DraftPlace<Body>) {
    this.id = id;
    this.#place = place;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  write(octets: Buffer, behindBytes = 0): boolean {
    if (this.#over) return true;
    this.#sizeBytes += octets.length;
    if (this.#body !== undefined) return this.#body.write(octets);
    const leftBytes = this.#place.inlineLimitBytes - this.#sizeBytes;
    if (leftBytes >= 0) {
      this.#keep(octets, Math.min(behindBytes, leftBytes));
      return true;
    }
    const body = this.#place.beginBody(this.id);
    this.#body = body;
    this.#place.onBody?.(this);
    let writable = true;
    for (const chunk of [...this.#take().chunks, octets]) writable = body.write(chunk);
    return writable;
  }

  whenWritable(): Promise<void> {
    return this.#body?.whenWritable() ?? Promise.resolve();
  }

  discard(): void {
    if (this.#over) return;
    this.#over = true;
    this.#take();
    this.#place.onDiscarded(this);
    void this.#body?.discard();
  }

  /** Ends the draft for `accept`. Throws when it has ended already. */
  takeContent(): DraftContent<Body> {
    if (this.#over) throw new Error(`draft ${this.id} has ended`);
    this.#over = true;
    if (this.#body !== undefined) this.#place.onTaken(this);
    return this.#take();
  }

  #keep(octets: Buffer, behindBytes: number): void {
    if (this.#sizeBytes === octets.length)
      this.#room = allocateOctets(headRoomBytes + octets.length + behindBytes);
    const room = this.#room;
    if (room === undefined || this.#chunks.length > 0 || this.#filledBytes + octets.length > room.length) {
      this.#chunks.push(copyOctets(octets));
      return;
    }
    octets.copy(room, this.#filledBytes);
    this.#filledBytes += octets.length;
  }

  #take(): DraftContent<Body> {
    const inRoom = this.#room?.subarray(0, this.#filledBytes);
    const chunks = this.#chunks;
    const body = this.#body;
    this.#room = undefined;
    this.#chunks = [];
    if (inRoom === undefined) return { chunks, room: undefined, body };
    const first = inRoom.subarray(headRoomBytes);
    return chunks.length === 0
      ? { chunks: [first], room: inRoom, body }
      : { chunks: [first, ...chunks], room: undefined, body };
  }
}
