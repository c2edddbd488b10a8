/**
 * What a file of the drop directory begins with and is called. The head is the envelope, in the form Exchange's
 * foreign connectors write and its Replay directory reads: X-Sender, X-Receiver, X-CreatedBy.
 */
import type { Notify, Recipient } from "../../core/message/envelope.ts";
import type { Claim } from "../../spool/spool.ts";

/**
 * `20260115T090000.000Z-<id>-<n>.eml`: arrival time, message id, position of the first recipient. Nothing in it
 * comes from outside. The same claim carried again (after a crash between file and spool) has the same name,
 * and two claims of one message never share it.
 */
export function dropFileName({ message, recipients }: Claim): string {
  const arrived = new Date(message.arrivedAt).toISOString().replace(/[-:]/g, "");
  return `${arrived}-${message.id}-${recipients[0]?.index ?? 0}.eml`;
}

/** The envelope as header lines, CRLF behind each. Addresses come from the receiving grammar: no controls in them. */
export function dropHead({ message, recipients }: Claim): Buffer {
  const { envelope } = message;
  const sender = [`X-Sender: <${oneLine(envelope.reversePath)}>`];
  if (envelope.body !== "7BIT") sender.push(`BODY=${envelope.body}`);
  if (envelope.smtpUtf8) sender.push("SMTPUTF8");
  if (envelope.ret !== undefined) sender.push(`RET=${envelope.ret}`);
  if (envelope.envid !== undefined) sender.push(`ENVID=${oneLine(envelope.envid)}`);
  const lines = [sender.join(" ")];
  for (const { index } of recipients) {
    const recipient = envelope.recipients[index];
    if (recipient !== undefined) lines.push(receiverLine(recipient));
  }
  lines.push("X-CreatedBy: Weir", "");
  return Buffer.from(lines.join("\r\n"));
}

function receiverLine({ forwardPath, notify, orcpt }: Recipient): string {
  let line = `X-Receiver: <${oneLine(forwardPath)}>`;
  if (notify !== undefined) line += ` NOTIFY=${notifyWords(notify)}`;
  if (orcpt !== undefined) line += ` ORcpt=${oneLine(orcpt)}`;
  return line;
}

function notifyWords({ never, success, failure, delay }: Notify): string {
  if (never) return "NEVER";
  return [success && "SUCCESS", failure && "FAILURE", delay && "DELAY"].filter(Boolean).join(",");
}

function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, "?");
}
