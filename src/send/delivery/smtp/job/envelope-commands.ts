/**
 * The envelope as commands, with the parameters a peer offers, and what stands against sending it there at all.
 * Sources: RFC 1870 (SIZE), RFC 3030 (BINARYMIME), RFC 3461 (DSN), RFC 6152 (8BITMIME), RFC 6531 (SMTPUTF8).
 */
import type { Envelope, Notify, Recipient } from "../../../../core/message/envelope.ts";
import type { SevenBitPlan } from "../../../../core/message/seven-bit/survey.ts";
import type { ErrorPolicy } from "../../../../core/policy/send-connector.ts";
import { isHeaderEightBit, type ContentFacts } from "../../../../spool/spool.ts";
import type { Verdict } from "../../delivery.ts";
import type { Capabilities } from "../wire/ehlo-capabilities.ts";
import { localVerdict } from "../wire/peer-verdict.ts";

// oxlint-disable-next-line no-control-regex
const control = /[\x00-\x1f\x7f]/;
// oxlint-disable-next-line no-control-regex
const beyondAscii = /[^\x00-\x7f]/;

/** False for a path that must never stand in a command. */
export function isSendablePath(path: string): boolean {
  return !control.test(path);
}

export function isAsciiPath(path: string): boolean {
  return !beyondAscii.test(path);
}

/** What a transaction needs to know beside the envelope. */
export interface Framing {
  /** BDAT is going to be used. */
  readonly chunking: boolean;
  /** All paths of this transaction are ASCII. */
  readonly asciiPaths: boolean;
}

/** Why the peer cannot be given this message in this form, however often one tries; undefined when it can. */
export function envelopeRefusal(
  envelope: Envelope,
  content: ContentFacts,
  capabilities: Capabilities,
  { asciiPaths }: Framing,
): Verdict | undefined {
  const { sizeLimitBytes } = capabilities;
  if (sizeLimitBytes !== undefined && content.sizeBytes > sizeLimitBytes) {
    return localVerdict(
      "5.3.4",
      `552 5.3.4 message of ${content.sizeBytes} octets is larger than the next hop takes (${sizeLimitBytes})`,
    );
  }
  if (!capabilities.smtpUtf8 && needsSmtpUtf8(envelope, content, asciiPaths)) {
    return localVerdict("5.6.7", "553 5.6.7 message needs SMTPUTF8, which the next hop does not offer");
  }
  return undefined;
}

/** The peer takes only 7-bit content, and this is other; whether that was declared makes no difference. */
export function needsSevenBit(
  envelope: Envelope,
  content: ContentFacts,
  capabilities: Capabilities,
  { chunking }: Framing,
): boolean {
  if (envelope.body === "BINARYMIME") return !chunking || !capabilities.binaryMime;
  return content.eightBit && !capabilities.eightBitMime;
}

/** Why what could not be made 7-bit is not sent as it is. */
export function unconvertedRefusal(
  { kept, keepsBinary }: SevenBitPlan,
  capabilities: Capabilities,
  errorPolicies: readonly ErrorPolicy[],
): Verdict | undefined {
  if (keepsBinary) {
    return localVerdict("5.6.3", "554 5.6.3 message is BINARYMIME, which the next hop does not take");
  }
  if (kept.length === 0 || capabilities.eightBitMime || !errorPolicies.includes("RejectUnconvertible"))
    return undefined;
  return localVerdict(
    "5.6.3",
    `554 5.6.3 message is 8-bit, which the next hop does not take, and cannot be converted (${kept.join(", ")})`,
  );
}

/**
 * An address or the header decides, never the body, which 8BITMIME is for (RFC 6531 §3.2, §3.6): clients such as
 * Go's net/smtp declare SMTPUTF8 with every message. A header with undeclared octets above 127 demands nothing.
 */
export function needsSmtpUtf8(envelope: Envelope, content: ContentFacts, asciiPaths: boolean): boolean {
  return !asciiPaths || (envelope.smtpUtf8 && isHeaderEightBit(content));
}

/** True when the envelope carries anything of RFC 3461. */
export function asksForReports(envelope: Envelope): boolean {
  return (
    envelope.ret !== undefined ||
    envelope.envid !== undefined ||
    envelope.recipients.some((recipient) => recipient.notify !== undefined || recipient.orcpt !== undefined)
  );
}

/** The MAIL command with CRLF. Cost: concatenation. */
export function mailCommand(
  envelope: Envelope,
  content: ContentFacts,
  capabilities: Capabilities,
  { chunking, asciiPaths }: Framing,
): string {
  let line = `MAIL FROM:<${envelope.reversePath}>`;
  if (capabilities.sizeLimitBytes !== undefined) {
    // SIZE counts the CRLF that DATA makes us add, but neither stuffing nor the final dot (RFC 1870 §3).
    line += ` SIZE=${content.sizeBytes + (chunking || content.endsWithCrlf || content.sizeBytes === 0 ? 0 : 2)}`;
  }
  if (envelope.body === "BINARYMIME") line += " BODY=BINARYMIME";
  else if (capabilities.eightBitMime && (content.eightBit || envelope.body === "8BITMIME"))
    line += " BODY=8BITMIME";
  if (capabilities.smtpUtf8 && needsSmtpUtf8(envelope, content, asciiPaths)) line += " SMTPUTF8";
  if (envelope.tls === "required" && capabilities.requireTls) line += " REQUIRETLS";
  if (capabilities.dsn) {
    if (envelope.ret !== undefined) line += ` RET=${envelope.ret}`;
    if (envelope.envid !== undefined) line += ` ENVID=${envelope.envid}`;
  }
  return `${line}\r\n`;
}

/**
 * A RCPT command with CRLF. `reports`: some DSN parameter was given, so the original recipient is told to the
 * next hop even if the client named none (RFC 3461 §4.2).
 */
export function recipientCommand(recipient: Recipient, capabilities: Capabilities, reports: boolean): string {
  let line = `RCPT TO:<${recipient.forwardPath}>`;
  if (reports && capabilities.dsn) {
    if (recipient.notify !== undefined) line += ` NOTIFY=${notifyValue(recipient.notify)}`;
    if (recipient.orcpt !== undefined) line += ` ORCPT=${recipient.orcpt}`;
    else if (isAsciiPath(recipient.forwardPath)) line += ` ORCPT=rfc822;${xtext(recipient.forwardPath)}`;
  }
  return `${line}\r\n`;
}

function notifyValue({ never, success, failure, delay }: Notify): string {
  if (never || !(success || failure || delay)) return "NEVER";
  return [success ? "SUCCESS" : "", failure ? "FAILURE" : "", delay ? "DELAY" : ""].filter(Boolean).join(",");
}

/** RFC 3461 §4, for ASCII. */
export function xtext(text: string): string {
  return text.replace(
    /[^\x21-\x2a\x2c-\x3c\x3e-\x7e]/g,
    (char) => `+${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}
