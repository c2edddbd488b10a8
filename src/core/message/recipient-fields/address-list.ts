/**
 * Address lists of header fields (RFC 5322 §3.4), read by the letter: what is not plainly an address counts as unreadable,
 * because the next reader may see another one in it.
 */
import { type Mailbox, parseMailbox } from "../../smtp/address.ts";

export type ListEntry =
  /** `text`: as it stands, display name and comments included. */
  | { readonly kind: "mailbox"; readonly text: string; readonly mailbox: Mailbox }
  | { readonly kind: "group"; readonly name: string; readonly members: readonly ListEntry[] }
  | { readonly kind: "unreadable" };

interface Piece {
  readonly text: string;
  /** What ended it; empty at the end of the list, `"` where a quote, comment or bracket is not closed there. */
  readonly end: "," | ";" | ":" | "" | '"';
}

const unreadable: ListEntry = { kind: "unreadable" };

/** `value`: unfolded. Empty entries are left out. Never throws. Cost: a few passes. */
export function readAddressList(value: string): readonly ListEntry[] {
  const entries: ListEntry[] = [];
  let members: ListEntry[] | undefined;
  for (const { text, end } of pieces(value)) {
    if (end === ":") {
      if (members === undefined) {
        members = [];
        entries.push({ kind: "group", name: text.trim(), members });
      } else members.push(unreadable);
      continue;
    }
    const list = members ?? entries;
    const entry = end === '"' ? unreadable : entryOf(text);
    if (entry !== undefined) list.push(entry);
    if (end !== ";") continue;
    // Behind an address instead of a comma, as some write it.
    if (members === undefined) entries.push(unreadable);
    members = undefined;
  }
  // A group without its end.
  if (members !== undefined) entries.push(unreadable);
  return entries;
}

/** All mailboxes, those of groups included, in their order. */
export function mailboxesIn(entries: readonly ListEntry[]): readonly Mailbox[] {
  return entries.flatMap((entry) =>
    entry.kind === "mailbox" ? [entry.mailbox] : entry.kind === "group" ? mailboxesIn(entry.members) : [],
  );
}

function* pieces(text: string): Generator<Piece> {
  let start = 0;
  let depth = 0;
  let closing = "";
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === "\\") {
      i++;
    } else if (depth > 0) {
      if (c === "(") depth++;
      else if (c === ")") depth--;
    } else if (closing === '"' || closing === "]") {
      if (c === closing) closing = "";
    } else if (c === "(") {
      depth = 1;
    } else if (c === '"' && closing === "") {
      closing = '"';
    } else if (c === "[" && closing === "") {
      closing = "]";
    } else if (closing === ">") {
      // A quoted local part may hold anything.
      if (c === '"') i = behindQuotes(text, i) - 1;
      else if (c === ">") closing = "";
    } else if (c === "<") {
      closing = ">";
    } else if (c === "," || c === ";" || c === ":") {
      yield { text: text.slice(start, i), end: c };
      start = i + 1;
    }
  }
  yield { text: text.slice(start), end: depth > 0 || closing !== "" ? '"' : "" };
}

/** Index behind the quoted string that begins at `at`. */
function behindQuotes(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === '"') return i + 1;
  }
  return text.length;
}

/** One address, with or without a display name; undefined where nothing but white space and comments stands. */
function entryOf(text: string): ListEntry | undefined {
  const { bare, quotesHidden } = withoutComments(text);
  if (bare.trim() === "") return undefined;
  const opens = quotesHidden.indexOf("<");
  if (opens < 0) return mailboxEntry(text, bare.trim());
  const closes = quotesHidden.indexOf(">", opens);
  const isPlain =
    closes > 0 && bare.slice(closes + 1).trim() === "" && !/[@<>[\]]/.test(quotesHidden.slice(0, opens));
  return isPlain ? mailboxEntry(text, bare.slice(opens + 1, closes).trim()) : unreadable;
}

function mailboxEntry(text: string, address: string): ListEntry {
  const mailbox = parseMailbox(address);
  return mailbox?.conforming === true ? { kind: "mailbox", text: text.trim(), mailbox } : unreadable;
}

/** The text with comments taken out, and the same with what is quoted made harmless, index by index. */
function withoutComments(text: string): { readonly bare: string; readonly quotesHidden: string } {
  let bare = "";
  let quotesHidden = "";
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (depth > 0) {
      if (c === "\\") i++;
      else if (c === "(") depth++;
      else if (c === ")") depth--;
    } else if (c === "(") {
      depth = 1;
    } else if (c === '"') {
      const end = behindQuotes(text, i);
      bare += text.slice(i, end);
      quotesHidden += '"'.repeat(end - i);
      i = end - 1;
    } else {
      bare += c;
      quotesHidden += c;
    }
  }
  return { bare, quotesHidden };
}
