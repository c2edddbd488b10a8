/**
 * Replies: code, enhanced status code (RFC 2034, RFC 3463) and text. Every reply the receiving side can give
 * stands in `replies`, so that a test can walk them all. Texts are Exchange's where they are known.
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

const reply = (code: number, status: string, text: string, extra?: Partial<Reply>): Reply => ({
  code,
  status,
  text,
  ...extra,
});
const error = { protocolError: true } as const;
const closing = { close: true } as const;

export const replies = {
  senderOk: reply(250, "2.1.0", "Sender OK"),
  recipientOk: reply(250, "2.1.5", "Recipient OK"),
  resetting: reply(250, "2.0.0", "Resetting"),
  ok: reply(250, "2.0.0", "OK"),
  startMailInput: { code: 354, text: "Start mail input; end with <CRLF>.<CRLF>" } as Reply,
  closing: reply(221, "2.0.0", "Service closing transmission channel", closing),
  cannotVerify: reply(252, "2.1.5", "Cannot VRFY user"),
  startTls: reply(220, "2.0.0", "SMTP server ready"),
  authenticated: reply(235, "2.7.0", "Authentication successful"),
  helpText: reply(214, "2.0.0", "This server supports the following commands:"),

  unrecognizedCommand: reply(500, "5.3.3", "Unrecognized command", error),
  lineTooLong: reply(500, "5.5.6", "Line too long", error),
  bareLinefeedInCommand: reply(
    500,
    "5.5.2",
    "A command line must end in CRLF, not in a bare line feed",
    error,
  ),
  invalidCharacters: reply(500, "5.5.2", "Command contains characters that are not allowed", error),
  syntaxError: reply(501, "5.5.4", "Invalid arguments", error),
  invalidDomainName: reply(501, "5.5.4", "Invalid domain name", error),
  unrecognizedParameter: reply(555, "5.5.4", "Unsupported option", error),
  invalidParameterValue: reply(501, "5.5.4", "Invalid parameter value", error),
  commandNotImplemented: reply(502, "5.3.3", "Command not implemented", error),
  badSequence: reply(503, "5.5.2", "Bad sequence of commands", error),
  sendHelloFirst: reply(503, "5.5.2", "Send hello first", error),
  senderAlreadySpecified: reply(503, "5.5.2", "Sender already specified", error),
  needMail: reply(503, "5.5.2", "Need mail command", error),
  noValidRecipients: reply(554, "5.5.1", "No valid recipients", error),
  binaryNeedsBdat: reply(503, "5.5.2", "BODY=BINARYMIME needs BDAT", error),
  endOfDataNeedsCrlf: reply(
    550,
    "5.6.11",
    "SMTP; lines must end in CR and LF: the message's end was not found, and it was not taken",
    { close: true },
  ),
  invalidSender: reply(501, "5.1.7", "Invalid address"),
  invalidRecipient: reply(501, "5.1.3", "Invalid address"),
  utf8NotOffered: reply(553, "5.6.7", "Address needs SMTPUTF8"),
  addressTooLong: reply(501, "5.1.3", "Address too long"),

  notAuthenticated: reply(
    530,
    "5.7.57",
    "SMTP; Client was not authenticated to send anonymous mail during MAIL FROM",
    error,
  ),
  tlsRequired: reply(451, "5.7.3", "STARTTLS is required to send mail", error),
  unableToRelay: reply(550, "5.7.54", "SMTP; Unable to relay recipient in non-accepted domain"),
  reservedTopLevelDomain: reply(550, "5.1.4", "Recipient address reserved by RFC 2606"),
  reservedSecondLevelDomain: reply(550, "5.1.5", "Recipient address reserved by RFC 2606"),
  singleLabelDomain: reply(550, "5.1.6", "Recipient addresses in single label domains not accepted"),
  authenticationFailed: reply(535, "5.7.3", "Authentication unsuccessful"),
  authenticationCancelled: reply(501, "5.7.0", "Authentication cancelled", error),
  authenticationMalformed: reply(501, "5.5.2", "Cannot decode response", error),
  authenticationMechanismUnknown: reply(504, "5.7.4", "Unrecognized authentication type", error),
  authenticationNeedsTls: reply(
    538,
    "5.7.11",
    "Encryption required for requested authentication mechanism",
    error,
  ),
  authenticationTemporary: reply(454, "4.7.0", "Temporary authentication failure"),
  alreadyAuthenticated: reply(503, "5.5.2", "Already authenticated", error),
  tlsNotAvailable: reply(454, "4.7.0", "TLS not available due to temporary reason"),

  messageTooLarge: reply(552, "5.3.4", "Message size exceeds fixed maximum message size"),
  headerTooLarge: reply(552, "5.3.4", "Header size exceeds fixed maximum size", closing),
  hopCountExceeded: reply(554, "5.4.6", "Hop count exceeded - possible mail loop"),
  bareLinefeed: reply(550, "5.6.11", "Message contains a line feed that no carriage return precedes"),
  bareCarriageReturn: reply(550, "5.6.11", "Message contains a carriage return that no line feed follows"),
  nulInContent: reply(550, "5.6.0", "Message contains a NUL octet, which only BODY=BINARYMIME may carry"),
  tooManyRecipients: reply(452, "4.5.3", "Too many recipients"),
  insufficientResources: reply(452, "4.3.1", "Insufficient system resources"),
  localError: reply(451, "4.3.0", "Local error, the message was not kept; try again later"),

  connectionLimit: reply(
    421,
    "4.3.2",
    "The maximum number of concurrent server connections has exceeded a limit, closing transmission channel",
    closing,
  ),
  connectionLimitPerSource: reply(
    421,
    "4.3.2",
    "The maximum number of concurrent server connections has exceeded a per-source limit, closing transmission channel",
    closing,
  ),
  connectionRate: reply(
    421,
    "4.3.2",
    "The rate of new connections has exceeded a limit, closing transmission channel",
    closing,
  ),
  messageRate: reply(
    421,
    "4.4.2",
    "Message submission rate for this client has exceeded the configured limit",
    closing,
  ),
  noConnector: reply(
    421,
    "4.3.2",
    "Service not available: no receive connector serves this address",
    closing,
  ),
  shuttingDown: reply(421, "4.3.2", "Service not active: shutting down, try again later", closing),
  timedOut: reply(421, "4.4.1", "Connection timed out", closing),
  tooManyErrors: reply(
    421,
    "4.7.0",
    "Too many errors on this connection, closing transmission channel",
    closing,
  ),
  tooManyLogonFailures: reply(
    421,
    "4.7.0",
    "Too many errors on this connection, closing transmission channel",
    closing,
  ),
  ehloDomainRequired: reply(501, "5.5.4", "Invalid domain name", { close: true, protocolError: true }),
  fault: reply(421, "4.3.0", "Local error, closing transmission channel; try again later", closing),
} as const satisfies Record<string, Reply>;

export type ReplyName = keyof typeof replies;

/** RFC 5321 §4.5.3.1.5: a line of a reply, with its code and CRLF. Octets. */
export const maxReplyLineBytes = 512;

/** The wire form, CRLF included. Cost: string concatenation and a look at each character; no copy of a good line. */
export function encodeReply({ code, status, text, more }: Reply, withStatus: boolean): string {
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
function repeating(clientText: string | undefined, plain: Reply): Reply {
  if (clientText === undefined || clientText === "" || !printableAscii.test(clientText)) return plain;
  const repeated = { ...plain, text: `${clientText} ${plain.text}` };
  return wholeLine(repeated).length > maxReplyLineBytes - 2 ? plain : repeated;
}

/** The content was taken. `messageId` is the client's own. Text: Exchange's. */
export function queuedForDelivery(id: MessageId, messageId: string | undefined, fqdn: string): Reply {
  return repeating(messageId, {
    code: 250,
    status: "2.6.0",
    text: `[InternalId=${id}, Hostname=${fqdn}] Queued mail for delivery`,
  });
}

/** A chunk that is not the last was taken (BDAT). Text: Exchange's. */
export function chunkReceived(sizeBytes: number): Reply {
  return { code: 250, status: "2.6.0", text: `CHUNK received OK, ${sizeBytes} octets` };
}
