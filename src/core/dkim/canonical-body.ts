/** A body as it is hashed: RFC 6376 §3.4.3 (simple) and §3.4.4 (relaxed), a piece at a time. */

export type Canonicalization = "simple" | "relaxed";

const carriageReturn = 13;
const lineFeed = 10;
const space = 32;
const tab = 9;
const crlf = Buffer.from("\r\n");

/** Line ends that wait are handed over in blocks of so many. */
const blockLines = 4096;
const block = Buffer.from("\r\n".repeat(blockLines));

/** Where changed octets are put together; nothing of it is kept behind a call, so it serves all bodies. */
const outputBytes = 16 * 1024;
/** One octet may bring a space, a CR, and a few line ends along. */
const mostAtOnce = 16;
const output = Buffer.alloc(outputBytes + mostAtOnce);
const mostLineEndsBeside = 6;

/** The relaxed form leaves these octets as they are; the last of them is no white space. Cost: a search where there are no blanks. */
function isRelaxed(octets: Buffer, from = 0): boolean {
  if (octets.includes(tab, from)) return false;
  const first = octets.indexOf(space, from);
  if (first === -1) return true;
  let isBehindSpace = false;
  for (let at = first; at < octets.length; at++) {
    const octet = octets[at]!;
    if (isBehindSpace && (octet === space || (octet === carriageReturn && octets[at + 1] === lineFeed)))
      return false;
    isBehindSpace = octet === space;
  }
  return true;
}

function sinkLineEnds(lines: number, sink: (octets: Buffer) => void): void {
  let left = lines;
  for (; left > blockLines; left -= blockLines) sink(block);
  if (left > 0) sink(block.subarray(0, 2 * left));
}

const isWhite = (octet: number): boolean =>
  octet === space || octet === carriageReturn || octet === lineFeed || octet === tab;

/**
 * The part of a whole body that is its canonical form as it lies there, as of most mail; undefined where something is to be changed.
 * The body begins at `from` of `octets`.
 */
export function unchangedBody(form: Canonicalization, octets: Buffer, from = 0): Buffer | undefined {
  const { length } = octets;
  let end = length;
  while (end > from && isWhite(octets[end - 1]!)) end--;
  if (end === from || end === length) return undefined;
  for (let at = end; at < length; at += 2)
    if (octets[at] !== carriageReturn || octets[at + 1] !== lineFeed) return undefined;
  // What stands behind is line ends: of no interest to it.
  if (form === "relaxed" && !isRelaxed(octets, from)) return undefined;
  return octets.subarray(from, end + crlf.length);
}

/**
 * `sink` hears of octets in order and must use them before it returns: its memory is used again. Cost: a piece that its form
 * leaves as it is, as most mail is, is looked through and handed over; else one pass. Memory: none of its own. White space is
 * SP and HTAB octets, whatever the charset; a bare CR or LF is an octet as others.
 */
export class CanonicalBody {
  readonly #form: Canonicalization;
  readonly #sink: (octets: Buffer) => void;
  /** Ends of lines behind the last octet that counts: kept back, since at the end they do not count. */
  #lineEnds = 0;
  #isBehindSpace = false;
  #isBehindCr = false;
  #isEmpty = true;

  constructor(form: Canonicalization, sink: (octets: Buffer) => void) {
    this.#form = form;
    this.#sink = sink;
  }

  /** Hands the octets that are certain by now to the sink. Pieces may end anywhere. */
  feed(piece: Buffer): void {
    let end = piece.length;
    while (end > 0 && isWhite(piece[end - 1]!)) end--;
    const isWaiting = this.#isEmpty || this.#lineEnds > 0 || this.#isBehindSpace || this.#isBehindCr;
    const at = isWaiting ? this.#walk(piece, 0, end, true) : 0;
    if (at < end) {
      const inside = piece.subarray(at, end);
      if (this.#form === "simple" || isRelaxed(inside)) this.#sink(inside);
      else this.#walk(piece, at, end, false);
    }
    this.#walk(piece, end, piece.length, false);
  }

  /** Hands over what the end makes certain. To be called once. */
  end(): void {
    if (this.#isBehindCr) {
      sinkLineEnds(this.#lineEnds, this.#sink);
      this.#sink(Buffer.from(this.#isBehindSpace ? " \r" : "\r"));
      this.#isEmpty = false;
    }
    // A body that ends without CRLF gets one; an empty one is a CRLF in the simple form and nothing in the relaxed one.
    if (!this.#isEmpty || this.#form === "simple") this.#sink(crlf);
  }

  /** `piece` from `from` up to `to`, whatever it holds; `stopClear`: up to where nothing waits. Returns where it ended. */
  #walk(piece: Buffer, from: number, to: number, stopClear: boolean): number {
    if (from === to) return to;
    const sink = this.#sink;
    const into = output;
    const isRelaxing = this.#form === "relaxed";
    let isBehindSpace = this.#isBehindSpace;
    let isBehindCr = this.#isBehindCr;
    let lineEnds = this.#lineEnds;
    let used = 0;
    let at = from;
    while (at < to) {
      const octet = piece[at++]!;
      // The usual one first: something has been seen by then.
      if (
        !stopClear &&
        octet > space &&
        !isBehindSpace &&
        !isBehindCr &&
        lineEnds === 0 &&
        used < outputBytes
      ) {
        into[used++] = octet;
        continue;
      }
      if (isBehindCr && octet === lineFeed) {
        isBehindCr = isBehindSpace = false;
        lineEnds++;
        continue;
      }
      const isSpace = isRelaxing && (octet === space || octet === tab);
      const isPlain = !isSpace && octet !== carriageReturn;
      if (isPlain || isBehindCr) {
        if (used > outputBytes || lineEnds > mostLineEndsBeside) {
          if (used > 0) sink(into.subarray(0, used));
          used = 0;
          if (lineEnds > mostLineEndsBeside) {
            sinkLineEnds(lineEnds, sink);
            lineEnds = 0;
          }
        }
        for (; lineEnds > 0; lineEnds--) {
          into[used++] = carriageReturn;
          into[used++] = lineFeed;
        }
        if (isBehindSpace) into[used++] = space;
        if (isBehindCr) into[used++] = carriageReturn;
        isBehindSpace = isBehindCr = false;
        this.#isEmpty = false;
      }
      if (isPlain) {
        into[used++] = octet;
        if (stopClear) break;
      } else if (isSpace) isBehindSpace = true;
      else isBehindCr = true;
    }
    if (used > 0) sink(into.subarray(0, used));
    this.#isBehindSpace = isBehindSpace;
    this.#isBehindCr = isBehindCr;
    this.#lineEnds = lineEnds;
    return at;
  }
}
