/**
 * Captured messages are read in a thread, each in one of its own: what others wrote may take as long and as much memory to
 * read as they like, and the mail goes on.
 */
import { createInTurn } from "../../ports/in-turn.ts";
import type { Clock } from "../../ports/ports.ts";
import { startThread } from "../../ports/start-thread.ts";
import type { MimeTask } from "./mime-worker.ts";
import { unread, type ReadMessage } from "./read-message.ts";

/** Of a longer message the beginning is read. */
export const readableBytes = 32 * 1024 * 1024;
const patienceMs = 10_000;
const maxHeapMb = 512;

export type MessageReader = (content: AsyncIterable<Buffer>) => Promise<ReadMessage>;

/**
 * One message after the other. What cannot be read within ten seconds or 512 MB is told as unread; rejects only with what
 * `content` throws. Cost: a thread, some 50 ms; the octets twice in memory.
 */
export function createMessageReader(clock: Pick<Clock, "after">): MessageReader {
  const inTurn = createInTurn();
  return (content) =>
    inTurn(async () => {
      const { octets, isWhole } = await beginningOf(content);
      return readInThread({ octets, isWhole }, clock);
    });
}

async function beginningOf(content: AsyncIterable<Buffer>): Promise<MimeTask> {
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  for await (const piece of content) {
    const wanted = piece.subarray(0, readableBytes - sizeBytes);
    pieces.push(wanted);
    sizeBytes += wanted.length;
    if (wanted.length < piece.length) return { octets: Buffer.concat(pieces, sizeBytes), isWhole: false };
  }
  return { octets: Buffer.concat(pieces, sizeBytes), isWhole: true };
}

function readInThread(workerData: MimeTask, clock: Pick<Clock, "after">): Promise<ReadMessage> {
  return new Promise((resolve) => {
    const thread = startThread(import.meta.url, "mime-worker", {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
    });
    thread.unref();
    const end = (message: ReadMessage): void => {
      timer.cancel();
      resolve(message);
      void thread.terminate();
    };
    const giveUp = (): void => end(unread(workerData.octets));
    const timer = clock.after(patienceMs, giveUp);
    thread.on("message", (message: ReadMessage) => end(message));
    thread.on("error", giveUp);
    thread.on("exit", giveUp);
  });
}
