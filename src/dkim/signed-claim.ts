/** A claim whose content has signatures in front of it: nothing is copied but what is small anyway. */
import type { Claim, ContentReader } from "../spool/spool.ts";

/** `fields`: ASCII, each ending in CRLF. */
export function signedClaim(claim: Claim, fields: string): Claim {
  const { message, content } = claim;
  const facts = { ...message.content, sizeBytes: message.content.sizeBytes + fields.length };
  return { ...claim, message: { ...message, content: facts }, content: prefixed(content, fields) };
}

function prefixed(content: ContentReader, fields: string): ContentReader {
  const { inMemory } = content;
  const inFront = Buffer.from(fields, "latin1");
  const pieces = inMemory && [inFront, inMemory];
  let whole: Buffer | undefined;
  return {
    get inMemory() {
      return (whole ??= pieces && Buffer.concat(pieces));
    },
    ...(pieces && { pieces }),
    async *stream() {
      yield inFront;
      yield* content.stream();
    },
    ...(content.giveBack === undefined ? {} : { giveBack: () => content.giveBack?.() }),
  };
}
