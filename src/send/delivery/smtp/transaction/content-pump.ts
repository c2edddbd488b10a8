/**
 * Streams a content that is not in memory, as fast as the peer takes it and never faster. The last piece is held
 * back until the reader has vouched for the whole: a damaged message is never finished (RFC 5321 §4.1.1.4,
 * RFC 3030 §2).
 */
import type { ContentFacts, ContentReader } from "../../../../spool/spool.ts";
import { createDotStuffer } from "../wire/dot-stuffing.ts";

/** Large enough to make replies rare, small enough to stop soon. */
const chunkBytes = 512 * 1024;

/** Of the first chunk to a peer that has taken none yet. */
const trialBytes = 16;

/** Where the octets go. */
export interface ContentSink {
  /** False once nothing more is wanted: the peer refused, or the connection is gone. */
  readonly wanted: boolean;
  /** False: others may have the message. Asked before its end. */
  readonly mayEnd: boolean;
  /** Both resolve when more may be written. */
  write(parts: readonly (Buffer | string)[]): Promise<void>;
  /** A BDAT command went out; a reply to it will come. */
  chunkSent(last: boolean): void;
  /** Resolves when a chunk was taken, or nothing more is wanted. */
  untilChunkTaken(): Promise<void>;
  /** The final dot went out. */
  dotSent(): void;
}

/** This node's right to the message is in doubt: all of it may be sent but its end. */
export class NotHeld extends Error {
  override readonly name = "NotHeld";
}

/** Rejects with whatever the reader throws, and with NotHeld; then neither final dot nor BDAT LAST went out. */
export async function pumpData(
  content: ContentReader,
  facts: ContentFacts,
  sink: ContentSink,
): Promise<void> {
  const stuff = facts.dotLines > 0 ? createDotStuffer() : undefined;
  for await (const piece of content.stream()) {
    if (!sink.wanted) return;
    await sink.write(stuff === undefined ? [piece] : stuff(piece));
    if (!sink.wanted) return;
  }
  if (!sink.wanted) return;
  if (!sink.mayEnd) throw new NotHeld();
  sink.dotSent();
  await sink.write([finalDot(facts)]);
}

/**
 * `proven`: the peer has taken a chunk before. Else the first is too small to hold a line, and the rest waits for its answer:
 * a peer, or a firewall before it, that announces CHUNKING and does not know BDAT would run the content as commands.
 */
export async function pumpChunks(content: ContentReader, sink: ContentSink, proven: boolean): Promise<void> {
  let tried = proven;
  let batch: Buffer[] = [];
  let size = 0;
  const flush = async (last: boolean): Promise<void> => {
    const parts = [last ? `BDAT ${size} LAST\r\n` : `BDAT ${size}\r\n`, ...batch];
    batch = [];
    size = 0;
    sink.chunkSent(last);
    await sink.write(parts);
  };
  for await (let piece of content.stream()) {
    if (!sink.wanted) return;
    if (!tried && piece.length > 0) {
      tried = true;
      const trial = trialLength(piece);
      batch.push(piece.subarray(0, trial));
      size = trial;
      await flush(false);
      await sink.untilChunkTaken();
      if (!sink.wanted) return;
      piece = piece.subarray(trial);
    }
    if (size > 0 && size + piece.length > chunkBytes) await flush(false);
    if (!sink.wanted) return;
    batch.push(piece);
    size += piece.length;
  }
  if (!sink.wanted) return;
  if (!sink.mayEnd) throw new NotHeld();
  await flush(true);
}

/** At least 1, and no line end in it but as its first octet: then nothing stands before that. */
function trialLength(piece: Buffer): number {
  let end = 1;
  const most = Math.min(piece.length, trialBytes);
  while (end < most && piece[end] !== 0x0d && piece[end] !== 0x0a) end++;
  return end;
}

/** What ends DATA: the dot stands on a line of its own. */
export function finalDot({ endsWithCrlf, sizeBytes }: ContentFacts): string {
  return endsWithCrlf || sizeBytes === 0 ? ".\r\n" : "\r\n.\r\n";
}
