/** The machine-readable part: message/delivery-status (RFC 3464), message/global-delivery-status (RFC 6533). */
import { rfc5322Date, type ReportInput, type ReportKind, type ReportRecipient } from "./report-input.ts";
import { asciiText, boundedLine, decodeUnitext, decodeXtext, isAscii, singleLine } from "./text.ts";

export const actionOf: Readonly<Record<ReportKind, string>> = {
  failed: "failed",
  delayed: "delayed",
  relayed: "relayed",
  delivered: "delivered",
};

/** Groups of fields, an empty line behind each; CRLF line ends. `global`: UTF-8 is allowed. */
export function statusPart(input: ReportInput, global: boolean): string {
  const clean = global ? singleLine : asciiText;
  const lines: string[] = [];
  const envid = input.envid === undefined ? "" : clean(decodeXtext(input.envid));
  if (envid !== "") lines.push(`Original-Envelope-Id: ${envid}`);
  lines.push(`Reporting-MTA: dns; ${asciiText(input.hostname)}`);
  const receivedFrom = input.receivedFrom === undefined ? "" : asciiText(input.receivedFrom);
  if (receivedFrom !== "") lines.push(`Received-From-MTA: dns; ${receivedFrom}`);
  lines.push(`Arrival-Date: ${rfc5322Date(input.arrivalDate)}`, "");
  for (const recipient of input.recipients) lines.push(...recipientFields(recipient, input.kind, global), "");
  return lines.map(boundedLine).join("\r\n");
}

function recipientFields(recipient: ReportRecipient, kind: ReportKind, global: boolean): string[] {
  const clean = global ? singleLine : asciiText;
  const lines: string[] = [];
  const original = originalRecipient(recipient.orcpt, global);
  if (original !== undefined) lines.push(`Original-Recipient: ${original}`);
  lines.push(
    `Final-Recipient: ${typedAddress(recipient.finalRecipient, global)}`,
    `Action: ${actionOf[kind]}`,
    `Status: ${statusFor(recipient.status, kind)}`,
  );
  if (recipient.remoteHost !== undefined) lines.push(`Remote-MTA: dns; ${clean(recipient.remoteHost)}`);
  if (recipient.diagnostic !== undefined) {
    const type =
      recipient.diagnostic.fromPeer || /^[245]\d\d /.test(recipient.diagnostic.text) ? "smtp" : "X-Weir";
    lines.push(`Diagnostic-Code: ${type}; ${clean(recipient.diagnostic.text)}`);
  }
  if (recipient.lastAttempt !== undefined) {
    lines.push(`Last-Attempt-Date: ${rfc5322Date(recipient.lastAttempt)}`);
  }
  if (kind === "delayed" && recipient.willRetryUntil !== undefined) {
    lines.push(`Will-Retry-Until: ${rfc5322Date(recipient.willRetryUntil)}`);
  }
  return lines;
}

/** RFC 3464 §2.3.4 wants class 2 for success, 4 for delay; a failure after temporary ones keeps its 4.4.7. */
function statusFor(status: string, kind: ReportKind): string {
  const valid = /^[245]\.\d{1,3}\.\d{1,3}$/.test(status);
  switch (kind) {
    case "failed":
      return valid && !status.startsWith("2") ? status : "5.0.0";
    case "delayed":
      return valid && status.startsWith("4") ? status : "4.4.7";
    case "relayed":
    case "delivered":
      return valid && status.startsWith("2") ? status : "2.0.0";
  }
}

/** A type other than `rfc822` is kept when it is an atom; its value is decoded, never executed. */
function originalRecipient(orcpt: string | undefined, global: boolean): string | undefined {
  if (orcpt === undefined) return undefined;
  const split = orcpt.indexOf(";");
  const type = orcpt.slice(0, Math.max(split, 0));
  if (split < 0 || !/^[A-Za-z0-9-]{1,40}$/.test(type)) return undefined;
  const value = decodeXtext(orcpt.slice(split + 1));
  const isUtf8 = type.toLowerCase() === "utf-8";
  const text = global
    ? singleLine(isUtf8 ? decodeUnitext(value) : value)
    : isUtf8
      ? encodedUnitext(value)
      : asciiText(value);
  return text === "" ? undefined : `${type};${text}`;
}

function typedAddress(mailbox: string, global: boolean): string {
  if (isAscii(mailbox)) return `rfc822;${asciiText(mailbox)}`;
  return `utf-8;${global ? singleLine(mailbox) : encodedUnitext(mailbox)}`;
}

/** RFC 6533 §3 utf-8-addr-xtext: characters above 127 as `\x{HEX}`. */
function encodedUnitext(text: string): string {
  let out = "";
  for (const character of singleLine(text)) {
    const code = character.codePointAt(0) ?? 0x3f;
    out += code > 127 ? `\\x{${code.toString(16).toUpperCase()}}` : character;
  }
  return out;
}
