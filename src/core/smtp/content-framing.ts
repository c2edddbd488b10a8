/**
 * End of data and line ends of message content: RFC 5321 §4.1.1.4 and §4.5.2 (DATA), RFC 3030 (BDAT).
 *
 * What is handed on is unstuffed, and its line ends are CRLF only, whatever came in:
 *
 * | in the input                                   | becomes                                                    |
 * |------------------------------------------------|------------------------------------------------------------|
 * | CRLF                                           | itself; the next octet begins a line                       |
 * | `.` CRLF, behind a CRLF or as the first octets | the end of data; nothing else is                           |
 * | `.` and anything else, at the same places      | the dot is dropped (also before a bare CR or LF)           |
 * | LF not behind a CR                             | CRLF, counted in `bareLfCount`; a dot behind it is content      |
 * | several CR and an LF                           | CRLF, counted in `repeatedCrCount`: line ends converted twice   |
 * | CR not before an LF                            | CRLF, counted in `bareCrCount`; a dot behind it is content      |
 * | NUL                                            | itself, or nothing (`removeNul`); ends no line             |
 * | VT, FF, NEL and everything else                | itself; ends no line                                       |
 *
 * `. CR CR LF` is no end of data: its first CR is a bare one. As stored content has no other line end than CRLF, stuffing a dot in front of
 * each of its lines that begins with one makes it safe to send on to receivers of every kind.
 * Refusing bare CR or LF is the caller's decision, by the counts, when the data have ended.
 */
import { carriageReturn, dot, lineFeed } from "./characters.ts";
import { Cutter, RunScanner } from "./octet-runs.ts";

export interface FramingOptions {
  /** `dot`: DATA, ends itself. `raw`: octets of BDAT chunks, in order. `binary`: the same, nothing normalised. */
  readonly mode: "dot" | "raw" | "binary";
  /** How much of the header `headerOctets()` keeps. Octets. */
  readonly maxHeaderBytes: number;
  /** NUL octets are left out, but for `binary` content. A dot behind one is content. */
  readonly removeNul?: boolean;
}

const text = 0;
/** Behind a CRLF of the input, or at the very start. */
const lineStart = 1;
/** Nothing is on this line yet, but a dot here is content: behind a line end made here, or a dropped dot. */
const madeLineStart = 2;
/** Behind a CR that waits for its LF and is not handed on yet. */
const afterCr = 3;
/** The same, on an empty line. */
const afterCrOfEmptyLine = 4;
/** Behind a dot at `lineStart`, not handed on yet. */
const afterDot = 5;
const afterDotCr = 6;
type State =
  | typeof text
  | typeof lineStart
  | typeof madeLineStart
  | typeof afterCr
  | typeof afterCrOfEmptyLine
  | typeof afterDot
  | typeof afterDotCr;

const nothing = Buffer.alloc(0);

/** The framing of one message's content. Cost: one pass; usual chunks are handed on as one view, without a copy. */
export class ContentFraming {
  /** The end of data was consumed (`dot` only). */
  ended = false;
  /** Octets handed on. */
  sizeBytes = 0;
  /** Lines of the content handed on that begin with a dot. */
  dotLines = 0;
  hasNul = false;
  bareLfCount = 0;
  /** Offset of the first bare LF in the content handed on, -1 without one. */
  bareLfAt = -1;
  bareCrCount = 0;
  bareCrAt = -1;
  /** Line ends of several CR and an LF. */
  repeatedCrCount = 0;
  /** The empty line behind the header was seen. */
  headerEnded = false;

  readonly #mode: FramingOptions["mode"];
  readonly #maxHeaderBytes: number;
  readonly #removeNul: boolean;
  readonly #scanner = new RunScanner();
  readonly #cutter = new Cutter();
  #state: State = lineStart;
  /** CRs behind the one of `afterCr`. */
  #moreCrs = 0;
  #headerSizeBytes = 0;
  #header: Buffer = nothing;
  #headerKept = 0;

  constructor(options: FramingOptions) {
    this.#mode = options.mode;
    this.#maxHeaderBytes = options.maxHeaderBytes;
    this.#removeNul = options.removeNul === true;
  }

  /** Any octet above 127. */
  get eightBit(): boolean {
    return this.#scanner.eightBit;
  }

  /** The content handed on ends in CRLF, or is empty. */
  get endsWithCrlf(): boolean {
    return this.#state === lineStart || this.#state === madeLineStart;
  }

  /** Octets of the header, without the empty line; all octets so far while it has not ended. */
  get headerSizeBytes(): number {
    return this.headerEnded ? this.#headerSizeBytes : this.sizeBytes;
  }

