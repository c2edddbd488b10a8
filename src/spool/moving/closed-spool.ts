/** The durable spool of a relay that does not run, for who moves its mail elsewhere. Read page by page, changed in nothing. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { MessageId } from "../../core/message/envelope.ts";
import { isMissing } from "../../ports/file-fault.ts";
import type { Clock } from "../../ports/ports.ts";
import { openBodyFiles } from "../bodies/body-file.ts";
import { lockDirectory } from "../lock/directory-lock.ts";
import { openJournaledStore } from "../store/journaled-store.ts";
import { messageIdOf, messageKey } from "../store/keys.ts";
import { SpoolError } from "../spool.ts";
import { readMovedMark, type MovedMark } from "./moved-mark.ts";

export interface ClosedMessage {
  readonly id: MessageId;
  /** As `decodeMessage` reads it. */
  readonly record: Buffer;
  /** As `decodeState` reads it; undefined: nobody has tried to deliver it. */
  readonly state: Buffer | undefined;
}

/** What was set aside as damaged. */
export interface ClosedRemains {
  readonly id: MessageId;
  readonly what: string;
  readonly record: Buffer | undefined;
  readonly state: Buffer | undefined;
  /** Where the content of a large one is. */
  readonly bodyFile: string | undefined;
}

export interface ClosedSpool {
  /** Undefined: nobody has begun to move it. */
  readonly mark: MovedMark | undefined;
  readonly messages: number;
  /** What its journal does not tell any more, for people. */
  readonly faults: readonly string[];
  /** By id, those behind one; -1: from the first. */
  after(id: MessageId, limit: number): ClosedMessage[];
  /** Chunks of up to 256 KiB. Throws SpoolError `damaged`, at the latest in place of the last one. */
  body(id: MessageId, sizeBytes: number, crc: number): AsyncIterable<Buffer>;
  /** Answers that were given, as `decodeAnswer` reads them, by hash; `after`: the last hash of the page before. */
  answers(after: Buffer | undefined, limit: number): { readonly hash: Buffer; readonly record: Buffer }[];
  remains(): Promise<readonly ClosedRemains[]>;
  close(): Promise<void>;
}

/** Nobody waits for a relay that runs. */
const patienceMs = 200;

/** Rejects with SpoolError `failed` where there is no spool, or a process holds it. */
export async function openClosedSpool(directory: string, clock: Clock): Promise<ClosedSpool> {
  const files = await namesIn(directory).catch((error: unknown) => {
    throw new SpoolError("failed", `${directory} cannot be read: ${String(error)}`, { cause: error });
  });
  if (!files.includes("data.mdb")) throw new SpoolError("failed", `there is no spool in ${directory}`);
  const lock = await lockDirectory(directory, patienceMs);
  try {
    const mark = await readMovedMark(directory);
    const faults: string[] = [];
    const store = await openJournaledStore(directory, {
      clock,
      journal: false,
      onFault: ({ message }) => void faults.push(message),
      onJournalFault: ({ kind, what }) => {
        if (kind === "damaged") faults.push(`the journal: ${what}`);
      },
    });
    const bodies = await openBodyFiles(directory, { mayMakeDirectory: false });
    const { tables } = store;
    return {
      mark,
      messages: store.count("messages"),
      faults,
      after(id, limit) {
        // What the binding gives is its own memory.
        const keys = Array.from(tables.messages.getKeys({ start: messageKey(id + 1), limit }), (key) =>
          Buffer.from(key),
        );
        return keys.flatMap((key) => {
          const record = tables.messages.getBinary(key);
          const state = tables.state.getBinary(key);
          return record === undefined
            ? []
            : [
                {
                  id: messageIdOf(key),
                  record: Buffer.from(record),
                  state: state && Buffer.from(state),
                },
              ];
        });
      },
      body: (id, sizeBytes, crc) => bodies.read(id, sizeBytes, crc),
      answers(after, limit) {
        const start = after === undefined ? Buffer.of(0) : Buffer.concat([after, Buffer.of(0)]);
        const hashes = Array.from(tables.answers.getKeys({ start, limit }), (key) => Buffer.from(key));
        return hashes.flatMap((hash) => {
          const record = tables.answers.getBinary(hash);
          return record === undefined ? [] : [{ hash, record: Buffer.from(record) }];
        });
      },
      remains: () => remainsIn(join(directory, "damaged")),
      async close() {
        await store.close();
        await lock.unlock();
      },
    };
  } catch (error) {
    await lock.unlock();
    throw error;
  }
}

/** Beside each other, as ../messages/damaged-messages.ts puts them there. */
async function remainsIn(folder: string): Promise<ClosedRemains[]> {
  const names = await namesIn(folder);
  const there = new Set(names);
  const octets = (name: string) => (there.has(name) ? readFile(join(folder, name)) : undefined);
  const all: ClosedRemains[] = [];
  for (const name of names.filter((one) => /^\d+$/.test(one))) {
    const told = (await octets(`${name}.txt`))?.toString().split("\n", 1)[0];
    const record = await octets(name);
    const bodyFile = there.has(`${name}.body`) ? join(folder, `${name}.body`) : undefined;
    all.push({
      id: Number(name),
      what: told ?? "it was set aside",
      record: record?.length === 0 ? undefined : record,
      state: await octets(`${name}.state`),
      bodyFile,
    });
  }
  return all.sort((a, b) => a.id - b.id);
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
