/**
 * A captured message as a file: a line of JSON that says whose it is, then its content octet for octet. The line is all that
 * is kept of it in memory.
 */
import { open } from "node:fs/promises";
import { createReadStream } from "node:fs";
import { join } from "node:path";

export interface CapturedMessage {
  /** `<message id>-<position of its first recipient>`: the same however often it is written. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly capturedAt: number;
  /** The receive connector it came in by; `DSN` for reports on captured mail. */
  readonly connector: string;
  /** Of the envelope; empty for the null reverse-path. */
  readonly mailFrom: string;
  readonly rcptTo: readonly string[];
  /** As the header has it, encoded words as they are; up to 255 characters. */
  readonly subject: string;
  /** With angle brackets; empty where it has none. */
  readonly messageId: string;
  readonly sizeBytes: number;
  readonly sourceAddress: string;
  readonly helloName: string;
  readonly user: string | undefined;
}

/** A captured message and where its content begins in its file. */
export interface KeptMessage {
  readonly message: CapturedMessage;
  readonly contentAt: number;
}

export const capturedFileName = (id: string): string => `${id}.captured`;
export const isCapturedFile = (name: string): boolean => /^\d+-\d+\.captured$/.test(name);

export function headLine(message: CapturedMessage): Buffer {
  return Buffer.from(`${JSON.stringify({ version: 1, ...message })}\n`);
}

const chunkBytes = 64 * 1024;
/** A message may have hundred thousands of recipients; more than their line can be is not ours. */
const longestHeadBytes = 256 * 1024 * 1024;
const lineFeed = 10;

/** Undefined: it is none, or not whole. Rejects when it cannot be read. */
export async function readHead(directory: string, name: string): Promise<KeptMessage | undefined> {
  const handle = await open(join(directory, name), "r");
  try {
    const pieces: Buffer[] = [];
    for (let at = 0; at < longestHeadBytes;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, at);
      if (bytesRead === 0) return undefined;
      const piece = buffer.subarray(0, bytesRead);
      const end = piece.indexOf(lineFeed);
      pieces.push(end < 0 ? piece : piece.subarray(0, end));
      if (end >= 0) return keptIn(Buffer.concat(pieces).toString(), at + end + 1, name);
      at += bytesRead;
    }
    return undefined;
  } finally {
    await handle.close();
  }
}

export function contentOf(directory: string, { message, contentAt }: KeptMessage): AsyncIterable<Buffer> {
  return createReadStream(join(directory, capturedFileName(message.id)), { start: contentAt });
}

function keptIn(text: string, contentAt: number, name: string): KeptMessage | undefined {
  try {
    const { version, ...message } = JSON.parse(text) as { readonly version: number } & CapturedMessage;
    if (version !== 1 || capturedFileName(message.id) !== name || !Array.isArray(message.rcptTo))
      return undefined;
    return { message: { ...message, user: message.user }, contentAt };
  } catch {
    return undefined;
  }
}
