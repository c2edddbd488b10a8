/** What the relay reads in a message's header: RFC 5322 §2.2, in one pass, nothing decoded. */

export interface HeaderFacts {
  /** Received fields: the hops so far (RFC 5321 §6.3). */
  readonly receivedCount: number;
  /** Without surrounding space, angle brackets included; undefined when missing or empty. */
  readonly messageId: string | undefined;
  readonly hasDate: boolean;
  readonly subject: string | undefined;
  readonly from: string | undefined;
  /** `TLS-Required: No` stands there, once (RFC 8689 §5). */
  readonly isTlsOptional: boolean;
  /**
   * Where the first line begins that is no field and continues none, -1 without one: the header ends in front of it,
   * whatever the client meant (RFC 5322 §2.2; what Postfix does).
   */
  readonly brokenAt: number;
  /** Where they were asked for; else empty. */
  readonly senderFields: readonly SenderField[];
  /** A CR or LF without the other, of which readers disagree whether a line ends; looked for where sender fields were asked for. */
  readonly hasBareLineEnd: boolean;
}

/** One field that names who a message is from: the whole of it, however long, and each time it stands there. */
export interface SenderField {
  readonly name: (typeof senderFieldNames)[number];
  /** Unfolded. */
  readonly value: string;
}

const senderFieldNames = ["From", "Sender", "Resent-From", "Resent-Sender"] as const;

export interface ScanOptions {
  /** The header goes on behind its last octet, so that its last line may be the beginning of a field. */
  readonly isCutOff?: boolean;
  /** `senderFields` are wanted. */
  readonly senders?: boolean;
}

/** Longer values are cut off: they are for logs and replies. Octets. */
export const maxHeaderValueOctets = 1000;
/** RFC 5322 §2.1.1: no name of a field is longer. */
const longestLineOctets = 998;

const carriageReturn = 13;
const lineFeed = 10;
const space = 32;
const tab = 9;
const colon = 58;

/**
 * Facts about a header with CRLF line ends, up to the first empty line or the end. Of repeated fields the first
 * counts. Values are unfolded, read as UTF-8; control characters become spaces, so that a value is one line.
 * Cost: one native search per line; strings only for the fields returned. Linear.
 */
export function scanHeader(
  header: Buffer,
  { isCutOff = false, senders = false }: ScanOptions = {},
): HeaderFacts {
  const senderFields: SenderField[] = [];
  let receivedCount = 0;
  let hasDate = false;
  let messageId: string | undefined;
  let subject: string | undefined;
  let from: string | undefined;
  const tlsRequired: string[] = [];
  let brokenAt = -1;
  let at = 0;
  while (at < header.length) {
    const first = header[at]!;
    if (first === carriageReturn && header[at + 1] === lineFeed) break;
    const nameEnd = behindName(header, at);
    if (isCutOff && nameEnd === header.length && nameEnd - at <= longestLineOctets) break;
    if (nameEnd === at || header[nameEnd] !== colon) {
      brokenAt = at;
      break;
    }
    const end = fieldEnd(header, at);
    if (senders) collectSender(header, at, end, senderFields);
    switch (first | 32) {
      case 114: // r
        if (isField(header, at, "received")) receivedCount++;
        break;
      case 109: // m
        if (messageId === undefined) messageId = fieldValue(header, at, end, "message-id");
        break;
      case 100: // d
        hasDate ||= isField(header, at, "date");
        break;
      case 115: // s
        if (subject === undefined) subject = fieldValue(header, at, end, "subject");
        break;
      case 116: {
        // t
        const value = fieldValue(header, at, end, "tls-required");
        if (value !== undefined) tlsRequired.push(value);
        break;
      }
      case 102: // f
        if (from === undefined) from = fieldValue(header, at, end, "from");
        break;
    }
    at = end;
  }
  return {
    receivedCount,
    messageId: messageId === "" ? undefined : messageId,
    hasDate,
    subject,
    from,
    isTlsOptional: tlsRequired.length === 1 && tlsRequired[0]?.toLowerCase() === "no",
    brokenAt,
    senderFields,
    hasBareLineEnd: senders && hasBareLineEnd(header.subarray(0, at)),
  };
}

function collectSender(header: Buffer, at: number, end: number, fields: SenderField[]): void {
  for (const name of senderFieldNames) {
    const value = fieldValue(header, at, end, name.toLowerCase(), Infinity);
    if (value !== undefined) fields.push({ name, value });
  }
}

function hasBareLineEnd(header: Buffer): boolean {
  for (let at = header.indexOf(carriageReturn); at >= 0; at = header.indexOf(carriageReturn, at + 1))
    if (header[at + 1] !== lineFeed) return true;
  for (let at = header.indexOf(lineFeed); at >= 0; at = header.indexOf(lineFeed, at + 1))
    if (header[at - 1] !== carriageReturn) return true;
  return false;
}

/** Where the colon of a field that begins at `at` has to stand; spaces in front of it are obsolete syntax. */
function behindName(header: Buffer, at: number): number {
  let i = at;
  for (let c = header[i]; c !== undefined && c > space && c < 127 && c !== colon; c = header[++i]);
  if (i === at) return at;
  while (header[i] === space || header[i] === tab) i++;
  return i;
}

/** The separator line of a mailbox file, `From app@host Sat Nov 28 19:00:00 2026`, quoted or not; not the field `From : app@host`. */
export function beginsWithMboxLine(header: Buffer): boolean {
  if (!/^>?From /.test(header.toString("latin1", 0, 6))) return false;
  let at = "From ".length;
  while (header[at] === space || header[at] === tab) at++;
  return header[at] !== colon;
}

/** Index behind the field that begins at `at`, its folded lines included. */
function fieldEnd(header: Buffer, at: number): number {
  for (let from = at; ;) {
    const newline = header.indexOf(lineFeed, from);
    if (newline < 0) return header.length;
    from = newline + 1;
    const c = header[from];
    if (c !== space && c !== tab) return from;
  }
}

/** Index behind the colon, or -1. `name` is lower case. Spaces before the colon are obsolete syntax, still read. */
function fieldBody(header: Buffer, at: number, name: string): number {
  for (let i = 0; i < name.length; i++) {
    const c = header[at + i]!;
    const lower = c >= 65 && c <= 90 ? c + 32 : c;
    if (lower !== name.charCodeAt(i)) return -1;
  }
  let i = at + name.length;
  while (header[i] === space || header[i] === tab) i++;
  return header[i] === colon ? i + 1 : -1;
}

function isField(header: Buffer, at: number, name: string): boolean {
  return fieldBody(header, at, name) >= 0;
}

function fieldValue(
  header: Buffer,
  at: number,
  end: number,
  name: string,
  maxOctets = maxHeaderValueOctets,
): string | undefined {
  const start = fieldBody(header, at, name);
  if (start < 0) return undefined;
  const text = header.toString("utf8", start, Math.min(end, start + maxOctets));
  let value = "";
  let copied = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (!(c < 32 || (c >= 127 && c < 160) || c === 0x2028 || c === 0x2029)) continue;
    // Unfolding takes the CRLF away and leaves the white space behind it (RFC 5322 §2.2.3).
    const lineEnd = c === carriageReturn || c === lineFeed;
    value += text.slice(copied, i) + (lineEnd ? "" : " ");
    copied = i + 1;
  }
  return (value + text.slice(copied)).trim();
}
