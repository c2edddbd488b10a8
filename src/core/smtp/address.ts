/**
 * Paths and mailboxes: RFC 5321 §4.1.2 and §4.1.3, with the UTF-8 of RFC 6531 §3.3. Scanners walk the text once,
 * by index, and never go back, so that time is linear in its length.
 *
 * Choices where the RFC leaves room, or where applications need it:
 * - local parts are kept as written, quotes and quoted pairs included; `%` and `!` are ordinary characters;
 * - source routes are accepted and dropped (§3.6.1, appendix C);
 * - the underscore is accepted in domain labels: Windows host names have it;
 * - a trailing dot behind the domain, comments and empty labels are refused; a label has at most 63 octets, a domain 255;
 * - what mail systems of the world send all the same is taken and marked as not conforming, for the connector to refuse
 *   (strictAddresses): local parts over 64 octets (§4.5.3.1.1; VERP, SRS) or with dots at odd places (docomo), blanks
 *   within the brackets, a display name in front of them, no brackets at all;
 * - a local part alone is taken: only who knows the connector's defaultDomain can complete or refuse it.
 */
import { classOf, dot, isAscii, atext, letDig, isUnsafeUnicode, space, utf8Length } from "./characters.ts";
import { canonicalLiteral } from "./address-literal.ts";

export const maxLocalPartOctets = 64;
/** Longer than any address that a mailing list or a forwarder makes of another; taken up to here. */
export const longestLocalPartOctets = 512;
export const maxLabelOctets = 63;
export const maxDomainOctets = 255;

export interface Mailbox {
  /** As written, quotes included. */
  readonly localPart: string;
  /** As written; empty where none was given: `<Postmaster>`, `<root>`. */
  readonly domain: string;
  readonly ascii: boolean;
  /** Written as RFC 5321 has it. */
  readonly conforming: boolean;
}

export interface Path extends Mailbox {
  /** `localPart@domain`, without brackets and source route; empty for the null reverse-path. */
  readonly mailbox: string;
  /** Index behind the path in the text. */
  readonly end: number;
}

export type PathFault = "syntax" | "tooLong";

const quote = 34;
const comma = 44;
const hyphen = 45;
const colon = 58;
const open = 60;
const close = 62;
const at = 64;
const openBracket = 91;
const backslash = 92;
const closeBracket = 93;
const underscore = 95;

/**
 * The path that begins at `from`: in angle brackets, or a bare mailbox without source route up to the next space,
 * which simple scripts send. `reverse` allows `<>` (§4.1.1.2).
 */
export function parsePath(text: string, from: number, direction: "reverse" | "forward"): Path | PathFault {
  const opens = text.charCodeAt(from) === open ? from : behindDisplayName(text, from);
  if (opens < 0) {
    const bare = parseMailboxAt(text, from, false);
    return typeof bare === "string" ? bare : { ...bare, conforming: false };
  }
  const first = skipSpaces(text, opens + 1);
  if (direction === "reverse" && text.charCodeAt(first) === close) {
    const conforming = first === from + 1;
    return { mailbox: "", localPart: "", domain: "", ascii: true, conforming, end: first + 1 };
  }
  const start = text.charCodeAt(first) === at ? skipSourceRoute(text, first) : first;
  if (start < 0) return "syntax";
  const path = parseMailboxAt(text, start, true);
  return typeof path === "string" || first === from + 1 ? path : { ...path, conforming: false };
}

/** Index of the bracket behind a display name (`Printer 3 <a@b>`), which holds no address itself; -1 without one. */
function behindDisplayName(text: string, from: number): number {
  const opens = text.indexOf("<", from);
  if (opens <= from) return -1;
  const before = text.charCodeAt(opens - 1);
  return (before === space || before === quote) && !text.slice(from, opens).includes("@") ? opens : -1;
}

function skipSpaces(text: string, from: number): number {
  let i = from;
  while (text.charCodeAt(i) === space) i++;
  return i;
}

/** The whole of `text` as a mailbox with a domain, or undefined. */
export function parseMailbox(text: string): Mailbox | undefined {
  const path = parseMailboxAt(text, 0, false);
  return typeof path === "string" || path.end !== text.length || path.domain === "" ? undefined : path;
}

/** Splits the mailbox of a path that `parsePath` accepted. The domain holds no `@`, whatever the local part quotes. */
export function mailboxOf(path: string): { readonly localPart: string; readonly domain: string } {
  const split = path.lastIndexOf("@");
  return split < 0
    ? { localPart: path, domain: "" }
    : { localPart: path.slice(0, split), domain: path.slice(split + 1) };
}

/** Whether the whole of `text` is a domain (not an address literal). `underscore` and U-labels included. */
export function isDomain(text: string): boolean {
  return scanDomain(text, 0) === text.length && text.length > 0;
}

/**
 * The domain that routing and permissions compare: lower case, A-labels, literals canonical. Undefined when the
 * domain has no such form. `toAscii` is UTS #46 ToASCII that answers `""` for failure (`domainToASCII` of
 * `node:url`); it is asked only for domains with characters above 127.
 *
 * Every label with such characters must become an A-label: what merely maps to ASCII (full-width letters, ligatures,
 * ideographic full stops) looks like one domain here and like another one to the next relay.
 */
