/**
 * Paths and mailboxes: RFC 5321 §4.1.2 and §4.1.3, with the UTF-8 of RFC 6531 §3.3. Scanners walk the text once,
 * by index, and never go back, so that time is linear in its length.
 *
 * Choices where the RFC leaves room, or where applications need it:
 * - local parts are kept as written, quotes and quoted pairs included; `%` and `!` are ordinary characters;
 * - source routes are accepted and dropped (§3.6.1, appendix C);
 * - the underscore is accepted in domain labels: Windows host names have it;
 * - a trailing dot, comments, empty labels and a local part beginning or ending with a dot are refused;
 * - a local part has at most 64 octets, a label 63, a domain 255 (§4.5.3.1).
 */
import { classOf, dot, isAscii, atext, letDig, isUnsafeUnicode, utf8Length } from "./characters.ts";
import { canonicalLiteral } from "./address-literal.ts";

export const maxLocalPartOctets = 64;
export const maxLabelOctets = 63;
export const maxDomainOctets = 255;

export interface Mailbox {
  /** As written, quotes included. */
  readonly localPart: string;
  /** As written; empty for `<Postmaster>`. */
  readonly domain: string;
  readonly ascii: boolean;
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
 * which simple scripts send. `reverse` allows `<>`, `forward` allows `Postmaster` without domain (§4.1.1.3).
 */
export function parsePath(text: string, from: number, direction: "reverse" | "forward"): Path | PathFault {
  if (text.charCodeAt(from) !== open) return parseMailboxAt(text, from, direction, false);
  if (direction === "reverse" && text.charCodeAt(from + 1) === close)
    return { mailbox: "", localPart: "", domain: "", ascii: true, end: from + 2 };
  const start = text.charCodeAt(from + 1) === at ? skipSourceRoute(text, from + 1) : from + 1;
  if (start < 0) return "syntax";
  return parseMailboxAt(text, start, direction, true);
}

/** The whole of `text` as a mailbox with a domain, or undefined. */
export function parseMailbox(text: string): Mailbox | undefined {
  const path = parseMailboxAt(text, 0, "reverse", false);
  return typeof path === "string" || path.end !== text.length ? undefined : path;
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

function parseMailboxAt(
  text: string,
  from: number,
  direction: "reverse" | "forward",
  bracketed: boolean,
): Path | PathFault {
  const localEnd = text.charCodeAt(from) === quote ? scanQuotedString(text, from) : scanDotString(text, from);
  if (localEnd < 0) return "syntax";
  const domainStart = localEnd + 1;
  let end = localEnd;
  if (text.charCodeAt(localEnd) === at) {
    end =
      text.charCodeAt(domainStart) === openBracket
        ? scanLiteral(text, domainStart)
        : scanDomain(text, domainStart);
    if (end < 0) return end === tooLong ? "tooLong" : "syntax";
  } else if (direction !== "forward" || !isPostmaster(text.slice(from, localEnd))) return "syntax";
  if (bracketed && text.charCodeAt(end) !== close) return "syntax";
  const ascii = isAscii(text, from, end);
  if ((ascii ? localEnd - from : utf8Length(text, from, localEnd)) > maxLocalPartOctets) return "tooLong";
  return {
    mailbox: text.slice(from, end),
    localPart: text.slice(from, localEnd),
    domain: text.slice(domainStart, end),
    ascii,
    end: bracketed ? end + 1 : end,
  };
}

/** RFC 5321 §4.5.1: in any case. */
export function isPostmaster(localPart: string): boolean {
  return localPart.length === 10 && localPart.toLowerCase() === "postmaster";
}

const malformed = -1;
const tooLong = -2;

/** Index behind the dot-string, or negative. */
function scanDotString(text: string, from: number): number {
  let atomStart = from;
  for (let i = from; ; i++) {
    const c = text.charCodeAt(i);
    if (c < 128 ? (classOf[c]! & atext) !== 0 : c >= 128 && !isUnsafeUnicode(c)) continue;
    if (i === atomStart) return malformed;
    if (c !== dot) return i;
    atomStart = i + 1;
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
