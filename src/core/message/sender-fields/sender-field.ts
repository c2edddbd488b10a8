/**
 * A field that names senders, with other addresses in it. Text here is octets read as Latin-1, whatever they mean: what is
 * not an address stays octet by octet, display names in any character set included.
 */
import type { SenderRewriting } from "../../policy/address-rewriting.ts";
import { readAddressList, type ListEntry } from "../recipient-fields/address-list.ts";

type NamedMailbox = Extract<ListEntry, { kind: "mailbox" }>;

export interface RewrittenField {
  readonly octets: Buffer;
  /** Whom it named before, as the value of a field; undefined: nobody, or nobody who is to be kept. */
  readonly before: string | undefined;
}

/** RFC 5322 §2.1.1. Octets. */
const longestLine = 998;
/** Longer names are left out. */
const longestEntry = 900;
const longestDisplayName = 100;

/**
 * Undefined: it stays. Where nothing in it is an address, all of it counts as one that cannot be read, and what stands there
 * becomes the display name. `octets`: without the last CRLF. Linear.
 */
export function rewriteSenderField(octets: Buffer, rewrite: SenderRewriting): RewrittenField | undefined {
  const field = oneField(octets);
  const colon = field.indexOf(":");
  const value = field.slice(colon + 1).replaceAll("\r\n", "  ");
  const entries = readAddressList(value, utf8Of);
  const mailboxes = entries.flatMap(namedIn);
  const rewritten = mailboxes.map(({ mailbox }) => rewrite(mailbox));
  const isClear = mailboxes.length > 0 && !entries.some(isUnclear);
  const anybody = isClear ? undefined : rewrite(undefined);
  if (rewritten.every((each) => each === undefined) && (mailboxes.length > 0 || anybody === undefined))
    return undefined;

  const addressNow = (index: number): string => {
    const [start = 0, end = 0] = mailboxes[index]?.address ?? [];
    const address = rewritten[index]?.address;
    return address === undefined ? value.slice(start, end) : latin1Of(address);
  };
  const name = field.slice(0, colon);
  if (anybody !== undefined) {
    const address = mailboxes.length > 0 ? addressNow(0) : latin1Of(anybody.address);
    const keeps = [anybody, ...rewritten].some((each) => each?.keepReplyTo === true);
    return {
      octets: latin1(`${name}: ${displayName(value)}<${address}>`),
      before: keeps && mailboxes.length > 0 ? ` ${listOf(mailboxes.map(onlyAddress))}` : undefined,
    };
  }

  let text = field;
  for (const [index, { address }] of [...mailboxes.entries()].toReversed()) {
    if (rewritten[index] === undefined) continue;
    const [start, end] = address.map((at) => at + colon + 1) as [number, number];
    text = text.slice(0, start) + addressNow(index) + text.slice(end);
  }
  const now = mailboxes.map((_, index) => addressNow(index));
  const isOnce = now.map((each, index) => now.findIndex((other) => isSame(each, other)) === index);
  if (isOnce.includes(false) || hasLongLine(text))
    text = `${name}: ${listOf(mailboxes.flatMap((entry, index) => (isOnce[index] ? [withAddress(entry, value, now[index] ?? "")] : [])))}`;
  const keeps = rewritten.some((each) => each?.keepReplyTo === true);
  return { octets: latin1(text), before: keeps ? field.slice(colon + 1) : undefined };

  function onlyAddress({ address: [start, end] }: NamedMailbox): string {
    return `<${value.slice(start, end)}>`;
  }
}

/** A new field for a value that another one had: CRLF excluded. */
export function fieldWith(name: string, value: string): Buffer {
  const text = `${name}:${value}`;
  return latin1(hasLongLine(text) ? `${name}:\r\n ${value.trimStart()}` : text);
}

/** In place of what stood there: what was somebody's name, in the form of one (RFC 5322 §3.2.5). */
function displayName(value: string): string {
  const bare = value
    .replaceAll(/<[^>]*>?/gu, " ")
    // oxlint-disable-next-line no-control-regex
    .replaceAll(/["\\\x00-\x1f\x7f]/gu, " ")
    .replaceAll(/ {2,}/gu, " ")
    .replaceAll(/^[ ,;:]+|[ ,;:]+$/gu, "");
  if (bare === "") return "";
  if (/^[\w!#$%&'*+\-/=?^`{|}~ ]+$/u.test(bare) && bare.length <= longestDisplayName) return `${bare} `;
  // Not in the middle of a UTF-8 character.
  const short = bare.slice(0, longestDisplayName);
  return `"${bare.length > longestDisplayName ? short.replace(/[\xc0-\xff][\x80-\xbf]*$/u, "") : short}" `;
}

function withAddress({ text, address: [start, end] }: NamedMailbox, value: string, now: string): string {
  const at = start - value.lastIndexOf(text, start);
  return text.length > longestEntry ? `<${now}>` : text.slice(0, at) + now + text.slice(at + end - start);
}

/** Those of groups included (RFC 6854). */
function namedIn(entry: ListEntry): readonly NamedMailbox[] {
  if (entry.kind === "mailbox") return [entry];
  return entry.kind === "group" ? entry.members.flatMap(namedIn) : [];
}

function isUnclear(entry: ListEntry): boolean {
  return entry.kind === "unreadable" || (entry.kind === "group" && entry.members.some(isUnclear));
}

/** CR, LF and NUL that stand alone would be ends of lines, and so fields, for some. The length stays. */
function oneField(octets: Buffer): string {
  // oxlint-disable-next-line no-control-regex
  return octets
    .toString("latin1")
    .replaceAll(/\r\n(?=[ \t])|[\r\n\0]/gu, (odd) => (odd.length === 2 ? odd : " "));
}

const listOf = (entries: readonly string[]): string => entries.join(",\r\n ");
const hasLongLine = (text: string): boolean => text.split("\r\n").some(({ length }) => length > longestLine);
const isSame = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");
const latin1Of = (text: string): string => Buffer.from(text, "utf8").toString("latin1");
const utf8Of = (text: string): string => latin1(text).toString("utf8");