export function routingDomain(domain: string, toAscii: (domain: string) => string): string | undefined {
  if (domain.charCodeAt(0) === openBracket) return canonicalLiteral(domain);
  if (!isDomain(domain)) return undefined;
  if (isAscii(domain, 0, domain.length)) return domain.toLowerCase();
  const mapped = toAscii(domain).toLowerCase();
  if (!isDomain(mapped)) return undefined;
  const labels = domain.split(".");
  const mappedLabels = mapped.split(".");
  if (labels.length !== mappedLabels.length) return undefined;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    const mappedLabel = mappedLabels[i]!;
    if (
      isAscii(label, 0, label.length) ? label.toLowerCase() !== mappedLabel : !mappedLabel.startsWith("xn--")
    )
      return undefined;
  }
  return mapped;
}

function parseMailboxAt(text: string, from: number, bracketed: boolean): Path | PathFault {
  const quoted = text.charCodeAt(from) === quote;
  const localEnd = quoted ? scanQuotedString(text, from) : scanDotString(text, from);
  if (localEnd < 0) return "syntax";
  const hasDomain = text.charCodeAt(localEnd) === at;
  const domainStart = hasDomain ? localEnd + 1 : localEnd;
  let end = localEnd;
  if (hasDomain) {
    end =
      text.charCodeAt(domainStart) === openBracket
        ? scanLiteral(text, domainStart)
        : scanDomain(text, domainStart);
    if (end < 0) return end === tooLong ? "tooLong" : "syntax";
  }
  const closes = bracketed ? skipSpaces(text, end) : end;
  if (bracketed && text.charCodeAt(closes) !== close) return "syntax";
  const ascii = isAscii(text, from, end);
  const localOctets = ascii ? localEnd - from : utf8Length(text, from, localEnd);
  if (localOctets > longestLocalPartOctets) return "tooLong";
  return {
    mailbox: text.slice(from, end),
    localPart: text.slice(from, localEnd),
    domain: text.slice(domainStart, end),
    ascii,
    conforming:
      closes === end &&
      localOctets <= maxLocalPartOctets &&
      (quoted || hasDotsBetweenAtoms(text, from, localEnd)),
    end: bracketed ? closes + 1 : end,
  };
}

/** RFC 5321 §4.1.2: a dot-string is atoms with single dots between them. */
function hasDotsBetweenAtoms(text: string, from: number, end: number): boolean {
  let before = dot;
  for (let i = from; i < end; i++) {
    const c = text.charCodeAt(i);
    if (c === dot && before === dot) return false;
    before = c;
  }
  return before !== dot;
}

/** RFC 5321 §4.5.1: in any case. */
export function isPostmaster(localPart: string): boolean {
  return localPart.length === 10 && localPart.toLowerCase() === "postmaster";
}

const malformed = -1;
const tooLong = -2;

/** Index behind a run of atoms and dots with at least one atom, or negative. */
function scanDotString(text: string, from: number): number {
  let hasAtom = false;
  for (let i = from; ; i++) {
    const c = text.charCodeAt(i);
    if (c < 128 ? (classOf[c]! & atext) !== 0 : c >= 128 && !isUnsafeUnicode(c)) hasAtom = true;
    else if (c !== dot) return hasAtom ? i : malformed;
  }
}

/** Index behind the closing quote, or negative. */
function scanQuotedString(text: string, from: number): number {
  for (let i = from + 1; ; i++) {
    let c = text.charCodeAt(i);
    if (c === quote) return i + 1;
    if (c === backslash) {
      c = text.charCodeAt(++i);
      if (!(c >= 32 && c < 127)) return malformed;
    } else if (!(c >= 32 && c !== 127) || (c > 127 && isUnsafeUnicode(c))) return malformed;
  }
}

/** Index behind the domain, or negative. */
function scanDomain(text: string, from: number): number {
  let labelStart = from;
  let wide = false;
  for (let i = from; ; i++) {
    const c = text.charCodeAt(i);
    if (c < 128) {
      if ((classOf[c]! & letDig) !== 0 || c === underscore) continue;
      if (c === hyphen && i !== labelStart) continue;
    } else if (c >= 128 && !isUnsafeUnicode(c)) {
      wide = true;
      continue;
    }
    if (i === labelStart || text.charCodeAt(i - 1) === hyphen) return malformed;
    // The limit of a U-label is that of its A-label, which `routingDomain` checks.
    if (!wide && i - labelStart > maxLabelOctets) return tooLong;
    if (c !== dot) {
      const octets = wide ? utf8Length(text, from, i) : i - from;
      return octets > maxDomainOctets ? tooLong : i;
    }
    labelStart = i + 1;
  }
}

/** Index behind the closing bracket, or negative. */
function scanLiteral(text: string, from: number): number {
  // "[IPv6:" and the longest address.
  const limit = Math.min(text.length, from + 60);
  for (let i = from + 1; i < limit; i++) {
    if (text.charCodeAt(i) !== closeBracket) continue;
    return canonicalLiteral(text.slice(from, i + 1)) === undefined ? malformed : i + 1;
  }
  return malformed;
}

/** Index behind the colon of `@a,@b:`, or negative. */
function skipSourceRoute(text: string, from: number): number {
  let i = from;
  for (;;) {
    if (text.charCodeAt(i) !== at) return malformed;
    i = text.charCodeAt(i + 1) === openBracket ? scanLiteral(text, i + 1) : scanDomain(text, i + 1);
    if (i < 0) return malformed;
    const c = text.charCodeAt(i++);
    if (c === colon) return i;
    if (c !== comma) return malformed;
  }
}
