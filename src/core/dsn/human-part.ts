/** The part for people: what happened, which host said what, what the sender can do. */
import { adviceFor } from "./advice.ts";
import { rfc5322Date, type ReportInput, type ReportKind, type ReportRecipient } from "./report-input.ts";
import { singleLine } from "./text.ts";

const opening: Readonly<Record<ReportKind, readonly string[]>> = {
  failed: ["Delivery has failed to these recipients:"],
  delayed: [
    "Delivery to these recipients is delayed. You need not send the message again:",
    "further attempts are made by themselves.",
  ],
  relayed: [
    "Delivery to these recipients was handed on to the next server, which sends no",
    "delivery notifications of its own. You will not be told more:",
  ],
  delivered: ["Your message was delivered to these recipients:"],
};

/** A report on thousands stays one that people can read, and small. */
const mostNamed = 100;

/** Plain text with CRLF line ends, an empty line at its end. */
export function humanPart(input: ReportInput): string {
  const lines = [...opening[input.kind], ""];
  const named = input.recipients.slice(0, mostNamed);
  for (const recipient of named) lines.push(...recipientLines(recipient, input.kind), "");
  const others = input.recipients.length - named.length;
  if (others > 0) lines.push(`  and ${others} more, which the next part names.`, "");
  lines.push(
    "Diagnostic information for administrators:",
    "",
    `Generating server: ${singleLine(input.hostname)}`,
  );
  const receivedFrom = input.receivedFrom === undefined ? "" : singleLine(input.receivedFrom);
  if (receivedFrom !== "") lines.push(`Received from: ${receivedFrom}`);
  lines.push(`Arrived: ${rfc5322Date(input.arrivalDate)}`);
  for (const { finalRecipient, diagnostic, remoteHost } of named) {
    if (diagnostic === undefined) continue;
    const who = diagnostic.fromPeer
      ? `${singleLine(remoteHost ?? "the remote server")} returned`
      : "this server found";
    lines.push("", singleLine(finalRecipient), `  ${who}: ${singleLine(diagnostic.text)}`);
  }
  if (input.original === undefined) lines.push("", "The original message could not be attached.");
  else if (input.original.extent === "full") lines.push("", "The original message is attached.");
  else lines.push("", "The header of the original message is attached.");
  return `${lines.join("\r\n")}\r\n`;
}

function recipientLines(recipient: ReportRecipient, kind: ReportKind): string[] {
  const lines = [`  ${singleLine(recipient.finalRecipient)}`];
  if (kind === "relayed" || kind === "delivered") return lines;
  lines.push(...adviceFor(recipient.status, recipient.diagnostic?.text ?? "").map((line) => `    ${line}`));
  if (kind === "delayed" && recipient.willRetryUntil !== undefined) {
    lines.push(`    Attempts go on until ${rfc5322Date(recipient.willRetryUntil)}.`);
  }
  return lines;
}
