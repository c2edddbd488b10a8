/**
 * What a client has sent and nobody has looked at yet: cut into command lines here, or taken as content by the
 * session. Only CRLF ends a line (RFC 5321 §2.3.8); what stands before a bare line feed is never a command. The one
 * exception are clients that know no CRLF at all: where, before any CRLF, a line that greets (or is a word that changes
 * nothing) ends in a bare line feed, so may all lines of that session (docs/decisions/0025). The end of data is no line
 * of this kind.
 */
import { copyOctets } from "../../core/octets/slab.ts";

const noOctets = Buffer.alloc(0);
const CR = 13;
const LF = 10;

export type LineOutcome =
  /** `lineStart` to `lineEnd` hold one, without its CRLF. */
  | "line"
  /** Longer than allowed; dropped up to its end, whenever that comes. */
  | "tooLong"
  /** A line feed without CR; dropped up to the next CRLF. */
  | "bareLinefeed"
  /** In place of the first line, the client's part of a TLS handshake; what came is dropped. */
  | "tls"
  /** The end of what was to be dropped. */
  | "dropped"
  /** No whole line yet. */
  | "more";

export class SessionInput {
  octets: Buffer = noOctets;
  /** Where the next octet to look at stands. */
  at = 0;
  lineStart = 0;
  lineEnd = 0;
  /** The client has said all it will say. */
  ended = false;
  /** Its lines end in line feeds alone; undefined while that is not known. */
  lineFeedsOnly: boolean | undefined;
  /** Up to here no line feed was found. */
  #scanned = 0;
  #dropping = false;
  /** The octets are not its own. */
  #borrowed = false;

  /** Octets not looked at yet. */
  get waitingBytes(): number {
    return this.octets.length - this.at;
  }

  /** Adds what came, on loan until `own`. Copies only when something is left of what came before. */
  push(octets: Buffer): void {
    if (this.waitingBytes === 0) {
      this.octets = octets;
      this.#scanned = 0;
      this.#borrowed = true;
    } else {
      this.octets = Buffer.concat([this.at === 0 ? this.octets : this.octets.subarray(this.at), octets]);
      this.#scanned = Math.max(0, this.#scanned - this.at);
      this.#borrowed = false;
    }
    this.at = 0;
  }

  /** Copies what is left of octets on loan; for who wants to keep some of them. */
  own(): void {
    if (!this.#borrowed) return;
    this.#borrowed = false;
    this.octets = this.waitingBytes === 0 ? noOctets : copyOctets(this.octets, this.at);
    this.#scanned = Math.max(0, this.#scanned - this.at);
    this.at = 0;
  }

  /** Lets go of a chunk that was used up, so that an idle session holds none. */
  forgetConsumed(): void {
    if (this.waitingBytes > 0) return;
    this.octets = noOctets;
    this.at = 0;
    this.#scanned = 0;
  }

  /** Drops everything (RFC 3207 §6). */
  clear(): void {
    this.octets = noOctets;
    this.at = 0;
    this.#scanned = 0;
    this.#dropping = false;
  }

  /** Whether what comes next begins so, in any case. Cost: a look at as many octets. */
  beginsWith(lowerCase: Buffer): boolean {
    const { octets, at } = this;
    if (octets.length - at < lowerCase.length) return false;
    for (let i = 0; i < lowerCase.length; i++) if ((octets[at + i]! | 32) !== lowerCase[i]) return false;
    return true;
  }

  /** The next line of at most `limitBytes`. Cost: one native search; no octet is searched twice. */
  nextLine(limitBytes: number): LineOutcome {
    const { octets, at } = this;
    if (this.lineFeedsOnly === undefined && beginsTls(octets, at)) {
      this.clear();
      this.lineFeedsOnly = false;
      this.#dropping = true;
      return "tls";
    }
    const end = octets.indexOf(LF, Math.max(at, this.#scanned));
    if (end === -1) {
      this.#scanned = octets.length;
      // The CR of the end may be among them.
      const isShort = octets.length - at <= limitBytes + 1;
      if (this.#dropping) {
        if (!isShort || this.lineFeedsOnly !== undefined) this.#dropIncomplete();
        return "more";
      }
      if (isShort) return "more";
      this.lineFeedsOnly ??= false;
      this.#dropping = true;
      this.#dropIncomplete();
      return "tooLong";
    }
    this.at = end + 1;
    const endsInCrlf = end > at && octets[end - 1] === CR;
    if (endsInCrlf) this.lineFeedsOnly ??= false;
    else if (this.lineFeedsOnly === undefined && begins(octets, at)) {
      this.lineFeedsOnly = true;
      this.#dropping = false;
    }
    if (this.#dropping) {
      this.#dropping = !endsInCrlf;
      return "dropped";
    }
    if (!endsInCrlf && this.lineFeedsOnly !== true) {
      this.#dropping = true;
      return "bareLinefeed";
    }
    this.lineStart = at;
    this.lineEnd = endsInCrlf ? end - 1 : end;
    return this.lineEnd - at > limitBytes ? "tooLong" : "line";
  }

  /** All but a CR that may be the first half of the end. */
  #dropIncomplete(): void {
    const { length } = this.octets;
    this.at = this.octets[length - 1] === CR ? length - 1 : length;
  }
}

/** A record of a handshake, of whichever version (RFC 8446 §5.1). */
function beginsTls(octets: Buffer, at: number): boolean {
  return octets[at] === 22 && octets[at + 1] === 3;
}

/** A greeting, or what people and checks of the port say in place of one. */
function begins(octets: Buffer, at: number): boolean {
  return /^(?:\xef\xbb\xbf)?(?:(?:EHLO|HELO)[ \t\n]|(?:NOOP|QUIT|RSET|HELP)\n)/i.test(
    octets.toString("latin1", at, at + 8),
  );
}
