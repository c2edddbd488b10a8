/**
 * A claim whose content has signatures in front of it: nothing is copied but what is small anyway. A text's last line that has
 * no end (BDAT lets it come so) gets one, as by DATA: blanks before such an end are none to some verifiers (RFC 6376 §3.4.4).
 */
import type { Claim, ContentReader } from "../spool/spool.ts";

/** `fields`: ASCII, each ending in CRLF. */
export function signedClaim(claim: Claim, fields: string): Claim {
  const { message, content } = claim;
  const { sizeBytes, endsWithCrlf } = message.content;
  const end = endsWithCrlf || sizeBytes === 0 || message.envelope.body === "BINARYMIME" ? "" : "\r\n";
  const facts = {
    ...message.content,
    sizeBytes: fields.length + sizeBytes + end.length,
    endsWithCrlf: endsWithCrlf || end !== "",
  };
  return { ...claim, message: { ...message, content: facts }, content: between(fields, content, end) };
}

function between(fields: string, content: ContentReader, end: string): ContentReader {
  const { inMemory } = content;
  const inFront = Buffer.from(fields, "latin1");
  const pieces = inMemory && (end === "" ? [inFront, inMemory] : [inFront, inMemory, Buffer.from(end)]);
  let whole: Buffer | undefined;
  return {
    get inMemory() {
      return (whole ??= pieces && Buffer.concat(pieces));
    },
    ...(pieces && { pieces }),
    async *stream() {
      yield inFront;
      yield* content.stream();
      if (end !== "") yield Buffer.from(end);
    },
    ...(content.giveBack === undefined ? {} : { giveBack: () => content.giveBack?.() }),
  };
}
