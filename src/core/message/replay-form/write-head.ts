/**
 * The envelope as the first lines of a file: what Exchange's Replay directory reads, and what its foreign connectors and
 * exported messages begin with. The message follows octet for octet behind the last of them.
 */
import type { Envelope, Notify, Recipient } from "../envelope.ts";

/** Says that what follows is the message's own, whatever its fields are called. */
export const endOfHead = "X-EndOfInjectedXHeaders";

/** CRLF behind each line. Addresses come from the receiving grammar: no controls in them. */
export function replayHead(envelope: Omit<Envelope, "recipients">, recipients: readonly Recipient[]): Buffer {
  const sender = [`X-Sender: <${oneLine(envelope.reversePath)}>`];
  if (envelope.body !== "7BIT") sender.push(`BODY=${envelope.body}`);
  if (envelope.smtpUtf8) sender.push("SMTPUTF8");
  if (envelope.tls === "required") sender.push("REQUIRETLS");
  if (envelope.ret !== undefined) sender.push(`RET=${envelope.ret}`);
  if (envelope.envid !== undefined) sender.push(`ENVID=${oneLine(envelope.envid)}`);
  const lines = [sender.join(" "), ...recipients.map(receiverLine), "X-CreatedBy: Weir"];
  const before = Buffer.from(lines.map((line) => `${line}\r\n`).join(""));
  return Buffer.concat([before, Buffer.from(lastLine(before.length))]);
}

/** Its value is the size of the whole head, in octets. */
function lastLine(beforeBytes: number): string {
  const line = (sizeBytes: number): string => `${endOfHead}: ${sizeBytes}\r\n`;
  const guess = beforeBytes + line(beforeBytes).length;
  // One digit more may have become necessary.
  return line(beforeBytes + line(guess).length);
}

function receiverLine({ forwardPath, notify, orcpt }: Recipient): string {
  let line = `X-Receiver: <${oneLine(forwardPath)}>`;
  if (notify !== undefined) line += ` NOTIFY=${notifyWords(notify)}`;
  if (orcpt !== undefined) line += ` ORcpt=${oneLine(orcpt)}`;
  return line;
}

/** The value of RCPT's NOTIFY (RFC 3461 §4.1). */
export function notifyWords({ never, success, failure, delay }: Notify): string {
  if (never) return "NEVER";
  return [success && "SUCCESS", failure && "FAILURE", delay && "DELAY"].filter(Boolean).join(",");
}

function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, "?");
}
