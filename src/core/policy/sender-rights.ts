/**
 * Who may send as whom: `sendAs` of a user or application against the reverse-path, and against the fields of a header
 * that name a sender. Exchange checks the same two (ms-Exch-SMTP-Accept-Any-Sender, "sender-spoof check").
 *
 * A header's addresses are read by the letter: what is not plainly an address is refused, because the next reader may
 * see another one in it. An address that stands as a name in front of another one counts as well.
 */
import { parseMailbox, routingDomain } from "../smtp/address.ts";
import { readAddressList, type ListEntry } from "../message/recipient-fields/address-list.ts";
import type { ToAscii } from "../message/recipient-fields/address-key.ts";
import type { SenderField } from "../message/header-scan.ts";
import { isAcceptedDomain } from "./accepted-domain.ts";
import { comparable, type SenderPattern } from "./sender-pattern.ts";

/** `where`: `MAIL FROM`, or the field's name. */
export type SenderFault =
  /** Empty: the null sender. */
  | { readonly kind: "notAmong"; readonly where: string; readonly address: string }
  /** There is no address, or it cannot be read. */
  | { readonly kind: "unclear"; readonly where: string; readonly problem: string };

/** `reversePath`: as MAIL gave it, empty for `<>`. Undefined: it is among the rights. Cost: a look at each pattern. */
export function refuseReversePath(
  sendAs: readonly SenderPattern[],
  reversePath: string,
  toAscii: ToAscii,
): SenderFault | undefined {
  const isAllowed =
    reversePath === ""
      ? sendAs.some(({ kind }) => kind === "null" || kind === "anybody")
      : isAmong(sendAs, reversePath, toAscii);
  return isAllowed ? undefined : { kind: "notAmong", where: "MAIL FROM", address: reversePath };
}

/**
 * `fields`: all that name a sender, each as often as it stands in the header. A header without a From says nothing and is
 * not refused: readers show the reverse-path. Undefined: every address is among the rights. Linear in their length.
 */
export function refuseSenderFields(
  sendAs: readonly SenderPattern[],
  fields: readonly SenderField[],
  toAscii: ToAscii,
): SenderFault | undefined {
  if (sendAs.some(({ kind }) => kind === "anybody")) return undefined;
  for (const { name, value } of fields) {
    const entries = readAddressList(value).flatMap(membersOf);
    if (entries.length === 0) return unclear(name, "names no address");
    for (const entry of entries) {
      const addresses = entry.kind === "mailbox" ? [addressOf(entry)] : addressesOfSloppy(entry);
      if (addresses === undefined)
        return unclear(name, "cannot be read as addresses; a name with a comma or an @ in it needs quotes");
      // RFC 2047 §5 forbids it, and readers that decode it show the address that stands in there.
      if (addresses.some((one) => encodedWord.test(one)))
        return unclear(name, "has an encoded word for an address");
      const address = addresses.find((one) => !isAmong(sendAs, one, toAscii));
      if (address !== undefined) return { kind: "notAmong", where: name, address };
    }
  }
  return undefined;
}

const encodedWord = /=\?[^?]*\?[bq]\?[^?]*\?=/i;

type Entry = Exclude<ListEntry, { kind: "group" }>;

/** A group's name that holds an @ is read as an address by who knows no groups, and so is a name that is no phrase. */
function membersOf(entry: ListEntry): readonly Entry[] {
  if (entry.kind === "unreadable") return [entry];
  if (entry.kind === "mailbox")
    return entry.isNamedPlainly ? [entry] : [{ kind: "unreadable", text: entry.text }];
  const { name, isNamedPlainly, members } = entry;
  const isPlain = isNamedPlainly && !name.includes("@");
  return [...(isPlain ? [] : [{ kind: "unreadable", text: name } as const]), ...members.flatMap(membersOf)];
}

function addressOf({ mailbox: { localPart, domain } }: Extract<Entry, { kind: "mailbox" }>): string {
  return `${localPart}@${domain}`;
}

/** `erp@contoso.com <erp@contoso.com>`, as scripts write it: both count. Undefined: it is not of that form. */
function addressesOfSloppy({ text }: Extract<Entry, { kind: "unreadable" }>): readonly string[] | undefined {
  const [, name = "", address = ""] =
    /^\s*([^\s<>@"(),;:\\]+@[^\s<>@"(),;:\\]+)\s*<([^\s<>]+)>\s*$/.exec(text) ?? [];
  return parseMailbox(name) === undefined || parseMailbox(address) === undefined
    ? undefined
    : [name, address];
}

function unclear(where: string, problem: string): SenderFault {
  return { kind: "unclear", where, problem };
}

function isAmong(sendAs: readonly SenderPattern[], address: string, toAscii: ToAscii): boolean {
  const at = address.lastIndexOf("@");
  const localPart = comparable(address.slice(0, at));
  // A domain that has no form of its own is nobody's.
  const domain = routingDomain(address.slice(at + 1), toAscii);
  return sendAs.some((pattern) => {
    if (pattern.kind !== "addresses") return pattern.kind === "anybody";
    return (
      domain !== undefined && isAcceptedDomain([pattern.domain], domain) && fits(localPart, pattern.localPart)
    );
  });
}

/** `pieces` in their order, the first at the beginning, the last at the end, anything between them. Linear. */
function fits(text: string, pieces: readonly string[]): boolean {
  const [first = "", ...rest] = pieces;
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false;
  const end = text.length - last.length;
  let at = first.length;
  for (const piece of rest) {
    const found = text.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}
