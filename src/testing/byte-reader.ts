/** Reads a socket's octets as lines, blocks and dot-terminated content; for test doubles, not for the product. */
import type { Duplex } from "node:stream";

const crlf = Buffer.from("\r\n");
const endOfData = Buffer.from("\r\n.\r\n");

/** One reader at a time: a second read while one is pending is a bug in the test. */
export class ByteReader {
  #chunks: Buffer[] = [];
  #length = 0;
  #ended = false;
  #wake: (() => void) | undefined;
  readonly #source: Duplex;
  readonly #onData = (chunk: Buffer): void => {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    this.#wake?.();
  };
  readonly #onEnd = (): void => {
    this.#ended = true;
    this.#wake?.();
  };

  constructor(source: Duplex) {
    this.#source = source;
    source.on("data", this.#onData);
    source.on("end", this.#onEnd);
    source.on("close", this.#onEnd);
    source.on("error", this.#onEnd);
  }

  /** Octets that came and were not read. */
  get buffered(): number {
    return this.#length;
  }

  /** The peer sends no more. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Stops listening (for a TLS upgrade) and gives what was not read. */
  detach(): Buffer {
    this.#source.off("data", this.#onData);
    this.#source.off("end", this.#onEnd);
    this.#source.off("close", this.#onEnd);
    this.#source.off("error", this.#onEnd);
    return this.#take(this.#length);
  }

  /** A line without its CRLF; undefined when the peer closed before one was complete. */
  async line(): Promise<Buffer | undefined> {
    const end = await this.#find(crlf, 0);
    if (end === undefined) return undefined;
    const line = this.#take(end);
    this.#take(crlf.length);
    return line;
  }

  /** `count` octets; undefined when the peer closed before. */
  async exactly(count: number): Promise<Buffer | undefined> {
    while (this.#length < count) if (!(await this.#more())) return undefined;
    return this.#take(count);
  }

  /** DATA content, dots unstuffed, up to and without the end CRLF.CRLF; the last CRLF belongs to the content. */
  async content(): Promise<Buffer | undefined> {
    const head = await this.exactly(3);
    if (head === undefined) return undefined;
    if (head.equals(endOfData.subarray(2))) return Buffer.alloc(0);
    this.#unread(head);
    const end = await this.#find(endOfData, 0);
    if (end === undefined) return undefined;
    const stuffed = this.#take(end + crlf.length);
    this.#take(3);
    return unstuff(stuffed);
  }

  async #find(marker: Buffer, from: number): Promise<number | undefined> {
    let scanned = from;
    for (;;) {
      const at = this.#indexOf(marker, scanned);
      if (at !== -1) return at;
      scanned = Math.max(from, this.#length - marker.length + 1);
      if (!(await this.#more())) return undefined;
    }
  }

  /** Searches from `from` on; joins chunks only where the marker may lie across their border. */
  #indexOf(marker: Buffer, from: number): number {
    let start = 0;
    for (let i = 0; i < this.#chunks.length; i++) {
      const chunk = this.#chunks[i];
      if (chunk === undefined) break;
      const end = start + chunk.length;
      if (end > from) {
        const inside = chunk.indexOf(marker, Math.max(0, from - start));
        if (inside !== -1) return start + inside;
        const tailStart = Math.max(from, end - marker.length + 1, start);
        const border = Buffer.concat([
          chunk.subarray(tailStart - start),
          ...this.#headOf(i + 1, marker.length - 1),
        ]);
        const across = border.indexOf(marker);
        if (across !== -1) return tailStart + across;
      }
      start = end;
    }
    return -1;
  }

  #headOf(index: number, count: number): Buffer[] {
    const parts: Buffer[] = [];
    let left = count;
    for (let i = index; left > 0; i++) {
      const chunk = this.#chunks[i];
      if (chunk === undefined) break;
      parts.push(chunk.subarray(0, left));
      left -= chunk.length;
    }
    return parts;
  }

  #take(count: number): Buffer {
    const parts: Buffer[] = [];
    let left = count;
    while (left > 0) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) break;
      if (chunk.length <= left) {
        parts.push(chunk);
        this.#chunks.shift();
        left -= chunk.length;
      } else {
        parts.push(chunk.subarray(0, left));
        this.#chunks[0] = chunk.subarray(left);
        left = 0;
      }
    }
    this.#length -= count - left;
    const [only, second] = parts;
    return only !== undefined && second === undefined ? only : Buffer.concat(parts);
  }

  #unread(octets: Buffer): void {
    this.#chunks.unshift(octets);
    this.#length += octets.length;
  }

  /** Waits for more octets; false when none will come. */
  #more(): Promise<boolean> {
    if (this.#ended) return Promise.resolve(false);
    const before = this.#length;
    return new Promise((resolve) => {
      this.#wake = () => {
        if (this.#length === before && !this.#ended) return;
        this.#wake = undefined;
        resolve(this.#length > before);
      };
    });
  }
}

const dot = 0x2e;

/** RFC 5321 §4.5.2, the receiver's side. */
export function unstuff(stuffed: Buffer): Buffer {
  const out = Buffer.allocUnsafe(stuffed.length);
  let length = 0;
  for (let i = 0; i < stuffed.length; i++) {
    if (stuffed[i] === dot && startsLine(stuffed, i)) continue;
    out[length++] = stuffed[i] ?? 0;
  }
  return out.subarray(0, length);
}

/** RFC 5321 §4.5.2, the sender's side; `content` has CRLF line ends. */
export function stuff(content: Buffer): Buffer {
  const out = Buffer.allocUnsafe(content.length + Math.ceil(content.length / 3) + 1);
  let length = 0;
  for (let i = 0; i < content.length; i++) {
    if (content[i] === dot && startsLine(content, i)) out[length++] = dot;
    out[length++] = content[i] ?? 0;
  }
  return out.subarray(0, length);
}

function startsLine(octets: Buffer, at: number): boolean {
  return at === 0 || (octets[at - 1] === 10 && octets[at - 2] === 13);
}
