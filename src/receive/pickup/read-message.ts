/** A file of a Pickup or Replay directory as a message: its envelope, and its content piece by piece. */
import type { Stats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { readPickupHeader } from "../../core/message/pickup-form/read-header.ts";
import { readReplayHead } from "../../core/message/replay-form/read-head.ts";
import type { SubmittedEnvelope } from "../submission/submission.ts";
import { SourceGone } from "../transaction/submission-source.ts";

export type PickupKind = "Pickup" | "Replay";

export interface ReadingLimits {
  /** Of Pickup. Octets. */
  readonly maxHeaderBytes: number;
  /** Of Pickup. */
  readonly maxRecipients: number;
  readonly hostname: string;
}

export interface FileMessage {
  readonly envelope: SubmittedEnvelope;
  /** Ends with SourceGone when the file was changed meanwhile. */
  readonly content: AsyncIterable<Buffer>;
}

/** Why a file is no message. */
export class NoMessage extends Error {
  override readonly name = "NoMessage";
}

const chunkBytes = 64 * 1024;
/** Some 100,000 recipients. */
const longestReplayHeadBytes = 16 * 1024 * 1024;

/** Rejects with NoMessage, or what the file system says. */
export async function readMessage(
  kind: PickupKind,
  file: FileHandle,
  stats: Stats,
  limits: ReadingLimits,
  now: Date,
): Promise<FileMessage> {
  const reader = createReader(file, stats);
  return kind === "Pickup" ? pickupMessage(reader, stats, limits, now) : replayMessage(reader, stats);
}

interface Reader {
  /** All that was read so far and not taken. */
  readonly held: Buffer;
  readonly ended: boolean;
  /** At least as much again as is held, as long as there is some. */
  more(): Promise<void>;
  /** What is held from `from` on, and the rest. */
  rest(from: number): AsyncIterable<Buffer>;
}

function createReader(file: FileHandle, stats: Stats): Reader {
  let held: Buffer = Buffer.alloc(0);
  let position = 0;
  let ended = false;
  const next = async (): Promise<Buffer> => {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    const { bytesRead } = await file.read(chunk, 0, chunkBytes, position);
    position += bytesRead;
    ended = bytesRead === 0;
    return chunk.subarray(0, bytesRead);
  };
  return {
    get held() {
      return held;
    },
    get ended() {
      return ended;
    },
    async more() {
      // Whoever asks looks at all of it again: twice as much each time keeps that linear.
      const pieces = [held];
      for (let wanted = Math.max(1, held.length); wanted > 0 && !ended;) {
        const chunk = await next();
        pieces.push(chunk);
        wanted -= chunk.length;
      }
      held = Buffer.concat(pieces);
    },
    async *rest(from) {
      if (from < held.length) yield held.subarray(from);
      held = Buffer.alloc(0);
      while (!ended) {
        const chunk = await next();
        if (chunk.length > 0) yield chunk;
      }
      const { size, mtimeMs } = await file.stat();
      if (size !== stats.size || mtimeMs !== stats.mtimeMs) throw new SourceGone("it is still being written");
    },
  };
}

async function pickupMessage(
  reader: Reader,
  { size }: Stats,
  { maxHeaderBytes, maxRecipients, hostname }: ReadingLimits,
  now: Date,
): Promise<FileMessage> {
  let end: { readonly header: number; readonly body: number } | undefined;
  do {
    await reader.more();
    refuseUtf16(reader.held);
    end = headerEnd(reader.held);
    if ((end?.header ?? reader.held.length) > maxHeaderBytes)
      throw new NoMessage(`its header is larger than pickupDirectoryMaxHeaderSize (${maxHeaderBytes} bytes)`);
  } while (end === undefined && !reader.ended);
  if (end === undefined) throw new NoMessage("no empty line stands behind its header");
  const marked = reader.held.subarray(0, 3).equals(byteOrderMark) ? 3 : 0;
  const messageId = `<${now.getTime().toString(36)}.${Math.random().toString(36).slice(2)}@${hostname}>`;
  const read = readPickupHeader(
    reader.held.subarray(marked, end.header),
    { maxRecipients },
    { now, messageId },
  );
  if (!read.ok) throw new NoMessage(read.fault);
  const { sender, recipients, header } = read;
  const body = end.body;
  async function* content(): AsyncGenerator<Buffer> {
    yield header;
    yield* reader.rest(body);
  }
  return {
    envelope: {
      mailFrom: sender,
      recipients: recipients.map((address) => ({ address })),
      body: "8BITMIME",
      sizeBytes: size,
    },
    content: content(),
  };
}

async function replayMessage(reader: Reader, { size }: Stats): Promise<FileMessage> {
  let read: ReturnType<typeof readReplayHead>;
  do {
    await reader.more();
    refuseUtf16(reader.held);
    read = readReplayHead(reader.held, reader.ended);
    if (!read.ok && read.more && reader.held.length > longestReplayHeadBytes)
      throw new NoMessage("its X-Receiver lines have no end");
  } while (!read.ok && read.more);
  if (!read.ok) throw new NoMessage(read.fault);
  const { head } = read;
  const { body, ret, envid, smtpUtf8, requireTls } = head;
  return {
    envelope: {
      mailFrom: `<${head.reversePath}>`,
      recipients: head.recipients.map(({ forwardPath, notify, orcpt }) => ({
        address: `<${forwardPath}>`,
        notify,
        orcpt,
      })),
      body,
      ret,
      envid,
      smtpUtf8,
      requireTls,
      sizeBytes: Math.max(0, size - head.sizeBytes),
    },
    content: reader.rest(head.sizeBytes),
  };
}

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

function refuseUtf16(octets: Buffer): void {
  const mark = octets.length < 2 ? 0 : octets.readUInt16BE(0);
  if (mark === 0xfffe || mark === 0xfeff)
    throw new NoMessage("it is written in UTF-16; with PowerShell: Out-File -Encoding utf8");
}

/** Where the header ends and the body begins: around the first empty line. */
function headerEnd(octets: Buffer): { readonly header: number; readonly body: number } | undefined {
  for (let feed = octets.indexOf(10); feed >= 0; feed = octets.indexOf(10, feed + 1)) {
    const behind = octets[feed + 1] === 13 ? feed + 2 : feed + 1;
    if (octets[behind] === 10) return { header: feed + 1, body: behind + 1 };
  }
  return undefined;
}
