/**
 * `POST /v1/emails/raw`: a message as it stands, taken piece by piece, whatever its size. Its envelope stands in Mail-From and
 * Rcpt-To, in the query, or in its own header, as `sendmail -t` has it.
 */
import {
  headerEnd,
  readEnvelopeHeader,
  type EnvelopeHeader,
} from "../../core/message/envelope-header/read-header.ts";
import { scanHeader } from "../../core/message/header-scan.ts";
import { refusedSize } from "../../core/refusals/limit-refusals.ts";
import type { GivenDelivery } from "./email-schema.ts";
import { handIn } from "./hand-in.ts";
import type { HttpExchange } from "./http-exchange.ts";
import type { HttpServices } from "./http-services.ts";
import { envelopeOf, type Fault } from "./read-email.ts";
import { refuseFaults } from "./refuse-faults.ts";
import { BodyRefused } from "./request-body.ts";

export function postRaw(exchange: HttpExchange, services: HttpServices): Promise<void> {
  const { query } = exchange;
  const senders = [...exchange.headers("mail-from"), ...query.getAll("from")];
  const recipients = [...exchange.headers("rcpt-to"), ...query.getAll("to")];
  const unknown = [...query.keys()].find((name) => name !== "from" && name !== "to" && name !== "partial");
  if (unknown !== undefined)
    return refuseFaults(exchange, [
      { path: unknown.slice(0, 40), message: "is not known in the query", unknown: true },
    ]);
  if (senders.length > 1)
    return refuseFaults(exchange, [{ path: "Mail-From", message: "is given more than once" }]);
  const partial = query.getAll("partial");
  if (partial.length > 1 || !["true", "false"].includes(partial[0] ?? "false"))
    return refuseFaults(exchange, [
      { path: "partial", message: "has to be true or false, once", unknown: true },
    ]);
  const [sender] = senders;
  return handInRaw(exchange, services, exchange.body.pieces(), exchange.body.declaredBytes, {
    envelope: {
      ...(sender === undefined ? undefined : { mail_from: sender.trim() }),
      ...(recipients.length === 0 ? undefined : { rcpt_to: recipients.map((one) => one.trim()) }),
    },
    partial: partial[0] === "true",
  });
}

/** `delivery.envelope`: what of it is not given stands in the header. */
export async function handInRaw(
  exchange: HttpExchange,
  services: HttpServices,
  content: AsyncIterable<Buffer>,
  declaredBytes: number | undefined,
  delivery: GivenDelivery,
  fingerprint?: Buffer,
): Promise<void> {
  const { mail_from: mailFrom, rcpt_to: rcptTo } = delivery.envelope ?? {};
  const read = await behindHeader(content, exchange.submitter.connector.maxHeaderSize);
  let sender = mailFrom;
  let recipients: readonly string[] | undefined = rcptTo;
  let pieces = [read.all];
  if (sender === undefined || recipients === undefined) {
    const header = readEnvelopeHeader(read.header);
    if (!header.ok) return refuseFaults(exchange, [{ path: "", message: header.fault }]);
    const missing = missingIn(header, recipients === undefined, sender === undefined);
    if (missing !== undefined) return refuseFaults(exchange, [missing]);
    sender ??= header.sender ?? "";
    if (recipients === undefined) pieces = [header.header, read.body];
    recipients ??= header.recipients;
  }
  const { messageId } = scanHeader(read.header);
  return handIn(
    exchange,
    services,
    { ...envelopeOf(sender, recipients, delivery), body: "8BITMIME", sizeBytes: declaredBytes },
    joined(pieces, read.rest),
    {
      delivery,
      fingerprint: fingerprint ?? { about: JSON.stringify([sender, recipients, delivery.partial ?? false]) },
      messageId,
    },
  );
}

function missingIn(
  { sender, recipients }: Extract<EnvelopeHeader, { ok: true }>,
  wantsRecipients: boolean,
  wantsSender: boolean,
): Fault | undefined {
  if (wantsSender && sender === undefined)
    return {
      path: "Mail-From",
      message: "is missing, and the message has no From or Sender with one address",
    };
  return wantsRecipients && recipients.length === 0
    ? { path: "Rcpt-To", message: "is missing, and the message has no recipients in To, Cc or Bcc" }
    : undefined;
}

interface HeaderRead {
  readonly header: Buffer;
  /** Of the body, as far as it came along. */
  readonly body: Buffer;
  readonly all: Buffer;
  readonly rest: AsyncIterator<Buffer>;
}

async function behindHeader(content: AsyncIterable<Buffer>, maxBytes: number): Promise<HeaderRead> {
  const rest = content[Symbol.asyncIterator]();
  let all: Buffer = Buffer.alloc(0);
  for (;;) {
    const end = headerEnd(all);
    if ((end?.header ?? all.length) > maxBytes)
      throw new BodyRefused(refusedSize("headerTooLarge", all.length, maxBytes, end !== undefined));
    if (end !== undefined)
      return { header: all.subarray(0, end.header), body: all.subarray(end.body), all, rest };
    const next = await rest.next();
    if (next.done === true) return { header: all, body: Buffer.alloc(0), all, rest };
    all = Buffer.concat([all, next.value]);
  }
}

async function* joined(pieces: readonly Buffer[], rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  for (const piece of pieces) if (piece.length > 0) yield piece;
  for (;;) {
    const next = await rest.next();
    if (next.done === true) return;
    yield next.value;
  }
}

export async function* inOnePiece(octets: Buffer): AsyncGenerator<Buffer> {
  yield octets;
}