  /** The header, as far as `maxHeaderBytes`. A view of the chunk that it ended in when it came in one, else a copy. */
  headerOctets(): Buffer {
    const size = Math.min(this.headerSizeBytes, this.#maxHeaderBytes);
    return this.#header.subarray(0, size);
  }

  /**
   * Consumes octets of `chunk` from `from` up to `to`, appends what is content to `out`, and returns the index behind
   * what was consumed: `to`, or the first octet behind the end of data. `out` holds views of the chunk.
   */
  feed(chunk: Buffer, from: number, to: number, out: Buffer[]): number {
    const firstOut = out.length;
    this.#scanner.open(chunk, from, to);
    const end = this.#mode === "binary" ? this.#scanBinary(chunk, from, to) : this.#scan(chunk, from, to);
    this.#scanner.close();
    this.#handOn(chunk, out, firstOut);
    return end;
  }

  /** Ends `raw` content: a CR at its very end is a bare one. Nothing else is held back. */
  finish(out: Buffer[]): void {
    if (this.#mode !== "raw" || (this.#state !== afterCr && this.#state !== afterCrOfEmptyLine)) return;
    const firstOut = out.length;
    this.#endBareCrs(this.#state === afterCrOfEmptyLine);
    this.#state = madeLineStart;
    this.#handOn(nothing, out, firstOut);
  }

  #scan(chunk: Buffer, from: number, to: number): number {
    const cutter = this.#cutter;
    const scanner = this.#scanner;
    const stuffed = this.#mode === "dot";
    let state = this.#state;
    let i = from;
    /** Where what is not cut yet begins. */
    let start = from;
    while (i < to) {
      if (state === text) {
        i = scanner.next(i);
        if (i === to) break;
      }
      const c = chunk[i]!;
      if (state <= madeLineStart) {
        if (c === carriageReturn) {
          if (i + 1 < to && chunk[i + 1] === lineFeed) {
            if (state !== text && !this.headerEnded) this.#endHeader(i - start);
            i += 2;
            state = lineStart;
          } else {
            cutter.piece(start, i);
            start = ++i;
            state = state === text ? afterCr : afterCrOfEmptyLine;
          }
        } else if (c === lineFeed) {
          cutter.piece(start, i);
          start = ++i;
          this.#noteBareLf();
          this.#endLine(state !== text);
          state = madeLineStart;
        } else if (c === dot && state === lineStart && stuffed) {
          cutter.piece(start, i);
          start = ++i;
          state = afterDot;
        } else if (c > carriageReturn) {
          // Not consumed: the scanner goes on from here.
          if (c === dot && state !== text) this.dotLines++;
          state = text;
        } else if (c === 0 && this.#removeNul) {
          cutter.piece(start, i);
          start = ++i;
          if (state === lineStart) state = madeLineStart;
        } else {
          if (c === 0) this.hasNul = true;
          state = text;
          i++;
        }
      } else if (state === afterDot) {
        if (c === carriageReturn) {
          i++;
          state = afterDotCr;
        } else {
          state = madeLineStart;
        }
        start = i;
      } else if (c === lineFeed) {
        start = ++i;
        if (state === afterDotCr) {
          this.ended = true;
          this.#state = lineStart;
          return i;
        }
        if (this.#moreCrs > 0) this.repeatedCrCount++;
        this.#moreCrs = 0;
        this.#endLine(state === afterCrOfEmptyLine);
        state = lineStart;
      } else if (c === carriageReturn && state !== afterDotCr) {
        this.#moreCrs++;
        start = ++i;
      } else {
        this.#endBareCrs(state !== afterCr);
        start = i;
        state = madeLineStart;
      }
    }
    cutter.piece(start, i);
    this.#state = state;
    return i;
  }

  /** The same walk for facts only: nothing is held back or changed. */
  #scanBinary(chunk: Buffer, from: number, to: number): number {
    let state = this.#state;
    let i = from;
    while (i < to) {
      if (state === text) {
        i = this.#scanner.next(i);
        if (i === to) break;
      }
      const c = chunk[i]!;
      if (c > carriageReturn) {
        // The scanner has to see it, for `eightBit`.
        if (state === lineStart && c === dot) this.dotLines++;
        state = text;
        continue;
      }
      if (c === carriageReturn) {
        state = state === lineStart ? afterCrOfEmptyLine : afterCr;
      } else if (c === lineFeed && (state === afterCr || state === afterCrOfEmptyLine)) {
        // The CR counts as header here; take it off again.
        if (state === afterCrOfEmptyLine && !this.headerEnded) this.#endHeader(i - from - 1);
        state = lineStart;
      } else {
        if (c === 0) this.hasNul = true;
        state = text;
      }
      i++;
    }
    this.#state = state;
    this.#cutter.piece(from, to);
    return to;
  }

  #handOn(chunk: Buffer, out: Buffer[], firstOut: number): void {
    this.sizeBytes += this.#cutter.sizeBytes;
    this.#cutter.flush(chunk, out);
    const wanted = Math.min(this.headerSizeBytes, this.#maxHeaderBytes);
    for (let i = firstOut; i < out.length && this.#headerKept < wanted; i++) this.#keepHeader(out[i]!);
  }

  #keepHeader(octets: Buffer): void {
    const kept = this.#headerKept;
    const size = kept + octets.length;
    if (kept === 0 && this.headerEnded) {
      this.#header = octets;
    } else {
      if (size > this.#header.length) {
        const larger = Buffer.allocUnsafeSlow(2 * size);
        this.#header.copy(larger, 0, 0, kept);
        this.#header = larger;
      }
      octets.copy(this.#header, kept);
    }
    this.#headerKept = size;
  }

  /** A line end that is not in the chunk as one piece. */
  #endLine(empty: boolean): void {
    if (empty && !this.headerEnded) this.#endHeader(0);
    this.#cutter.crlf();
  }

  /** The CRs held back end a line each. */
  #endBareCrs(empty: boolean): void {
    this.#noteBareCr();
    this.#endLine(empty);
    for (; this.#moreCrs > 0; this.#moreCrs--) {
      this.#noteBareCr();
      this.#endLine(true);
    }
  }

  /** `pending` octets of the header are not cut yet. */
  #endHeader(pending: number): void {
    this.headerEnded = true;
    this.#headerSizeBytes = this.sizeBytes + this.#cutter.sizeBytes + pending;
  }

  #noteBareLf(): void {
    if (this.bareLfCount++ === 0) this.bareLfAt = this.sizeBytes + this.#cutter.sizeBytes;
  }

  #noteBareCr(): void {
    if (this.bareCrCount++ === 0) this.bareCrAt = this.sizeBytes + this.#cutter.sizeBytes;
  }
}
