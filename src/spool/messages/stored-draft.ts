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

export interface StoredDraft<Body> extends Draft {
  /** Ends the draft for `accept`. Throws when it has ended already. */
  takeContent(): DraftContent<Body>;
}

/** `onBody` hears of the draft when its body becomes large, `onTaken` when such a draft is taken, `onDiscarded` of any. */
export function storedDraft<Body extends DraftBody>(
  id: MessageId,
  beginBody: () => Body,
  inlineLimitBytes: number,
  onBody: (draft: Draft) => void,
  onTaken: (draft: Draft) => void,
  onDiscarded: (draft: Draft) => void,
): StoredDraft<Body> {
  /** What came first, and what was known to come with it. */
  let room: Buffer | undefined;
  let filledBytes = headRoomBytes;
  /** What came later. */
  let chunks: Buffer[] = [];
  let sizeBytes = 0;
  let body: Body | undefined;
  let over = false;

  const keep = (octets: Buffer, behindBytes: number): void => {
    if (sizeBytes === octets.length) room = allocateOctets(headRoomBytes + octets.length + behindBytes);
    if (room === undefined || chunks.length > 0 || filledBytes + octets.length > room.length) {
      chunks.push(copyOctets(octets));
      return;
    }
    octets.copy(room, filledBytes);
    filledBytes += octets.length;
  };

  const taken = (): Omit<DraftContent<Body>, "body"> => {
    const inRoom = room?.subarray(0, filledBytes);
    const all = inRoom === undefined ? chunks : [inRoom.subarray(headRoomBytes), ...chunks];
    const isWhole = chunks.length === 0;
    room = undefined;
    chunks = [];
    return { chunks: all, room: isWhole ? inRoom : undefined };
  };

  const self: StoredDraft<Body> = {
    id,
    get sizeBytes() {
      return sizeBytes;
    },
    write(octets, behindBytes = 0) {
      if (over) return true;
      sizeBytes += octets.length;
      if (body !== undefined) return body.write(octets);
      if (sizeBytes <= inlineLimitBytes) {
        keep(octets, Math.min(behindBytes, inlineLimitBytes - sizeBytes));
        return true;
      }
      body = beginBody();
      onBody(self);
      let writable = true;
      for (const chunk of [...taken().chunks, octets]) writable = body.write(chunk);
      return writable;
    },
    whenWritable: () => body?.whenWritable() ?? Promise.resolve(),
    discard() {
      if (over) return;
      over = true;
      taken();
      onDiscarded(self);
      void body?.discard();
    },
    takeContent() {
      if (over) throw new Error(`draft ${id} has ended`);
      over = true;
      if (body !== undefined) onTaken(self);
      return { body, ...taken() };
    },
  };
  return self;
}
