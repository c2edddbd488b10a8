/**
 * Replies: code, enhanced status code (RFC 2034, RFC 3463) and text. The replies that grant what was asked stand in
 * `replies`, those that refuse it in core/refusals/catalogue.ts. Texts are Exchange's where they are known.
 */
import type { MessageId } from "../message/envelope.ts";

export interface Reply {
  readonly code: number;
  /** Without it the reply carries none (greeting, EHLO, 354, 334). */
  readonly status?: string;
  readonly text: string;
  /** More lines, for EHLO and HELP: they come behind `text`. */
  readonly more?: readonly string[];
  /** The connection is closed behind this reply. */
  readonly close?: boolean;
  /** Counts against maxProtocolErrors. */
  readonly protocolError?: boolean;
}

/** Codes that refuse nothing. */
type GrantingCode = 214 | 220 | 221 | 235 | 250 | 252 | 334 | 354;

/** A reply that refuses nothing. One that does is a `ToldRefusal` (core/refusals/refusal.ts). */
export interface GrantingReply extends Reply {
  readonly code: GrantingCode;
}

const reply = (code: GrantingCode, status: string, text: string): GrantingReply => ({ code, status, text });

export const replies = {
  senderOk: reply(250, "2.1.0", "Sender OK"),
  recipientOk: reply(250, "2.1.5", "Recipient OK"),
  resetting: reply(250, "2.0.0", "Resetting"),
  ok: reply(250, "2.0.0", "OK"),
  startMailInput: { code: 354, text: "Start mail input; end with <CRLF>.<CRLF>" } as GrantingReply,
  closing: { ...reply(221, "2.0.0", "Service closing transmission channel"), close: true } as GrantingReply,
  cannotVerify: reply(252, "2.1.5", "Cannot VRFY user"),
  startTls: reply(220, "2.0.0", "SMTP server ready"),
  authenticated: reply(235, "2.7.0", "Authentication successful"),
  helpText: reply(214, "2.0.0", "This server supports the following commands:"),
} as const satisfies Record<string, GrantingReply>;

export type ReplyName = keyof typeof replies;

/** RFC 5321 §4.5.3.1.5: a line of a reply, with its code and CRLF. Octets. */
export const maxReplyLineBytes = 512;

/** The wire form, CRLF included. Cost: a look-up for one of `replies`, else strings put together and each character looked at. */
export function encodeReply(given: Reply, withStatus: boolean): string {
  const known = wireForms.get(given);
  if (known === undefined) return wireForm(given, withStatus);
  return withStatus ? known.withStatus : known.bare;
}

function wireForm({ code, status, text, more }: Reply, withStatus: boolean): string {
  const prefix = withStatus && status !== undefined ? `${status} ` : "";
  if (more === undefined || more.length === 0) return `${replyText(`${code} ${prefix}${text}`)}\r\n`;
  let out = `${replyText(`${code}-${prefix}${text}`)}\r\n`;
  const last = more.length - 1;
  for (let i = 0; i < last; i++) out += `${replyText(`${code}-${prefix}${more[i]}`)}\r\n`;
  return `${out}${replyText(`${code} ${prefix}${more[last]}`)}\r\n`;
}

/** For logs: the first line, without CRLF. */
export function replyLine(said: Reply): string {
  return replyText(wholeLine(said));
}

function wholeLine({ code, status, text }: Reply): string {
  return status === undefined ? `${code} ${text}` : `${code} ${status} ${text}`;
}

const printableAscii = /^[\x20-\x7e]*$/;

/**
 * What may stand on one line whatever it was made of (a banner, a connector's name): printable ASCII, cut at
 * `maxReplyLineBytes`.
 */
function replyText(line: string): string {
  const asciiOnly = printableAscii.test(line) ? line : line.replace(/[^\x20-\x7e]/gu, "?");
  return asciiOnly.length > maxReplyLineBytes - 2 ? asciiOnly.slice(0, maxReplyLineBytes - 2) : asciiOnly;
}

/**
 * `plain` with `clientText` in front of its text; the one way in which something that a client sent gets into a reply.
 * It is left out where it is not printable ASCII, or would make the line longer than `maxReplyLineBytes`.
 */
function repeating(clientText: string | undefined, plain: GrantingReply): GrantingReply {
  if (clientText === undefined || clientText === "" || !printableAscii.test(clientText)) return plain;
  const repeated = { ...plain, text: `${clientText} ${plain.text}` };
  return wholeLine(repeated).length > maxReplyLineBytes - 2 ? plain : repeated;
}

/** The content was taken. `messageId` is the client's own. Text: Exchange's. */
export function queuedForDelivery(id: MessageId, messageId: string | undefined, fqdn: string): GrantingReply {
  return repeating(messageId, {
    code: 250,
    status: "2.6.0",
    text: `[InternalId=${id}, Hostname=${fqdn}] Queued mail for delivery`,
  });
}

/** A chunk that is not the last was taken (BDAT). Text: Exchange's. */
export function chunkReceived(sizeBytes: number): GrantingReply {
  return { code: 250, status: "2.6.0", text: `CHUNK received OK, ${sizeBytes} octets` };
}

/** Of the replies that never change: most of what is said. */
const wireForms = new Map<Reply, { readonly bare: string; readonly withStatus: string }>();
for (const one of Object.values(replies))
  wireForms.set(one, { bare: wireForm(one, false), withStatus: wireForm(one, true) });
