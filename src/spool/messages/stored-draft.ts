/** A draft: in memory up to the inline limit, then on its way to where the spool keeps large bodies. */
import type { MessageId } from "../../core/message/envelope.ts";
import { copyOctets } from "../../core/octets/slab.ts";
import type { Draft } from "../spool.ts";

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
  let chunks: Buffer[] = [];
  let sizeBytes = 0;
  let body: Body | undefined;
  let over = false;

  const self: StoredDraft<Body> = {
    id,
    get sizeBytes() {
      return sizeBytes;
    },
    write(octets) {
      if (over) return true;
      sizeBytes += octets.length;
      if (body !== undefined) return body.write(octets);
      if (sizeBytes <= inlineLimitBytes) {
        chunks.push(copyOctets(octets));
        return true;
      }
      body = beginBody();
      onBody(self);
      let writable = true;
      for (const chunk of [...chunks, octets]) writable = body.write(chunk);
      chunks = [];
      return writable;
    },
    whenWritable: () => body?.whenWritable() ?? Promise.resolve(),
    discard() {
      if (over) return;
      over = true;
      chunks = [];
      onDiscarded(self);
      void body?.discard();
    },
    takeContent() {
      if (over) throw new Error(`draft ${id} has ended`);
      over = true;
      if (body !== undefined) onTaken(self);
      const taken = chunks;
      chunks = [];
      return { chunks: taken, body };
    },
  };
  return self;
}
