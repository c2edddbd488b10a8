/**
 * The header of a message that came without an envelope: who sends it, to whom, and what of it stays. As `sendmail -t`: To, Cc
 * and Bcc name the recipients, and Bcc goes.
 */
import { headerFields, type HeaderField } from "../../dkim/header-fields.ts";
import { mailboxesIn, readAddressList, type ListEntry } from "../recipient-fields/address-list.ts";

export type EnvelopeHeader =
  | {
      readonly ok: true;
      /** Of Sender, else of From; undefined: there is none that is one address. */
      readonly sender: string | undefined;
      /** Each once. */
      readonly recipients: readonly string[];
      /** Without Bcc; CRLF line ends, the empty line behind it included. */
      readonly header: Buffer;
    }
  | { readonly ok: false; readonly fault: string };

const recipientFields = ["to", "cc", "bcc"];

/** `octets`: the header without the empty line behind it, in CRLF or LF. Cost: a few passes. */
export function readEnvelopeHeader(octets: Buffer): EnvelopeHeader {
  const text = octets.toString("latin1");
  if (/\r(?!\n)/.test(text)) return { ok: false, fault: "a line of its header ends in CR alone" };
  const lines = Buffer.from(text.replaceAll(/\r?\n/g, "\r\n"), "latin1");
  const fields = headerFields(lines);
  const end = fields.reduce((sum, field) => sum + field.octets.length + 2, 0);
  if (end < lines.length) return { ok: false, fault: "a line of its header is no field" };
  const named = (name: string): readonly ListEntry[] =>
    fields
      .filter((field) => field.name.toLowerCase() === name)
      .flatMap((field) => readAddressList(valueOf(field)));
  const isResent = fields.some(({ name }) => name.toLowerCase().startsWith("resent-"));
  if (isResent) return { ok: false, fault: "it was resent (Resent-…), so that the envelope has to be given" };
  const unreadable = recipientFields.find((name) => hasUnreadable(named(name)));
  if (unreadable !== undefined) return { ok: false, fault: `an address of ${unreadable} cannot be read` };
  const senders = mailboxesIn(named("sender"));
  const [sender, ...others] = senders.length > 0 ? senders : mailboxesIn(named("from"));
  const all = recipientFields.flatMap((name) => mailboxesIn(named(name)));
  const kept = fields
    .filter(({ name }) => name.toLowerCase() !== "bcc")
    .map((field) => field.octets.toString("latin1"));
  if (!["to", "cc"].some((name) => fields.some((field) => field.name.toLowerCase() === name)))
    kept.push("To: undisclosed-recipients:;");
  return {
    ok: true,
    sender: sender === undefined || others.length > 0 ? undefined : `${sender.localPart}@${sender.domain}`,
    recipients: [...new Set(all.map(({ localPart, domain }) => `${localPart}@${domain}`))],
    header: Buffer.from(`${kept.join("\r\n")}\r\n\r\n`, "latin1"),
  };
}

function valueOf({ octets }: HeaderField): string {
  return octets.toString("utf8", octets.indexOf(58) + 1).replaceAll("\r\n", "");
}

function hasUnreadable(entries: readonly ListEntry[]): boolean {
  return entries.some(
    (entry) => entry.kind === "unreadable" || (entry.kind === "group" && hasUnreadable(entry.members)),
  );
}

/**
 * Where the header ends and the body begins: around the first empty line; undefined: it has not come yet. `from`: where to
 * look from, not behind the last three octets of what was looked through before.
 */
export function headerEnd(
  octets: Buffer,
  from = 0,
): { readonly header: number; readonly body: number } | undefined {
  for (let feed = octets.indexOf(10, from); feed >= 0; feed = octets.indexOf(10, feed + 1)) {
    const behind = octets[feed + 1] === 13 ? feed + 2 : feed + 1;
    if (octets[behind] === 10) return { header: feed + 1, body: behind + 1 };
  }
  return undefined;
}
