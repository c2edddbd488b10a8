/** A draft of the durable spool: in memory up to the inline limit, then in a body file. */
import type { MessageId } from "../../core/message/envelope.ts";
import { copyOctets } from "../../core/octets/slab.ts";
import type { BodyWriter } from "../bodies/body-writer.ts";
import type { Draft } from "../spool.ts";

/** What a draft leaves to `accept`. */
export interface DraftContent {
  /** All octets, when there is no body file. */
  readonly chunks: readonly Buffer[];
  /** The body file; `finish()` makes it durable. */
  readonly body: BodyWriter | undefined;
}

export interface LmdbDraft extends Draft {
  /** Ends the draft for `accept`. Throws when it has ended already. */
  takeContent(): DraftContent;
}

/** `onBody` hears of the draft when its body goes to a file, `onTaken` when such a draft is taken, `onDiscarded` of any. */
export function lmdbDraft(
  id: MessageId,
  beginBody: () => BodyWriter,
  inlineLimitBytes: number,
  onBody: (draft: Draft) => void,
  onTaken: (draft: Draft) => void,
  onDiscarded: (draft: Draft) => void,
): LmdbDraft {
  let chunks: Buffer[] = [];
  let sizeBytes = 0;
  let body: BodyWriter | undefined;
  let over = false;

  const self: LmdbDraft = {
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
