/** BDAT (RFC 3030 §2): content in counted chunks. A refused chunk is read to its end before the reply. */
import type { Command } from "../../../core/smtp/command.ts";
import { replies, type Reply } from "../../../core/smtp/reply.ts";
import type { Session } from "../session.ts";

export interface Chunk {
  readonly sizeBytes: number;
  readonly last: boolean;
  /** Given when the chunk is to be dropped. */
  readonly refusal: Reply | undefined;
}

export function bdat(session: Session, command: Extract<Command, { verb: "BDAT" }>): undefined {
  const refusal = refuse(session);
  const { transaction } = session.state;
  if (transaction !== undefined && refusal === undefined) transaction.chunking = true;
  session.expectChunk({ sizeBytes: command.sizeBytes, last: command.last, refusal });
  return undefined;
}

function refuse(session: Session): Reply | undefined {
  const { hello, transaction, offered } = session.state;
  if (hello === undefined) return replies.sendHelloFirst;
  if (!offered.chunking) return replies.commandNotImplemented;
  if (transaction === undefined) return replies.needMail;
  if (transaction.recipients.length === 0) return replies.noValidRecipients;
  return undefined;
}

/** Text: Exchange's. */
export function chunkReceived(sizeBytes: number): Reply {
  return { code: 250, status: "2.6.0", text: `CHUNK received OK, ${sizeBytes} octets` };
}
