/**
 * Content that does not begin as a message does (RFC 5322 §2.1): plain text of a script, a header without the empty line
 * behind it, a mailbox file, a file that begins with the mark of UTF-8. Left as it is, its first lines would become part of this relay's own trace header, or its
 * body part of the header.
 */
import { behindByteOrderMark } from "../octets/byte-order-mark.ts";
import { beginsWithMboxLine, scanHeader, type HeaderFacts, type ScanOptions } from "./header-scan.ts";

export interface RepairedHeader {
  /** What is header. */
  readonly header: Buffer;
  readonly facts: HeaderFacts;
  /** Where an empty line was put in, in octets of `header`; -1: nowhere. */
  readonly brokenAt: number;
  /** The content so far, with what was put in. */
  readonly content: readonly Buffer[];
}

const emptyLine = Buffer.from("\r\n");
/** The field that Postfix makes of a mailbox file's separator line. */
const mailboxLine = Buffer.from("X-Mailbox-Line: ");

/**
 * `octets`: the header as it seems, with CRLF line ends; `content`: all that came, beginning with it. In front of the
 * first line that is no header field an empty line is put in: what follows is body. Cost: the header's scan.
 */
export function repairHeader(
  octets: Buffer,
  content: readonly Buffer[],
  scan: ScanOptions = {},
): RepairedHeader {
  const markBytes = behindByteOrderMark(octets, 0);
  return markBytes === 0
    ? repairUnmarked(octets, content, scan)
    : repairUnmarked(octets.subarray(markBytes), without(content, markBytes), scan);
}

function repairUnmarked(octets: Buffer, content: readonly Buffer[], scan: ScanOptions): RepairedHeader {
  const fromMailbox = beginsWithMboxLine(octets);
  const header = fromMailbox ? Buffer.concat([mailboxLine, octets]) : octets;
  const whole = fromMailbox ? [mailboxLine, ...content] : content;
  const facts = scanHeader(header, scan);
  const { brokenAt } = facts;
  return brokenAt === -1
    ? { header, facts, brokenAt, content: whole }
    : {
        header: header.subarray(0, brokenAt),
        facts,
        brokenAt,
        content: [...putIn(whole, brokenAt, emptyLine)],
      };
}

/** `content` without its first octets. */
function without(content: readonly Buffer[], octets: number): Buffer[] {
  const left: Buffer[] = [];
  let toGo = octets;
  for (const piece of content) {
    left.push(piece.subarray(toGo));
    toGo -= Math.min(toGo, piece.length);
  }
  return left;
}

function* putIn(content: readonly Buffer[], at: number, octets: Buffer): Generator<Buffer> {
  let left = at;
  let done = false;
  for (const piece of content) {
    if (done || piece.length < left) {
      left -= piece.length;
      yield piece;
      continue;
    }
    if (left > 0) yield piece.subarray(0, left);
    yield octets;
    done = true;
    if (left < piece.length) yield piece.subarray(left);
  }
  if (!done) yield octets;
}
