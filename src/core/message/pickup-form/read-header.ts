/**
 * The header of a file of the Pickup directory: its envelope, and what becomes of it. Exchange: Pickup directory message
 * file requirements.
 */
import { headerFields } from "../../dkim/header-fields.ts";
import { mailboxesIn, readAddressList, type ListEntry } from "../recipient-fields/address-list.ts";
import { mailDate } from "../received.ts";

export interface PickupLimits {
  readonly maxRecipients: number;
}

export interface AddedFields {
  readonly now: Date;
  /** With angle brackets. */
  readonly messageId: string;
}

export type PickupHeader =
  | {
      readonly ok: true;
      readonly sender: string;
      readonly recipients: readonly string[];
      /** CRLF line ends, the empty line behind it included. */
      readonly header: Buffer;
    }
  | { readonly ok: false; readonly fault: string };

/** No message of its own has them: they were of another way, or would tell who is not to be told of. */
const left = /^(?:bcc|received|resent-.*|x-ms-exchange-.*)$/;

/** `octets`: the header without the empty line behind it, in CRLF or LF. Cost: a few passes. */
export function readPickupHeader(
  octets: Buffer,
  { maxRecipients }: PickupLimits,
  added: AddedFields,
): PickupHeader {
  const text = octets.toString("latin1");
  const fault = (what: string): PickupHeader => ({ ok: false, fault: what });
  if (/\r(?!\n)/.test(text)) return fault("a line of its header ends in CR alone");
  const lines = Buffer.from(text.replaceAll(/\r?\n/g, "\r\n"), "latin1");
  const fields = headerFields(lines);
  const end = fields.reduce((sum, field) => sum + field.octets.length + 2, 0);
  if (end < lines.length)
    return fault(`a line of its header is no field: ${shown(lines.toString("utf8", end, end + 60))}`);

  const named = (name: string): readonly ListEntry[] =>
    fields
      .filter((field) => field.name.toLowerCase() === name)
      .flatMap((field) => readAddressList(valueOf(field.octets)));
  const unreadable = ["from", "sender", "to", "cc", "bcc"].find((name) => hasUnreadable(named(name)));
  if (unreadable !== undefined) return fault(`an address of ${unreadable} cannot be read`);
  const from = mailboxesIn(named("from"));
  const senders = mailboxesIn(named("sender"));
  const [sender] = senders.length > 0 ? senders : from;
  if (senders.length > 1) return fault("Sender has more than one address");
  if (sender === undefined) return fault("it has neither From nor Sender");
  if (senders.length === 0 && from.length > 1)
    return fault("From has several addresses, so that Sender must say which sends");
  const all = ["to", "cc", "bcc"].flatMap((name) => mailboxesIn(named(name)));
  const recipients = [...new Set(all.map(({ localPart, domain }) => `${localPart}@${domain}`))];
  if (recipients.length === 0) return fault("it has no recipients in To, Cc or Bcc");
  if (recipients.length > maxRecipients)
    return fault(
      `it has ${recipients.length} recipients, and pickupDirectoryMaxRecipientsPerMessage is ${maxRecipients}`,
    );

  const has = (name: string): boolean => fields.some((field) => field.name.toLowerCase() === name);
  const kept = fields
    .filter(({ name }) => !left.test(name.toLowerCase()))
    .map((field) => field.octets.toString("latin1"));
  if (!has("to") && !has("cc")) kept.push("To: Undisclosed recipients:;");
  if (!has("date")) kept.push(`Date: ${mailDate(added.now)}`);
  if (!has("message-id")) kept.push(`Message-ID: ${added.messageId}`);
  return {
    ok: true,
    sender: `${sender.localPart}@${sender.domain}`,
    recipients,
    header: Buffer.from(`${kept.join("\r\n")}\r\n\r\n`, "latin1"),
  };
}

function valueOf(octets: Buffer): string {
  return octets.toString("utf8", octets.indexOf(58) + 1).replaceAll("\r\n", "");
}

function hasUnreadable(entries: readonly ListEntry[]): boolean {
  return entries.some(
    (entry) => entry.kind === "unreadable" || (entry.kind === "group" && hasUnreadable(entry.members)),
  );
}

function shown(text: string): string {
  return `“${text.replaceAll(/\p{Cc}+/gu, " ").trim()}”`;
}
