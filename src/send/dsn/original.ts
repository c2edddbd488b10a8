/** Reads from a kept message what its reports carry: all of it when that is small and 7-bit, else its header section. */
import { headerEnd, headerField } from "../../core/dsn/original-header.ts";
import { isSevenBit } from "../../core/message/seven-bit/is-seven-bit.ts";
import type { ReportOriginal } from "../../core/dsn/report-input.ts";
import type { Claim, ContentReader } from "../../spool/spool.ts";

/** No more than this is read of a header section. */
const maxHeaderBytes = 256 * 1024;

/**
 * `full`: the whole content is wanted. It goes in as its header only when it is not plain 7-bit, for a report has to
 * be. Memory: the content when `full`, else at most 256 KiB.
 * Throws SpoolError, `damaged` or `failed`, when the content cannot be read.
 */
export async function readOriginal(claim: Claim, full: boolean): Promise<ReportOriginal> {
  const { message, content } = claim;
  const binary = message.envelope.body === "BINARYMIME";
  const wanted = full && !message.content.eightBit;
  const octets = content.inMemory ?? (await readUpTo(content, wanted ? Infinity : maxHeaderBytes));
  const header = headerOf(octets, binary);
  const found = { subject: headerField(header, "subject"), messageId: headerField(header, "message-id") };
  return wanted && isSevenBit(octets)
    ? { extent: "full", octets, ...found }
    : { extent: "headers", octets: header, ...found };
}

/** A section that does not end within what may be read is cut behind its last whole line. */
function headerOf(octets: Buffer, binary: boolean): Buffer {
  const bounded = octets.subarray(0, maxHeaderBytes);
  const end = headerEnd(bounded) ?? bounded.lastIndexOf("\r\n", undefined, "latin1") + 2;
  const header = bounded.subarray(0, end < 2 ? 0 : end);
  if (!binary) return header;
  return Buffer.from(
    header
      .toString("latin1")
      .replace(/\0/g, "")
      .replace(/\r\n|\r|\n/g, "\r\n"),
    "latin1",
  );
}

async function readUpTo(content: ContentReader, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of content.stream()) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= limit) break;
  }
  return Buffer.concat(chunks).subarray(0, limit);
}
