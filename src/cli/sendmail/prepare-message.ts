/**
 * What sendmail(8) makes of a message before it goes out: a header where there is none, the fields every message has, whole
 * addresses; recipients out of the header (-t), and no Bcc left in it.
 */
import { readAddressList, type ListEntry } from "../../core/message/recipient-fields/address-list.ts";
import { fieldTexts } from "../../core/dkim/header-fields.ts";
import { ContentFraming } from "../../core/smtp/content-framing.ts";
import { mailDate } from "../../core/message/received.ts";

export interface Surroundings {
  /** Who runs the program, and under which domain local names stand. */
  readonly user: string;
  readonly domain: string;
  readonly fullName: string | undefined;
  readonly now: Date;
  /** Unique; without angle brackets and domain. */
  readonly messageId: string;
}

export interface PreparedMessage {
  /** CRLF line ends. */
  readonly content: Buffer;
  readonly recipients: readonly string[];
  /** What the header names as recipients and cannot be read. */
  readonly unreadable: readonly string[];
}

interface Field {
  /** Lower case. */
  readonly name: string;
  /** Octets as characters, without the line end behind. */
  readonly text: string;
}

/** Fields that are for this program, or that only a final delivery may write. */
const dropped = new Set(["bcc", "resent-bcc", "return-path", "content-length"]);
const addressed = new Set([
  "from",
  "sender",
  "reply-to",
  "to",
  "cc",
  "bcc",
  "resent-from",
  "resent-sender",
  "resent-to",
  "resent-cc",
  "resent-bcc",
]);
const recipientFields = ["to", "cc", "bcc"];

export function prepareMessage(
  input: Buffer,
  { fromHeader }: { readonly fromHeader: boolean },
  around: Surroundings,
): PreparedMessage {
  const octets = withLineEnds(input);
  const { fields, bodyAt } = fieldsOf(octets);
  const whole = fields.map((field) => (addressed.has(field.name) ? qualified(field, around.domain) : field));
  const named = fromHeader ? recipientsIn(whole) : { recipients: [], unreadable: [] };
  const kept = [...whole.filter(({ name }) => !dropped.has(name)), ...missing(whole, around)];
  const header = `${kept.map(({ text }) => text).join("\r\n")}\r\n\r\n`;
  return { content: Buffer.concat([Buffer.from(header, "latin1"), octets.subarray(bodyAt)]), ...named };
}

/** A local name becomes an address; an address stays as it is. */
export function qualifiedAddress(text: string, domain: string): string {
  return text.includes("@") ? text : `${text}@${domain}`;
}

/** As the relay reads raw content (core/smtp/content-framing); a lone CR in the header ends no line, lest it begin a field. */
function withLineEnds(input: Buffer): Buffer {
  const [, header = ""] = /^([\s\S]*?)(?:\r?\n\r?\n|$)/.exec(input.toString("latin1")) ?? [];
  let given = input;
  if (/\r(?!\r*\n|$)/.test(header))
    given = Buffer.concat([
      Buffer.from(header.replaceAll(/\r(?!\r*\n|$)/g, " "), "latin1"),
      input.subarray(header.length),
    ]);
  const framing = new ContentFraming({ mode: "raw", maxHeaderBytes: 0 });
  const pieces: Buffer[] = [];
  framing.feed(given, 0, given.length, pieces);
  framing.finish(pieces);
  return Buffer.concat(pieces);
}

/** The header's fields, and where the body begins: behind the empty line, or at the first line that is no field. */
function fieldsOf(octets: Buffer): { readonly fields: readonly Field[]; readonly bodyAt: number } {
  const start = /^>?From [^\r\n]*\r\n/.exec(octets.toString("latin1", 0, 1000))?.[0].length ?? 0;
  const emptyLine = octets.indexOf("\r\n\r\n", start, "latin1");
  const found = fieldTexts(octets.toString("latin1", start, emptyLine === -1 ? undefined : emptyLine));
  const fields = found.map(({ kind, text }) => ({ name: kind, text }));
  const end = found.reduce((at, { text }) => at + text.length + 2, start);
  const bodyAt = octets[end] === 13 && octets[end + 1] === 10 ? end + 2 : Math.min(end, octets.length);
  return { fields, bodyAt };
}

const utf8 = (text: string): string => Buffer.from(text, "latin1").toString("utf8");

function valueOf({ text }: Field): { readonly at: number; readonly value: string } {
  const at = text.indexOf(":") + 1;
  // A fold is white space; the places stay what they are.
  return { at, value: text.slice(at).replaceAll("\r\n", "  ") };
}

/** With the domain behind each local name alone. */
function qualified(field: Field, domain: string): Field {
  const { at, value } = valueOf(field);
  const inserts: number[] = [];
  const look = (entries: readonly ListEntry[]): void => {
    for (const entry of entries) {
      if (entry.kind === "group") look(entry.members);
      if (entry.kind !== "mailbox") continue;
      const [from, to] = entry.address;
      if (!value.slice(from, to).includes("@")) inserts.push(at + to);
    }
  };
  look(readAddressList(value, (text) => qualifiedAddress(utf8(text), domain)));
  let { text } = field;
  for (const place of inserts.toReversed()) text = `${text.slice(0, place)}@${domain}${text.slice(place)}`;
  return { ...field, text };
}

/** Of Resent fields where there are such (RFC 5322 §3.6.6), else of the message's own. */
function recipientsIn(fields: readonly Field[]): Pick<PreparedMessage, "recipients" | "unreadable"> {
  const resent = recipientFields.map((name) => `resent-${name}`);
  const names = fields.some(({ name }) => resent.includes(name)) ? resent : recipientFields;
  const recipients: string[] = [];
  const unreadable: string[] = [];
  const take = (entries: readonly ListEntry[]): void => {
    for (const entry of entries) {
      if (entry.kind === "group") take(entry.members);
      else if (entry.kind === "mailbox")
        recipients.push(`${entry.mailbox.localPart}@${entry.mailbox.domain}`);
      else unreadable.push(utf8(entry.text).trim());
    }
  };
  for (const field of fields)
    if (names.includes(field.name)) take(readAddressList(valueOf(field).value, utf8));
  return { recipients, unreadable };
}

function missing(fields: readonly Field[], around: Surroundings): Field[] {
  const has = (name: string): boolean => fields.some((field) => field.name === name);
  const { user, domain, fullName, now, messageId } = around;
  const added: Field[] = [];
  const add = (name: string, value: string): void => {
    if (!has(name.toLowerCase()))
      added.push({ name: name.toLowerCase(), text: Buffer.from(`${name}: ${value}`).toString("latin1") });
  };
  add(
    "From",
    fullName === undefined || fullName === ""
      ? `${user}@${domain}`
      : `${phrase(fullName)} <${user}@${domain}>`,
  );
  add("Date", mailDate(now));
  add("Message-ID", `<${messageId}@${domain}>`);
  return added;
}

/** A display name that can end neither its quotes nor its line (RFC 5322 §3.2.4, RFC 2047 §2). */
function phrase(name: string): string {
  const line = name.replaceAll(/\p{Cc}+/gu, " ").trim();
  // oxlint-disable-next-line no-control-regex
  if (/[^\x20-\x7e]/.test(line)) return `=?utf-8?B?${Buffer.from(line).toString("base64")}?=`;
  return `"${line.replaceAll(/["\\]/g, "\\$&")}"`;
}
