/**
 * A record on its way to another node: the files of the time that is asked for, one behind the other, each behind a line of JSON.
 *
 *     {"sizeBytes":8123}                                   of all of them, some of which may grow or go meanwhile
 *     {"file":"TRAFFIC20261129-1.wtr","sizeBytes":4711}    and so many octets
 *     {"end":true}
 *
 * Both sides hold some 64 KiB at a time, and neither waits for the other longer than the network does.
 */
import { mkdir, open } from "node:fs/promises";
import { basename, join } from "node:path";
import { dayOf, type LogFamily } from "../logs/log-files.ts";
import { filesFrom } from "./read-traffic.ts";

/** Wall clock, milliseconds since the epoch. */
export interface CopiedPeriod {
  readonly fromMs: number;
  readonly toMs: number;
}

const pieceBytes = 64 * 1024;
const lineBytes = 1_024;
/** So much may come between the listing of the files and their end. */
const growthBytes = 16 * 1024 * 1024;

/** Later ones have years of more digits, which sort before it. */
const lastMs = Date.parse("9999-12-31T00:00:00Z");

/** Rejects where the directory or a file cannot be read; one that is removed meanwhile is left out. */
export async function* copyOfRecord(
  family: LogFamily,
  { fromMs, toMs }: CopiedPeriod,
): AsyncGenerator<Uint8Array, void> {
  const lastDay = dayOf(new Date(Math.min(toMs, lastMs)));
  const files = (await filesFrom(family, fromMs)).filter(({ day }) => day <= lastDay);
  yield line({ sizeBytes: files.reduce((total, { sizeBytes }) => total + sizeBytes, 0) });
  for (const { path } of files) yield* copyOfFile(path);
  yield line({ end: true });
}

async function* copyOfFile(path: string): AsyncGenerator<Uint8Array, void> {
  const handle = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (handle === undefined) return;
  try {
    // It is written to, or replaced by its compressed form: what is read is this one, as long as it is now.
    const { size } = await handle.stat();
    yield line({ file: basename(path), sizeBytes: size });
    for (let at = 0; at < size;) {
      const { bytesRead, buffer } = await handle.read({
        buffer: Buffer.allocUnsafe(Math.min(pieceBytes, size - at)),
        position: at,
      });
      if (bytesRead === 0) throw new Error(`${path} became shorter while it was read`);
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

function line(told: object): Buffer {
  return Buffer.from(`${JSON.stringify(told)}\n`);
}

/**
 * Writes what `copyOfRecord` told into the directory, which it makes. `onBytes` hears of each piece how many octets it was, and of how
 * many. Rejects where it is more than `mostBytes`, is no such copy, or ends before its end.
 */
export async function writeCopy(
  chunks: AsyncIterable<Uint8Array>,
  directory: string,
  kind: Pick<LogFamily, "prefix" | "extension">,
  options: { readonly mostBytes: number; readonly onBytes?: (bytes: number, ofBytes: number) => void },
): Promise<LogFamily> {
  const { mostBytes, onBytes = () => undefined } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const source = new Pieces(chunks);
  const totalBytes = sizeOf(await source.line());
  if (totalBytes > mostBytes)
    throw new Error(`its record of that time, ${megabytes(totalBytes)}, finds no room on this node's disk`);
  let leftBytes = totalBytes + growthBytes;
  const { prefix, extension } = kind;
  for (;;) {
    const head = await source.line();
    if (head["end"] === true) break;
    const sizeBytes = sizeOf(head);
    const file = head["file"];
    const number = typeof file === "string" ? file.slice(prefix.length, -extension.length - 1) : "";
    if (file !== `${prefix}${number}.${extension}` || !/^\d{8}-\d{1,9}$/.test(number)) throw noCopy();
    leftBytes -= sizeBytes;
    if (leftBytes < 0) throw new Error("it sends more than it said");
    const handle = await open(join(directory, file), "wx", 0o600);
    try {
      for await (const piece of source.octets(sizeBytes)) {
        await handle.writeFile(piece);
        onBytes(piece.length, totalBytes);
      }
    } finally {
      await handle.close();
    }
  }
  return { directory, prefix, extension };
}

/** Chunks as they come, cut into lines and octets. */
class Pieces {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  async line(): Promise<Record<string, unknown>> {
    for (let end = this.#rest.indexOf(10); ; end = this.#rest.indexOf(10)) {
      if (end !== -1) {
        const text = this.#rest.toString("utf8", 0, end);
        this.#rest = this.#rest.subarray(end + 1);
        return objectOf(text);
      }
      if (this.#rest.length > lineBytes) throw noCopy();
      this.#rest = Buffer.concat([this.#rest, await this.#next()]);
    }
  }

  async *octets(count: number): AsyncGenerator<Buffer, void> {
    for (let left = count; left > 0;) {
      if (this.#rest.length === 0) this.#rest = await this.#next();
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      if (piece.length > 0) yield piece;
    }
  }

  async #next(): Promise<Buffer> {
    const next = await this.#chunks.next();
    if (next.done === true) throw new Error("it ended before its end");
    const { buffer, byteOffset, byteLength } = next.value;
    return Buffer.from(buffer, byteOffset, byteLength);
  }
}

function objectOf(text: string): Record<string, unknown> {
  try {
    const told: unknown = JSON.parse(text);
    if (typeof told === "object" && told !== null) return told as Record<string, unknown>;
  } catch {
    // Told below.
  }
  throw noCopy();
}

function sizeOf({ sizeBytes }: Record<string, unknown>): number {
  if (typeof sizeBytes !== "number" || !Number.isSafeInteger(sizeBytes) || sizeBytes < 0) throw noCopy();
  return sizeBytes;
}

const noCopy = (): Error => new Error("what it sends is no traffic record");
const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1_000_000)} MB`;
