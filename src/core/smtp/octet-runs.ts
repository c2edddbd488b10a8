/** Finding the octets that framing looks at, and cutting content out of chunks. Both are the hot loops of intake. */
import { carriageReturn, lineFeed } from "./characters.ts";

const nothing = new Uint8Array(0);

/**
 * Walks a chunk over runs of octets that mean nothing to framing (all above 13), four at a time, and notes on the
 * way whether any was above 127.
 */
export class RunScanner {
  /** An octet above 127 was passed. */
  eightBit = false;
  #octets: Uint8Array = nothing;
  #words: Int32Array | undefined;
  #firstAligned = 0;
  #to = 0;

  /** Sets the chunk to be walked, up to `to`. */
  open(chunk: Buffer, from: number, to: number): void {
    this.#octets = chunk;
    this.#to = to;
    const offset = chunk.byteOffset;
    this.#firstAligned = ((offset + from + 3) & ~3) - offset;
    const words = (to - this.#firstAligned) >> 2;
    // Below this the view costs more than it saves.
    this.#words = words < 32 ? undefined : new Int32Array(chunk.buffer, offset + this.#firstAligned, words);
  }

  /** Lets go of the chunk. */
  close(): void {
    this.#octets = nothing;
    this.#words = undefined;
  }

  /** Index of the first octet from `i` on that is below 14, or the end. */
  next(i: number): number {
    const octets = this.#octets;
    const to = this.#to;
    const words = this.#words;
    let seen = 0;
    if (words !== undefined) {
      while (i < to && (i < this.#firstAligned || ((i - this.#firstAligned) & 3) !== 0)) {
        const c = octets[i]!;
        if (c < 14) return this.#leave(i, seen);
        seen |= c;
        i++;
      }
      let at = (i - this.#firstAligned) >> 2;
      const first = at;
      for (; at < words.length; at++) {
        const word = words[at]!;
        // Whether any of the four octets is below 14: it borrows in the subtraction while its own high bit is clear.
        if (((word - 0x0e0e0e0e) & ~word & 0x80808080) !== 0) break;
        seen |= word;
      }
      i += (at - first) << 2;
    }
    while (i < to) {
      const c = octets[i]!;
      if (c < 14) break;
      seen |= c;
      i++;
    }
    return this.#leave(i, seen);
  }

  #leave(i: number, seen: number): number {
    if ((seen & 0x80808080) !== 0) this.eightBit = true;
    return i;
  }
}

const crlf = Buffer.from("\r\n");
const inserted = -1;

/** More pieces than this of one chunk are copied together: a Buffer weighs more than a short line. */
const maxPieces = 8;

/** Cuts what is content out of one chunk. */
export class Cutter {
  /** Octets cut so far. */
  sizeBytes = 0;
  /** Pairs of start and end; a start of `inserted` stands for a CRLF that is not in the chunk as such. */
  #cuts = new Int32Array(2 * maxPieces);
  #used = 0;

  piece(start: number, end: number): void {
    if (start === end) return;
    this.#add(start, end);
    this.sizeBytes += end - start;
  }

  crlf(): void {
    this.#add(inserted, inserted);
    this.sizeBytes += 2;
  }

  /** Hands on what was cut, as views of the chunk unless they are many, and begins anew. */
  flush(chunk: Buffer, out: Buffer[]): void {
    const cuts = this.#cuts;
    if (this.#used <= 2 * maxPieces) {
      for (let i = 0; i < this.#used; i += 2)
        out.push(cuts[i] === inserted ? crlf : chunk.subarray(cuts[i], cuts[i + 1]));
    } else {
      out.push(this.#join(chunk));
      this.#cuts = new Int32Array(2 * maxPieces);
    }
    this.#used = 0;
    this.sizeBytes = 0;
  }

  #add(start: number, end: number): void {
    if (this.#used === this.#cuts.length) {
      const larger = new Int32Array(4 * this.#used);
      larger.set(this.#cuts);
      this.#cuts = larger;
    }
    this.#cuts[this.#used] = start;
    this.#cuts[this.#used + 1] = end;
    this.#used += 2;
  }

  #join(chunk: Buffer): Buffer {
    const cuts = this.#cuts;
    const joined = Buffer.allocUnsafeSlow(this.sizeBytes);
    let to = 0;
    for (let i = 0; i < this.#used; i += 2) {
      const start = cuts[i]!;
      const end = cuts[i + 1]!;
      if (start === inserted) {
        joined[to++] = carriageReturn;
        joined[to++] = lineFeed;
      } else if (end - start > 128) {
        to += chunk.copy(joined, to, start, end);
      } else {
        for (let at = start; at < end; at++) joined[to++] = chunk[at]!;
      }
    }
    return joined;
  }
}
