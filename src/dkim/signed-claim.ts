/** A claim whose content has signatures in front of it: nothing is copied but what is small anyway. */
import type { Claim, ContentReader } from "../spool/spool.ts";

/** `fields`: ASCII, each ending in CRLF. */
export function signedClaim(claim: Claim, fields: string): Claim {
  const prefix = Buffer.from(fields, "latin1");
  const { message, content } = claim;
  const facts = { ...message.content, sizeBytes: message.content.sizeBytes + prefix.length };
  return { ...claim, message: { ...message, content: facts }, content: prefixed(content, prefix) };
}

function prefixed(content: ContentReader, prefix: Buffer): ContentReader {
  const { inMemory } = content;
  return {
    inMemory: inMemory === undefined ? undefined : Buffer.concat([prefix, inMemory]),
    async *stream() {
      yield prefix;
      yield* content.stream();
    },
    ...(content.giveBack === undefined ? {} : { giveBack: () => content.giveBack?.() }),
  };
}
