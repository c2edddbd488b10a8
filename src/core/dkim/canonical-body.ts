/** A body as it is hashed: RFC 6376 §3.4.3 (simple) and §3.4.4 (relaxed), a piece at a time. */

export type Canonicalization = "simple" | "relaxed";

export interface CanonicalBody {
  /** Hands the octets that are certain by now to the sink. Pieces may end anywhere. */
  feed(piece: Buffer): void;
  /** Hands over what the end makes certain. To be called once. */
  end(): void;
}

const carriageReturn = 13;
const lineFeed = 10;
const space = 32;
const tab = 9;
const crlf = Buffer.from("\r\n");

/** Line ends that wait are handed over in blocks of so many. */
const blockLines = 4096;
const block = Buffer.from("\r\n".repeat(blockLines));

/**
 * `sink` hears of octets in order and must use them before it returns: the buffer is used again. Cost: one pass; memory: a
 * piece. White space is SP and HTAB octets, whatever the charset; a bare CR or LF is an octet as others.
 */
export function canonicalBody(form: Canonicalization, sink: (octets: Buffer) => void): CanonicalBody {
  let output = Buffer.alloc(0);
  let used = 0;
  /** Ends of lines behind the last octet that counts: kept back, since at the end they do not count. */
  let waitingLineEnds = 0;
  let isWaitingSpace = false;
  let isWaitingCr = false;
  let isEmpty = true;

  const flush = (): void => {
    if (used > 0) sink(output.subarray(0, used));
    used = 0;
  };
  const releaseLineEnds = (): void => {
    if (waitingLineEnds > 2) {
      flush();
      for (; waitingLineEnds > blockLines; waitingLineEnds -= blockLines) sink(block);
      sink(block.subarray(0, 2 * waitingLineEnds));
    } else {
      for (let line = 0; line < waitingLineEnds; line++) {
        output[used++] = carriageReturn;
        output[used++] = lineFeed;
      }
    }
    waitingLineEnds = 0;
  };
  const put = (octet: number): void => {
    if (waitingLineEnds > 0) releaseLineEnds();
    if (isWaitingSpace) {
      isWaitingSpace = false;
      output[used++] = space;
    }
    output[used++] = octet;
    isEmpty = false;
  };

  return {
    feed(piece) {
      // Each octet may bring a CR that waited, a space, and two line ends along.
      if (output.length < piece.length + 8) output = Buffer.allocUnsafe(piece.length + 8);
      for (let at = 0; at < piece.length; at++) {
        const octet = piece[at]!;
        if (isWaitingCr) {
          isWaitingCr = false;
          if (octet === lineFeed) {
            isWaitingSpace = false;
            waitingLineEnds++;
            continue;
          }
          put(carriageReturn);
        }
        if (octet === carriageReturn) isWaitingCr = true;
        else if (form === "relaxed" && (octet === space || octet === tab)) isWaitingSpace = true;
        else put(octet);
      }
      flush();
    },
    end() {
      if (isWaitingCr) {
        if (output.length < 8) output = Buffer.allocUnsafe(8);
        put(carriageReturn);
        flush();
      }
      // A body that ends without CRLF gets one; an empty one is a CRLF in the simple form and nothing in the relaxed one.
      if (!isEmpty || form === "simple") sink(crlf);
    },
  };
}
