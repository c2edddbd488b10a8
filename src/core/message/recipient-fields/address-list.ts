/**
 * Address lists of header fields (RFC 5322 §3.4), read by the letter: what is not plainly an address counts as unreadable,
 * because the next reader may see another one in it.
 */
import { type Mailbox, parseMailbox } from "../../smtp/address.ts";

export type ListEntry =
  /**
   * `text`: as it stands, display name and comments included; `address`: where in the list the address itself does;
   * `isNamedPlainly`: of a name in front every reader sees that it is one.
   */
  | {
      readonly kind: "mailbox";
      readonly text: string;
      readonly mailbox: Mailbox;
      readonly address: readonly [start: number, end: number];
      readonly isNamedPlainly: boolean;
    }
  | {
      readonly kind: "group";
      readonly name: string;
      readonly isNamedPlainly: boolean;
      readonly members: readonly ListEntry[];
    }
  | { readonly kind: "unreadable"; readonly text: string };

interface Piece {
  readonly text: string;
  readonly start: number;
  /** What ended it; empty at the end of the list, `"` where a quote, comment or bracket is not closed there. */
  readonly end: "," | ";" | ":" | "" | '"';
}

const unreadable = (text: string): ListEntry => ({ kind: "unreadable", text });

/**
 * `value`: unfolded. Empty entries are left out. `decode`: an address out of the list's text, where that is not decoded, so
 * that places in it are those of octets. Never throws. Cost: a few passes.
 */
export function readAddressList(
  value: string,
  decode = (text: string): string => text,
): readonly ListEntry[] {
  const entries: ListEntry[] = [];
  let members: ListEntry[] | undefined;
  for (const { text, start, end } of pieces(value)) {
    if (end === ":") {
      if (members === undefined) {
        members = [];
        const { quotesHidden } = withoutComments(text);
        const isNamedPlainly = !/[@<>[\]]/.test(quotesHidden) && isPhrase(quotesHidden);
        entries.push({ kind: "group", name: text.trim(), isNamedPlainly, members });
      } else members.push(unreadable(text));
      continue;
    }
    const list = members ?? entries;
    const entry = end === '"' ? unreadable(text) : entryOf(text, start, decode);
    if (entry !== undefined) list.push(entry);
    if (end !== ";") continue;
    // Behind an address instead of a comma, as some write it.
    if (members === undefined) entries.push(unreadable(""));
    members = undefined;
  }
  // A group without its end.
  if (members !== undefined) entries.push(unreadable(""));
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
      yield { text: text.slice(start, i), start, end: c };
      start = i + 1;
    }
  }
  yield { text: text.slice(start), start, end: depth > 0 || closing !== "" ? '"' : "" };
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
function entryOf(text: string, start: number, decode: (text: string) => string): ListEntry | undefined {
  const { bare, quotesHidden, places } = withoutComments(text);
  if (bare.trim() === "") return undefined;
  const opens = quotesHidden.indexOf("<");
  const closes = opens < 0 ? bare.length : quotesHidden.indexOf(">", opens);
  const isPlain =
    opens < 0 ||
    (closes > 0 && bare.slice(closes + 1).trim() === "" && !/[@<>[\]]/.test(quotesHidden.slice(0, opens)));
  if (!isPlain) return unreadable(text);
  const within = bare.slice(opens + 1, closes);
  const written = within.trim();
  const mailbox = parseMailbox(decode(written));
  if (mailbox?.conforming !== true) return unreadable(text);
  const first = opens + 1 + within.length - within.trimStart().length;
  const [from = 0, to = 0] = [places[first], places[first + written.length - 1]];
  const isNamedPlainly = isPhrase(quotesHidden.slice(0, Math.max(0, opens)));
  return {
    kind: "mailbox",
    text: text.trim(),
    mailbox,
    address: [start + from, start + to + 1],
    isNamedPlainly,
  };
}

/**
 * Whether a name is one to whoever reads it: behind a backslash or the end of a comment that did not begin some readers
 * begin a new address, and take what stands in front for one (RFC 5322 §3.2.5). `name`: what it quotes is hidden.
 */
function isPhrase(name: string): boolean {
  return !/[)\\]/.test(name);
}

interface Uncommented {
  /** The text with comments taken out. */
  readonly bare: string;
  /** The same with what is quoted made harmless, index by index. */
  readonly quotesHidden: string;
  /** Where each character of it stands in the text. */
  readonly places: readonly number[];
}

function withoutComments(text: string): Uncommented {
  const places: number[] = [];
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
      for (let place = i; place < end; place++) places.push(place);
      i = end - 1;
    } else {
      bare += c;
      quotesHidden += c;
      places.push(i);
    }
  }
  return { bare, quotesHidden, places };
}
