/** Reads a peer's replies off the wire (RFC 5321 §4.2), whatever way they are cut into pieces. */
import { copyOctets } from "../../../core/octets/slab.ts";

export interface PeerReply {
  /** 200..599 */
  readonly code: number;
  /** Without code; the lines of a multi-line reply are joined by "\n". */
  readonly text: string;
}

const lineFeed = 10;
const carriageReturn = 13;
/** RFC 5321 §4.5.3.1.5 says 512; challenges (RFC 4954 §4) and chatty peers are longer. */
const longestLineBytes = 8192;
const mostLines = 256;
const nothing = Buffer.alloc(0);

/**
 * Hand over octets by `push`, then take replies by `next` until it gives undefined. Once `fault` is set the
 * peer does not speak SMTP and nothing more comes out. Holds at most one unfinished line and reply.
 */
export class ReplyReader {
  fault: string | undefined;
  private buffer: Buffer = nothing;
  private position = 0;
  private code = 0;
  private lines: string[] = [];

  /** The octets are on loan until `own`. */
  push(octets: Buffer): void {
    this.buffer =
      this.position >= this.buffer.length
        ? octets
        : Buffer.concat([this.buffer.subarray(this.position), octets]);
    this.position = 0;
  }

  /** Copies what is left, or lets go of it. */
  own(): void {
    this.buffer = this.position >= this.buffer.length ? nothing : copyOctets(this.buffer, this.position);
    this.position = 0;
  }

  /** Octets that belong to no reply taken yet. */
  get pendingBytes(): number {
    return this.buffer.length - this.position + this.lines.length;
  }

  next(): PeerReply | undefined {
    while (this.fault === undefined) {
      const { buffer, position } = this;
      const end = position < buffer.length ? buffer.indexOf(lineFeed, position) : -1;
      if (end < 0) {
        if (buffer.length - position > longestLineBytes) this.fault = "a reply line is too long";
        return undefined;
      }
      this.position = end + 1;
      const textEnd = end > position && buffer[end - 1] === carriageReturn ? end - 1 : end;
      const reply = this.line(position, textEnd);
      if (reply !== undefined) return reply;
    }
    return undefined;
  }

  private line(start: number, end: number): PeerReply | undefined {
    const { buffer } = this;
    const length = end - start;
    if (length > longestLineBytes) return this.garbage("a reply line is too long");
    const hundreds = (buffer[start] ?? 0) - 48;
    const tens = (buffer[start + 1] ?? 0) - 48;
    const ones = (buffer[start + 2] ?? 0) - 48;
    const isCode =
      length >= 3 && hundreds >= 2 && hundreds <= 5 && tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9;
    const separator = length === 3 ? 32 : buffer[start + 3];
    if (!isCode || (separator !== 32 && separator !== 45)) {
      return this.garbage(
        `not a reply: ${JSON.stringify(buffer.toString("latin1", start, Math.min(end, start + 80)))}`,
      );
    }
    const code = hundreds * 100 + tens * 10 + ones;
    const text = length <= 4 ? "" : buffer.toString("utf8", start + 4, end);
    if (this.lines.length === 0) {
      if (separator === 32) return { code, text };
      this.code = code;
    } else if (code !== this.code) {
      return this.garbage(`a reply changes its code from ${this.code} to ${code}`);
    }
    this.lines.push(text);
    if (separator === 45)
      return this.lines.length > mostLines ? this.garbage("a reply has too many lines") : undefined;
    const whole = this.lines.join("\n");
    this.lines = [];
    return { code, text: whole };
  }

  private garbage(fault: string): undefined {
    this.fault = fault;
    return undefined;
  }
}
