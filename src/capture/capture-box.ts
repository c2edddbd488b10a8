/**
 * The capture box: mail of connectors with `capture` ends here, in a directory of its own, and nowhere else. Bounded by
 * number, size and age; kept over restarts. What is in it is seen in memory by a line each, its content only on disk.
 */
import { mkdir, open, readdir, rename, rm, stat, unlink as unlinkFile } from "node:fs/promises";
import { join } from "node:path";
import { createDirectorySync } from "../ports/directory-sync.ts";
import type { Clock } from "../ports/ports.ts";
import { surplus, type CaptureBounds } from "./capture-bounds.ts";
import {
  capturedFileName,
  contentOf,
  headLine,
  isCapturedFile,
  readHead,
  type CapturedMessage,
  type KeptMessage,
} from "./captured-message.ts";

export interface CaptureBox {
  /** Durable when it resolves, and told to who waits. The same id again takes the place of the first. Rejects on disk faults. */
  keep(message: CapturedMessage, content: AsyncIterable<Buffer>): Promise<void>;
  /** The latest first. Resolves when what an earlier run left is known. */
  all(): Promise<readonly CapturedMessage[]>;
  find(id: string): Promise<CapturedMessage | undefined>;
  /** Undefined: there is no such message. */
  contentOf(id: string): Promise<AsyncIterable<Buffer> | undefined>;
  /** How many of them were there. */
  remove(ids: readonly string[]): Promise<number>;
  /** Calls back behind each message that was kept. Returns what ends it. */
  onKept(listener: (message: CapturedMessage) => void): () => void;
}

const filesAtOnce = 16;

async function unlinkOne(file: string): Promise<void> {
  await unlinkFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
}

export function createCaptureBox(options: {
  readonly directory: string;
  readonly clock: Clock;
  readonly bounds: () => CaptureBounds;
  /** The time by which messages are too old. Default: the clock on the wall. */
  readonly agedBy?: (() => number) | undefined;
  readonly onFault: (error: Error) => void;
}): CaptureBox {
  const { directory, clock, bounds, onFault } = options;
  const { agedBy = () => clock.wall().getTime() } = options;
  /** In the order they came in. */
  const kept = new Map<string, KeptMessage>();
  const listeners = new Set<(message: CapturedMessage) => void>();
  const syncDirectory = createDirectorySync(directory);
  let sizeBytes = 0;

  const forget = (id: string): boolean => {
    const found = kept.get(id);
    if (found === undefined) return false;
    kept.delete(id);
    sizeBytes -= found.message.sizeBytes;
    return true;
  };
  const add = (one: KeptMessage): void => {
    forget(one.message.id);
    kept.set(one.message.id, one);
    sizeBytes += one.message.sizeBytes;
  };
  /** Some at a turn: mail of others goes on meanwhile. */
  const unlink = async (ids: readonly string[]): Promise<void> => {
    for (let at = 0; at < ids.length; at += filesAtOnce)
      await Promise.all(
        ids.slice(at, at + filesAtOnce).map((id) => unlinkOne(join(directory, capturedFileName(id)))),
      );
  };
  const trim = async (): Promise<void> => {
    const gone = surplus(kept.values(), kept.size, sizeBytes, bounds(), agedBy());
    for (const { message } of gone) forget(message.id);
    await unlink(gone.map(({ message }) => message.id));
  };
  const trimmed = async (): Promise<void> => {
    try {
      await trim();
    } catch (error) {
      onFault(error instanceof Error ? error : new Error(String(error)));
    }
  };

  /** What an earlier run left: drafts go, messages are known again. */
  const recall = async (): Promise<void> => {
    const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw error;
    });
    await Promise.all(
      names
        .filter((name) => name.endsWith(".captured.tmp"))
        .map((name) => rm(join(directory, name), { force: true })),
    );
    const files = names.filter(isCapturedFile);
    const found: KeptMessage[] = [];
    for (let at = 0; at < files.length; at += filesAtOnce) {
      const heads = files.slice(at, at + filesAtOnce).map((name) => readHead(directory, name));
      for (const one of await Promise.all(heads)) if (one !== undefined) found.push(one);
    }
    found.sort((one, other) => one.message.capturedAt - other.message.capturedAt);
    for (const one of found) add(one);
  };
  let recalled: Promise<void> | undefined;
  const ready = (): Promise<void> => {
    recalled ??= recall();
    // A directory that cannot be read now is read by the next who asks.
    recalled.catch(() => (recalled = undefined));
    return recalled;
  };

  const write = async (message: CapturedMessage, content: AsyncIterable<Buffer>): Promise<number> => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const name = capturedFileName(message.id);
    const draft = join(directory, `${name}.tmp`);
    const head = headLine(message);
    try {
      const handle = await open(draft, "w", 0o600);
      try {
        await handle.writeFile(head);
        for await (const chunk of content) await handle.writeFile(chunk);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(draft, join(directory, name));
    } catch (error) {
      await rm(draft, { force: true }).catch(() => undefined);
      throw error;
    }
    await syncDirectory();
    return head.length;
  };

  return {
    async keep(message, content) {
      await ready();
      const contentAt = await write(message, content);
      add({ message, contentAt });
      for (const listener of listeners) listener(message);
      await trimmed();
    },
    async all() {
      await ready();
      await trimmed();
      return Array.from(kept.values(), ({ message }) => message).toReversed();
    },
    async find(id) {
      await ready();
      return kept.get(id)?.message;
    },
    async contentOf(id) {
      await ready();
      const found = kept.get(id);
      if (found === undefined) return undefined;
      const isThere = await stat(join(directory, capturedFileName(id))).then(
        () => true,
        () => false,
      );
      return isThere ? contentOf(directory, found) : undefined;
    },
    async remove(ids) {
      await ready();
      const gone = ids.filter(forget);
      await unlink(gone);
      return gone.length;
    },
    onKept(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
