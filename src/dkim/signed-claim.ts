/** A claim whose content has signatures in front of it: nothing is copied but what is small anyway. */
import { copyBehind } from "../core/octets/slab.ts";
import type { Claim, ContentReader } from "../spool/spool.ts";

/** `fields`: ASCII, each ending in CRLF. */
export function signedClaim(claim: Claim, fields: string): Claim {
  const { message, content } = claim;
  const facts = { ...message.content, sizeBytes: message.content.sizeBytes + fields.length };
  return { ...claim, message: { ...message, content: facts }, content: prefixed(content, fields) };
}

function prefixed(content: ContentReader, fields: string): ContentReader {
  const { inMemory } = content;
  return {
    inMemory: inMemory && copyBehind(fields, inMemory),
    async *stream() {
      yield Buffer.from(fields, "latin1");
      yield* content.stream();
    },
    ...(content.giveBack === undefined ? {} : { giveBack: () => content.giveBack?.() }),
  };
}
