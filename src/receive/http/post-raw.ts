/**
 * `POST /v1/emails/raw`: a message as it stands, taken piece by piece, whatever its size. Its envelope stands in Mail-From and
 * Rcpt-To, in the query, or in its own header, as `sendmail -t` has it.
 */
import { z } from "zod";
import {
  headerEnd,
  readEnvelopeHeader,
  type EnvelopeHeader,
} from "../../core/message/envelope-header/read-header.ts";
import { scanHeader } from "../../core/message/header-scan.ts";
import { refusedDeclaredSize, refusedSize } from "../../core/refusals/limit-refusals.ts";
import type { GivenDelivery } from "./email-schema.ts";
import { handIn } from "./hand-in.ts";
import { createHeldOctets } from "./held-octets.ts";
import type { HttpExchange } from "./http-exchange.ts";
import type { HttpServices } from "./http-services.ts";
import { withoutKeys } from "./log-line.ts";
import { envelopeOf, type Fault } from "./read-email.ts";
import { refuseFaults } from "./refuse-faults.ts";
import { BodyRefused } from "./request-body.ts";

export function postRaw(exchange: HttpExchange, services: HttpServices): Promise<void> {
  const { query } = exchange;
  const senders = [...exchange.headers("mail-from"), ...query.getAll("from")];
  const recipients = [...exchange.headers("rcpt-to"), ...query.getAll("to")];
  const asked = askedInQuery(query);
  if ("path" in asked) return refuseFaults(exchange, [asked]);
  const strange = [...senders, ...recipients].find((address) => address.includes("\ufffd"));
  if (strange !== undefined)
    return refuseFaults(exchange, [
      { path: strange === senders[0] ? "Mail-From" : "Rcpt-To", message: "is not UTF-8" },
    ]);
  if (senders.length > 1)
    return refuseFaults(exchange, [{ path: "Mail-From", message: "is given more than once" }]);
  const [sender] = senders;
  return handInRaw(exchange, services, exchange.body.pieces(), exchange.body.declaredBytes, {
    envelope: {
      ...(sender === undefined ? undefined : { mail_from: sender.trim() }),
      ...(recipients.length === 0 ? undefined : { rcpt_to: recipients.map((one) => one.trim()) }),
    },
    ...asked,
  });
}

type AskedInQuery = Pick<GivenDelivery, "partial" | "require_tls" | "priority">;

/** What stands in the query beside sender and recipients. */
function askedInQuery(query: URLSearchParams): AskedInQuery | Fault {
  let asked: AskedInQuery = {};
  for (const name of new Set(query.keys())) {
    if (name === "from" || name === "to") continue;
    const read = Object.hasOwn(queryFields, name) ? queryFields[name as keyof typeof queryFields] : undefined;
    const values = query.getAll(name);
    if (read === undefined)
      return { path: shownName(name), message: "is not known in the query", unknown: true };
    const parsed = read.safeParse(values.length === 1 ? values[0] : undefined);
    if (!parsed.success)
      return { path: name, message: `has to be ${read.options.join(" or ")}, once`, unknown: true };
    asked = { ...asked, [name]: name === "priority" ? parsed.data : parsed.data === "true" };
  }
  return asked;
}

const queryFields = {
  partial: z.enum(["true", "false"]),
  require_tls: z.enum(["true", "false"]),
  priority: z.enum(["low", "normal", "high"]),
};

/** Repeated in answers and events: what is printable of it. */
export function shownName(name: string): string {
  return withoutKeys(name)
    .slice(0, 40)
    .replaceAll(/[^\x20-\x7e]/g, "?");
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
  const { connector, rights } = exchange.submitter;
  const { maxMessageSize, maxHeaderSize } = connector;
  if (declaredBytes !== undefined && declaredBytes > maxMessageSize && !rights.bypassMessageSizeLimit)
    return exchange.refuse(refusedDeclaredSize(declaredBytes, maxMessageSize));
  const { mail_from: mailFrom, rcpt_to: rcptTo } = delivery.envelope ?? {};
  const read = await behindHeader(content, maxHeaderSize);
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
      fingerprint: fingerprint ?? { about: JSON.stringify(aboutContent(sender, recipients, delivery)) },
      messageId,
    },
  );
}

/** What is asked beside the content. What is not asked stands nowhere in it: answers of versions before are compared with it. */
function aboutContent(sender: string, recipients: readonly string[], delivery: GivenDelivery): unknown {
  const { partial = false, require_tls: requireTls = false, priority } = delivery;
  const further = { ...(requireTls ? { requireTls } : {}), ...(priority === undefined ? {} : { priority }) };
  const about = [sender, recipients, partial];
  return Object.keys(further).length === 0 ? about : [...about, further];
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
  const held = createHeldOctets();
  for (;;) {
    const next = await rest.next();
    if (next.done === true) {
      const all = held.octets;
      return { header: all, body: Buffer.alloc(0), all, rest };
    }
    const lookFrom = Math.max(0, held.octets.length - 2);
    held.add(next.value);
    const all = held.octets;
    const end = headerEnd(all, lookFrom);
    const sizeBytes = end?.header ?? all.length;
    if (sizeBytes > maxBytes)
      throw new BodyRefused(refusedSize("headerTooLarge", sizeBytes, maxBytes, end !== undefined));
    if (end !== undefined)
      return { header: all.subarray(0, end.header), body: all.subarray(end.body), all, rest };
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
