/** A message's content read once: its header, and the hash of its body. */
import { setImmediate } from "node:timers/promises";
import type { Canonicalization } from "../core/dkim/canonical-body.ts";
import { headerEnd } from "../core/dsn/original-header.ts";
import type { ContentReader } from "../spool/spool.ts";
import { bodyHash } from "./sign.ts";

export interface HashedContent {
  /** With the CRLF of its last line, without the empty one. */
  readonly header: Buffer;
  /** Base64. */
  readonly hashedBody: string;
}

/** Others have their turn in between; octets. */
const turnBytes = 256 * 1024;

/** Memory: the header and a piece. Rejects with what the reader throws. */
export async function hashContent(content: ContentReader, form: Canonicalization): Promise<HashedContent> {
  const body = bodyHash(form);
  let header: Buffer = Buffer.alloc(0);
  let isBody = false;
  let sinceTurn = 0;
  const feed = (piece: Buffer): void => {
    if (isBody) return body.feed(piece);
    header = header.length === 0 ? piece : Buffer.concat([header, piece]);
    const end = headerEnd(header);
    if (end === undefined) return;
    isBody = true;
    body.feed(header.subarray(end + 2));
    header = header.subarray(0, end);
  };
  if (content.inMemory !== undefined) feed(content.inMemory);
  else {
    for await (const piece of content.stream()) {
      // The reader may use its memory again; a header is looked at later.
      feed(isBody ? piece : Buffer.from(piece));
      sinceTurn += piece.length;
      if (sinceTurn < turnBytes) continue;
      sinceTurn = 0;
      await setImmediate();
    }
  }
  return { header, hashedBody: body.digest() };
}
