/** A draft: in memory up to the inline limit, then in chunks on its way into the database. */
import type { MessageId } from "../../core/message/envelope.ts";
import { copyOctets } from "../../core/octets/slab.ts";
import type { Draft } from "../../spool/spool.ts";
import type { BodyWriter } from "./bodies.ts";

export interface NodeDraft extends Draft {
  /** Ends it for `accept`. Throws when it has ended already. */
  takeContent(): { readonly chunks: readonly Buffer[]; readonly body: BodyWriter | undefined };
}

export function nodeDraft(
  id: MessageId,
  beginBody: () => BodyWriter,
  inlineLimitBytes: number,
  onEnded: (draft: Draft) => void,
): NodeDraft {
  let chunks: Buffer[] = [];
  let sizeBytes = 0;
  let body: BodyWriter | undefined;
  let over = false;

  const self: NodeDraft = {
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
      body?.discard();
      onEnded(self);
    },
    takeContent() {
      if (over) throw new Error(`draft ${id} has ended`);
      over = true;
      onEnded(self);
      const taken = chunks;
      chunks = [];
      return { chunks: taken, body };
    },
  };
  return self;
}
