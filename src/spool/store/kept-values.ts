/**
 * Small values that survive and belong to no message (who uses the relay, policies of other domains, what webhooks still have
 * to tell). What is lost in them is found out or counted again: so damage costs what it struck and is told, and ends no
 * relay, as a damaged file of LMDB does, which is read as memory.
 *
 * A file that only grows, `values-N`, and is written anew under the next number when half of it is out of date, or when
 * a flush failed: nothing is appended behind what may not be on the disk.
 */
import { readSync } from "node:fs";
import { open, readdir, rename, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { syncDirectory } from "../../ports/directory-sync.ts";
import { createInTurn } from "../../ports/in-turn.ts";
import { makeDirectory } from "../../ports/make-directory.ts";
import { SpoolError } from "../spool.ts";
import { valuesFrame, valuesIn, type ValuePlace } from "./kept-values-file.ts";
import { faultOf } from "./store-fault.ts";

export interface KeptValue {
  /** Up to 1,000 octets of UTF-8. */
  readonly key: string;
  /** Undefined: it is removed. */
  readonly value: Buffer | undefined;
}

export interface KeptValues {
  /** Throws SpoolError while the file cannot be read. Cost: a read. */
  get(key: string): Buffer | undefined;
  /** Keys that begin with `prefix`, in the order of their octets. Cost: a walk over all. */
  keys(prefix: string): readonly string[];
  /** Durable together when it resolves; in the order of the calls. Rejects with SpoolError; none is written then. */
  write(values: readonly KeptValue[]): Promise<void>;
  /** Behind all writes. */
  close(): Promise<void>;
}

/** A smaller file is never worth writing anew. */
const leastRewrittenBytes = 1024 * 1024;
/** Of values, at once. */
const rewrittenBytes = 256 * 1024;
const draftName = "values-new";

/**
 * Opens or creates it. The caller holds the lock of the data directory. `onDamage` hears what of the file could not be read, for
 * people.
 */
export async function openKeptValues(
  directory: string,
  onDamage: (what: string) => void = () => undefined,
): Promise<KeptValues> {
  await makeDirectory(directory, 0o700);
  const names = await readdir(directory);
  const numbers = names.flatMap((name) => {
    const number = /^values-(\d{1,15})$/.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
  const pathOf = (of: number): string => join(directory, `values-${of}`);
  const draft = join(directory, draftName);
  let number = Math.max(0, ...numbers);
  let handle: FileHandle | undefined = number === 0 ? undefined : await open(pathOf(number), "r+");
  let places = new Map<string, ValuePlace>();
  let sizeBytes = 0;
  /** What is in the file, or on the disk, is not all that was written. */
  let mustRewrite = handle === undefined;
  if (handle !== undefined) {
    try {
      const octets = await handle.readFile();
      const found = valuesIn(octets);
      ({ places, endBytes: sizeBytes } = found);
      if (sizeBytes < octets.length) await handle.truncate(sizeBytes);
      if (found.damagedBytes > 0) {
        mustRewrite = true;
        onDamage(`${found.damagedBytes} octets of ${pathOf(number)} are damaged; the rest was read`);
      }
    } catch (error) {
      await handle.close();
      throw error;
    }
  }
  // What a crash left.
  for (const name of [draftName, ...numbers.filter((one) => one !== number).map((one) => `values-${one}`)])
    await rm(join(directory, name), { force: true });

  const read = (into: Buffer, at: number): void => {
    if (handle === undefined) throw new SpoolError("failed", `${directory} is closed`);
    for (let done = 0; done < into.length;) {
      let count: number;
      try {
        count = readSync(handle.fd, into, done, into.length - done, at + done);
      } catch (cause) {
        throw new SpoolError("failed", `${pathOf(number)} cannot be read: ${String(cause)}`, { cause });
      }
      if (count === 0) throw new SpoolError("failed", `${pathOf(number)} is shorter than it was`);
      done += count;
    }
  };
  const get = (key: string): Buffer | undefined => {
    const place = places.get(key);
    if (place === undefined) return undefined;
    const value = Buffer.allocUnsafe(place.sizeBytes);
    read(value, place.at);
    return value;
  };

  const append = async (values: readonly KeptValue[]): Promise<void> => {
    if (handle === undefined) throw new SpoolError("failed", `${directory} is closed`);
    const told: [string, ValuePlace | undefined][] = [];
    const frame = valuesFrame(values, sizeBytes, (key, place) => told.push([key, place]));
    mustRewrite = true;
    try {
      await writeAll(handle, frame, sizeBytes);
    } catch (error) {
      // A full disk that has room again may not have it for all of the file.
      await handle.truncate(sizeBytes);
      mustRewrite = false;
      throw error;
    }
    await handle.datasync();
    mustRewrite = false;
    for (const [key, place] of told)
      if (place === undefined) places.delete(key);
      else places.set(key, place);
    sizeBytes += frame.length;
  };

  /** All there is and `values`, in a new file. */
  const rewrite = async (values: readonly KeptValue[]): Promise<void> => {
    const next = new Map<string, ValuePlace>();
    const into = await open(draft, "w+", 0o600);
    let at = 0;
    try {
      const put = async (some: readonly KeptValue[]): Promise<void> => {
        const frame = valuesFrame(some, at, (key, place) => void (place && next.set(key, place)));
        await writeAll(into, frame, at);
        at += frame.length;
      };
      const changed = new Map(values.map(({ key, value }) => [key, value]));
      let some: KeptValue[] = [];
      let bytes = 0;
      for (const key of [...places.keys()].filter((one) => !changed.has(one))) {
        const value = get(key);
        some.push({ key, value });
        bytes += value?.length ?? 0;
        if (bytes < rewrittenBytes) continue;
        await put(some);
        [some, bytes] = [[], 0];
      }
      for (const [key, value] of changed) if (value !== undefined) some.push({ key, value });
      await put(some);
      await into.sync();
      await rename(draft, pathOf(number + 1));
      await syncDirectory(directory);
    } catch (error) {
      await into.close().catch(() => undefined);
      await rm(draft, { force: true }).catch(() => undefined);
      await rm(pathOf(number + 1), { force: true }).catch(() => undefined);
      throw error;
    }
    const [old, oldPath] = [handle, pathOf(number)];
    [handle, places, sizeBytes, mustRewrite] = [into, next, at, false];
    number++;
    await old?.close().catch(() => undefined);
    if (old !== undefined) await rm(oldPath, { force: true }).catch(() => undefined);
  };

  const liveBytes = (): number => {
    let live = 0;
    for (const { sizeBytes: each } of places.values()) live += each;
    return live;
  };
  const inTurn = createInTurn();
  let isClosed = false;
  return {
    get,
    keys: (prefix) =>
      [...places.keys()]
        .filter((key) => key.startsWith(prefix))
        .map((key) => Buffer.from(key))
        .sort((one, other) => Buffer.compare(one, other))
        .map(String),
    write: (values) =>
      inTurn(async () => {
        if (isClosed) throw new SpoolError("failed", `${directory} is closed`);
        try {
          const isLarge = sizeBytes > leastRewrittenBytes && sizeBytes > 2 * liveBytes();
          await (mustRewrite || isLarge ? rewrite(values) : append(values));
        } catch (error) {
          throw await faultOf(directory, error);
        }
      }),
    close: () =>
      inTurn(async () => {
        isClosed = true;
        const closing = handle;
        handle = undefined;
        await closing?.close();
      }),
  };
}

async function writeAll(handle: FileHandle, octets: Buffer, at: number): Promise<void> {
  for (let done = 0; done < octets.length;) {
    const { bytesWritten } = await handle.write(octets, done, octets.length - done, at + done);
    done += bytesWritten;
  }
}
