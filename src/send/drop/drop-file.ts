/**
 * What a file of the drop directory begins with and is called. The head is the envelope, in the form Exchange's
 * foreign connectors write and its Replay directory reads (core/message/replay-form).
 */
import { replayHead } from "../../core/message/replay-form/write-head.ts";
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

/** The envelope as header lines, CRLF behind each; the content follows octet for octet. */
export function dropHead({ message, recipients }: Claim): Buffer {
  const { envelope } = message;
  return replayHead(
    envelope,
    recipients.flatMap(({ index }) => envelope.recipients[index] ?? []),
  );
}
