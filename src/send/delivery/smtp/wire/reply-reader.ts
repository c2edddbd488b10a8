/** Reads a peer's replies off the wire (RFC 5321 §4.2), whatever way they are cut into pieces. */
import { copyOctets } from "../../../../core/octets/slab.ts";

export interface PeerReply {
  /** 200..599 */
  readonly code: number;
  /** Without code; the lines of a multi-line reply are joined by "\n". */
  readonly text: string;
}

const lineFeed = 10;
const carriageReturn = 13;
/**
 * Kept of a line and of a reply; what is beyond is passed over, not faulted: the code is what counts. RFC 5321
 * §4.5.3.1.5 says 512 octets; challenges (RFC 4954 §4) and chatty peers are longer.
 */
const longestLineBytes = 8192;
const mostLines = 256;
/** A reply that has not ended by then never will. */
const longestReplyBytes = 1024 * 1024;
const nothing = Buffer.alloc(0);

/**
 * Hand over octets by `push`, then take replies by `next` until it gives undefined. Once `fault` is set the
 * peer does not speak SMTP and nothing more comes out. Lines of one reply whose codes differ but are of one class
 * are one reply, and the last code counts. Holds at most one line and 256 lines of a reply.
 */
export class ReplyReader {
  fault: string | undefined;
  private buffer: Buffer = nothing;
  private position = 0;
  /** Within an overlong line whose beginning stands in `overlong`. */
  private overlong: Buffer | undefined;
  private code = 0;
  private lines: string[] = [];
  private replyBytes = 0;

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
    return this.buffer.length - this.position + this.replyBytes;
  }

  /** Of these, something other than the good-byes that may stand behind any reply (RFC 5321 §3.8). */
  get hasAnother(): boolean {
    const { buffer, position } = this;
    return this.pendingBytes > 0 && !/^[24]21/.test(buffer.toString("latin1", position, position + 3));
  }

  /** An acceptance stands behind the last that was taken, and no good-bye. */
  get hasAcceptance(): boolean {
    const { buffer, position } = this;
    return this.code === 0 && /^2(?!21)\d\d/.test(buffer.toString("latin1", position, position + 3));
  }

  next(): PeerReply | undefined {
    while (this.fault === undefined) {
      const { buffer, position } = this;
      const end = position < buffer.length ? buffer.indexOf(lineFeed, position) : -1;
      if (end < 0) {
        if (this.overlong !== undefined || buffer.length - position > longestLineBytes) this.passOver();
        return undefined;
      }
      this.position = end + 1;
      const reply = this.overlong === undefined ? this.line(buffer, position, end) : this.endOverlong(end);
      if (reply !== undefined) return reply;
    }
    return undefined;
  }

  /** Lets go of what has come of an overlong line, but for its beginning. */
  private passOver(): void {
    const { buffer, position } = this;
    this.overlong ??= Buffer.from(buffer.subarray(position, position + longestLineBytes));
    this.count(buffer.length - position);
    this.position = buffer.length;
  }

  private endOverlong(end: number): PeerReply | undefined {
    const beginning = this.overlong ?? nothing;
    this.overlong = undefined;
    this.count(end);
    return this.line(beginning, 0, beginning.length);
  }

  private count(octets: number): void {
    this.replyBytes += octets;
    if (this.replyBytes > longestReplyBytes) this.fault = "a reply has no end";
  }

  private line(buffer: Buffer, start: number, lineEnd: number): PeerReply | undefined {
    if (this.fault !== undefined) return undefined;
    const whole = lineEnd > start && buffer[lineEnd - 1] === carriageReturn ? lineEnd - 1 : lineEnd;
    const length = whole - start;
    const end = Math.min(whole, start + longestLineBytes);
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
    if (this.code === 0) {
      if (separator === 32) {
        this.replyBytes = 0;
        return { code, text };
      }
    } else if (hundreds !== Math.floor(this.code / 100)) {
      return this.garbage(`a reply changes its code from ${this.code} to ${code}`);
    }
    this.code = code;
    // Of too many lines the last, which has the code that counts, takes the place of another.
    if (this.lines.length === mostLines) this.lines.pop();
    this.lines.push(text);
    if (separator === 45) {
      this.count(length + 2);
      return undefined;
    }
    const joined = this.lines.join("\n");
    this.lines = [];
    this.code = 0;
    this.replyBytes = 0;
    return { code, text: joined };
  }

  private garbage(fault: string): undefined {
    this.fault = fault;
    return undefined;
  }
}
