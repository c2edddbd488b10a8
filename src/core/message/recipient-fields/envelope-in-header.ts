/**
 * A message for a transport without an envelope, which delivers to whom To, Cc and Bcc name (Microsoft Graph): its header is
 * made to name the recipients of the envelope, each once, and nobody else.
 */
import { headerFields, type HeaderField } from "../../dkim/header-fields.ts";
import type { Mailbox } from "../../smtp/address.ts";
import { addressKey, headerAddress, type ToAscii } from "./address-key.ts";
import { type ListEntry, mailboxesIn, readAddressList } from "./address-list.ts";

export interface AddressedContent {
  /** The message in pieces: the new header, and what was behind the old one. */
  readonly content: readonly Buffer[];
  /** Addresses that To and Cc named and the envelope does not, or that stood there twice. */
  readonly surplus: number;
}

interface Wanted {
  readonly address: string;
  named: boolean;
}

type Wish = Map<string, Wanted>;

/** Read by nobody who delivers, or said by `Bcc` of ours; signatures cover fields that are no more what they were. */
const left = new Set(["bcc", "resent-to", "resent-cc", "resent-bcc", "apparently-to", "dkim-signature"]);
/** Longer names are left out: no line may be above 998 octets (RFC 5322 §2.1.1). */
const longestEntry = 900;
const lineEnd = Buffer.from("\r\n");
const carriageReturn = 13;
const lineFeed = 10;

/**
 * `recipients`: at least one, each with a domain that has an A-label form. To and Cc stay octet by octet where they name
 * none but recipients; else they are written anew with those of theirs that stay, and groups become lists or empty. Who
 * is named nowhere stands in one Bcc. Cost: a pass over the header; the body is not touched.
 */
export function addressedTo(
  content: Buffer,
  recipients: readonly Mailbox[],
  toAscii: ToAscii,
): AddressedContent {
  const wish: Wish = new Map();
  for (const mailbox of recipients) {
    const [key, address] = [addressKey(mailbox, toAscii), headerAddress(mailbox, toAscii)];
    if (key === undefined || address === undefined)
      throw new RangeError("a recipient has no domain for a header");
    if (!wish.has(key)) wish.set(key, { address, named: false });
  }
  const fields = headerFields(content);
  const behind = Math.min(
    content.length,
    fields.reduce((sum, { octets }) => sum + octets.length + lineEnd.length, 0),
  );
  const to = namedIn(fields, "to", wish, toAscii);
  const cc = namedIn(fields, "cc", wish, toAscii);
  const pieces: Buffer[] = [];
  for (const field of fields) {
    const name = field.name.toLowerCase();
    if (left.has(name)) continue;
    const written = name === "to" ? to : name === "cc" ? cc : undefined;
    if (written?.instead === undefined) pieces.push(oneField(field.octets), lineEnd);
    else if (field === written.first && written.instead !== "")
      pieces.push(Buffer.from(written.instead), lineEnd);
  }
  const hidden = [...wish.values()].filter(({ named }) => !named).map(({ address }) => address);
  if (hidden.length > 0) pieces.push(Buffer.from(fieldOf("Bcc", hidden)), lineEnd);
  const rest = content.subarray(behind);
  // What follows a line that is no field was never header, whoever reads it.
  if (!(rest[0] === carriageReturn && rest[1] === lineFeed)) pieces.push(lineEnd);
  pieces.push(rest);
  return { content: pieces, surplus: to.surplus + cc.surplus };
}

/** The first address of the From field; undefined where none can be read. */
export function authorOf(content: Buffer): Mailbox | undefined {
  const field = headerFields(content).find(({ name }) => name.toLowerCase() === "from");
  return field && mailboxesIn(readAddressList(valueOf(field)))[0];
}

interface NamedField {
  readonly first: HeaderField | undefined;
  /** Undefined: as it stands. Empty: none is left. */
  readonly instead: string | undefined;
  readonly surplus: number;
}

function namedIn(fields: readonly HeaderField[], name: string, wish: Wish, toAscii: ToAscii): NamedField {
  const own = fields.filter((field) => field.name.toLowerCase() === name);
  const [first] = own;
  const entries = own.flatMap((field) => readAddressList(valueOf(field)));
  let surplus = 0;
  const take = (list: readonly ListEntry[]): string[] =>
    list.flatMap((entry): string[] => {
      if (entry.kind === "group") return take(entry.members);
      const key = entry.kind === "mailbox" ? addressKey(entry.mailbox, toAscii) : undefined;
      const wanted = key === undefined ? undefined : wish.get(key);
      if (entry.kind === "unreadable" || wanted === undefined || wanted.named) {
        surplus++;
        return [];
      }
      wanted.named = true;
      return [entry.text.length <= longestEntry ? entry.text : `<${wanted.address}>`];
    });
  const kept = take(entries);
  const groups = entries.filter((entry) => entry.kind === "group");
  const isPlain = own.length === 1 && first !== undefined && first.octets[name.length] === 58;
  const hasMembers = groups.some(({ members }) => members.length > 0);
  if (first === undefined || (isPlain && surplus === 0 && !hasMembers))
    return { first, instead: undefined, surplus };
  const empty = groups.filter(({ name: phrase }) => /^[\w .-]{1,100}$/.test(phrase)).slice(0, 1);
  const shown = kept.length > 0 ? kept : empty.map(({ name: phrase }) => `${phrase}:;`);
  return { first, instead: shown.length === 0 ? "" : fieldOf(name === "to" ? "To" : "Cc", shown), surplus };
}

function fieldOf(name: string, entries: readonly string[]): string {
  return `${name}: ${entries.join(",\r\n ")}`;
}

/** Unfolded (RFC 5322 §2.2.3). */
function valueOf({ octets }: HeaderField): string {
  return oneField(octets)
    .toString("utf8", octets.indexOf(58) + 1)
    .replaceAll("\r\n", "");
}

/** CR, LF and NUL that stand alone would be ends of lines, and so fields, for some. Cost: a search or two. */
function oneField(octets: Buffer): Buffer {
  const isOdd = (at: number): boolean => {
    const c = octets[at];
    if (c === lineFeed) return octets[at - 1] !== carriageReturn;
    return c === 0 || (c === carriageReturn && octets[at + 1] !== lineFeed);
  };
  let cleaned: Buffer | undefined;
  for (let at = 0; at < octets.length; at++) {
    if (!isOdd(at)) continue;
    cleaned ??= Buffer.from(octets);
    cleaned[at] = 32;
  }
  return cleaned ?? octets;
}
