/** A message's content for Graph, which takes it whole: its header first, since that decides whose turn it is. */
import type { ContentReader } from "../../spool/spool.ts";

const emptyLine = Buffer.from("\r\n\r\n");
/** A longer header is looked at as far as that. */
const longestHeaderBytes = 256 * 1024;

/** The whole content where it is in memory, else at least its header. Rejects with what the reader throws. */
export async function readHeader(content: ContentReader): Promise<Buffer> {
  if (content.inMemory !== undefined) return content.inMemory;
  let header: Buffer = Buffer.alloc(0);
  for await (const piece of content.stream()) {
    header = Buffer.concat([header, piece]);
    if (header.length >= longestHeaderBytes || header.includes(emptyLine)) break;
  }
  return header;
}

/** Rejects with what the reader throws. Memory: the content. */
export async function readWhole(content: ContentReader): Promise<Buffer> {
  if (content.inMemory !== undefined) return content.inMemory;
  const pieces: Buffer[] = [];
  // The reader may use its memory again.
  for await (const piece of content.stream()) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}
