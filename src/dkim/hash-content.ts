/** A message's content read once: its header, and the hash of its body. */
import { hash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { unchangedBody, type Canonicalization } from "../core/dkim/canonical-body.ts";
import { headerEnd } from "../core/dsn/original-header.ts";
import type { ContentReader } from "../spool/spool.ts";
import { bodyHash } from "./sign.ts";

export interface HashedContent {
  /** With the CRLF of its last line, without the empty one; a character for each octet. */
  readonly header: string;
  /** Base64. */
  readonly hashBody: () => string;
}

/** Others have their turn in between; octets. */
const turnBytes = 256 * 1024;
const emptyLine = Buffer.from("\r\n\r\n");
const overlap = emptyLine.length - 1;

/** The header of a content that is in memory, and what hashes its body. Cost: the hash is asked for where a key signs. */
export function dividedOctets(content: Buffer, form: Canonicalization): HashedContent {
  const end = headerEnd(content);
  const bodyAt = end === undefined ? content.length : end + 2;
  return {
    header: content.toString("latin1", 0, end),
    hashBody() {
      const unchanged = unchangedBody(form, content, bodyAt);
      if (unchanged !== undefined) return hash("sha256", unchanged, "base64");
      const sum = bodyHash(form);
      sum.feed(content.subarray(bodyAt));
      return sum.digest();
    },
  };
}

/** Of one that streams. Memory: the header and a piece. Rejects with what the reader throws. */
export async function hashContent(content: ContentReader, form: Canonicalization): Promise<HashedContent> {
  const body = bodyHash(form);
  /** Until the header ends; put together then, or a large one would be copied for each of its pieces. */
  const held: Buffer[] = [];
  let heldBytes = 0;
  /** The last octets, for an end that begins in one piece and ends in the next. */
  let tail: Buffer = Buffer.alloc(0);
  let header: Buffer | undefined;
  let isBody = false;
  let sinceTurn = 0;
  const feed = (piece: Buffer): void => {
    if (isBody) return body.feed(piece);
    const window = tail.length === 0 ? piece : Buffer.concat([tail, piece]);
    tail = window.subarray(-overlap);
    held.push(piece);
    const mayEnd = heldBytes < overlap || window.includes(emptyLine);
    heldBytes += piece.length;
    if (!mayEnd) return;
    const sofar = held.length === 1 ? piece : Buffer.concat(held);
    const end = headerEnd(sofar);
    if (end === undefined) return;
    isBody = true;
    held.length = 0;
    body.feed(sofar.subarray(end + 2));
    header = sofar.subarray(0, end);
  };
  for await (const piece of content.stream()) {
    // The reader may use its memory again; a header is looked at later.
    feed(isBody ? piece : Buffer.from(piece));
    sinceTurn += piece.length;
    if (sinceTurn < turnBytes) continue;
    sinceTurn = 0;
    await setImmediate();
  }
  const hashedBody = body.digest();
  return { header: (header ?? Buffer.concat(held)).toString("latin1"), hashBody: () => hashedBody };
}
