/**
 * A claim that leaves with other senders: another reverse-path, and another head in front of the body it had. What is kept
 * and settled stays the claim as it came, so reports go to whom the application named.
 */
import { createHash } from "node:crypto";
import { headerEnd } from "../../core/dsn/original-header.ts";
import { rewriteSenders } from "../../core/message/sender-fields/rewrite-senders.ts";
import type { SenderRewriting } from "../../core/policy/address-rewriting.ts";
import { mailboxOf } from "../../core/smtp/address.ts";
import type { Claim, ContentReader } from "../../spool/spool.ts";

/** The same claim where nothing of it is rewritten. Memory: the head. Rejects with what the content's reader throws. */
export async function rewrittenClaim(claim: Claim, rewrite: SenderRewriting): Promise<Claim> {
  const { message, content } = claim;
  const { envelope } = message;
  const sender = envelope.reversePath === "" ? undefined : rewrite(mailboxOf(envelope.reversePath));
  const head = await headOf(content);
  const newHead = rewriteSenders(head, rewrite, sender?.address);
  if (sender === undefined && newHead === undefined) return claim;
  const newEnvelope = sender === undefined ? envelope : { ...envelope, reversePath: sender.address };
  if (newHead === undefined) return { ...claim, message: { ...message, envelope: newEnvelope } };
  const facts = {
    ...message.content,
    sizeBytes: message.content.sizeBytes - head.length + newHead.length,
    ...(message.content.eightBit ? { headerEightBit: newHead.some((octet) => octet > 127) } : {}),
    headDigest: createHash("sha256").update(newHead).digest("base64"),
  };
  return {
    ...claim,
    message: { ...message, envelope: newEnvelope, content: facts },
    content: behindHead(content, head.length, newHead),
  };
}

/** With the CRLF of its last line, without the empty one. The receive connector's maxHeaderSize bounds it. */
async function headOf(content: ContentReader): Promise<Buffer> {
  if (content.inMemory !== undefined)
    return content.inMemory.subarray(0, headerEnd(content.inMemory) ?? content.inMemory.length);
  const pieces: Buffer[] = [];
  let last: Buffer = Buffer.alloc(0);
  for await (const piece of content.stream()) {
    // The reader may use its memory again.
    const own = Buffer.from(piece);
    const seam = Buffer.concat([last.subarray(-3), own.subarray(0, 3)]);
    pieces.push(own);
    last = own.length < 3 ? seam : own;
    if (own.includes(emptyLine) || seam.includes(emptyLine) || pieces[0]?.indexOf("\r\n") === 0) break;
  }
  const read = Buffer.concat(pieces);
  return read.subarray(0, headerEnd(read) ?? read.length);
}

const emptyLine = Buffer.from("\r\n\r\n");

function behindHead(content: ContentReader, headBytes: number, head: Buffer): ContentReader {
  const { inMemory } = content;
  return {
    inMemory: inMemory === undefined ? undefined : Buffer.concat([head, inMemory.subarray(headBytes)]),
    async *stream() {
      yield head;
      let left = headBytes;
      for await (const piece of content.stream()) {
        const rest = piece.subarray(left);
        left -= piece.length - rest.length;
        if (rest.length > 0) yield rest;
      }
    },
    ...(content.giveBack === undefined ? {} : { giveBack: () => content.giveBack?.() }),
  };
}
