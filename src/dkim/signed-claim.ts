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
  return {
    ...claim,
    message: { ...message, content: facts },
    content: new SignedContent(fields, content, end),
  };
}

class SignedContent implements ContentReader {
  readonly pieces?: readonly Buffer[];
  readonly giveBack?: () => void;
  readonly #inFront: Buffer;
  readonly #content: ContentReader;
  readonly #end: string;
  #whole: Buffer | undefined;

  constructor(fields: string, content: ContentReader, end: string) {
    const { inMemory } = content;
    this.#inFront = Buffer.from(fields, "latin1");
    this.#content = content;
    this.#end = end;
    if (inMemory !== undefined)
      this.pieces = end === "" ? [this.#inFront, inMemory] : [this.#inFront, inMemory, Buffer.from(end)];
    if (content.giveBack !== undefined) this.giveBack = () => content.giveBack?.();
  }

  get inMemory(): Buffer | undefined {
    return (this.#whole ??= this.pieces && Buffer.concat(this.pieces));
  }

  async *stream(): AsyncGenerator<Buffer> {
    yield this.#inFront;
    yield* this.#content.stream();
    if (this.#end !== "") yield Buffer.from(this.#end);
  }
}
