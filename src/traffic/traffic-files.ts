/** The files of the traffic record on disk: the one that is written, and those that are finished. */
import { mkdir, open, readdir, readFile, unlink, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { dayOf, filesToRemove, listLogFiles, logFilePath, type LogFamily } from "../logs/log-files.ts";
import type { Clock } from "../ports/ports.ts";
import { replaceFile } from "../ports/replace-file.ts";
import { compressedFile, frameOf } from "./traffic-frames.ts";

/** Of earlier runs, looked at when a relay starts. */
const lookedAt = 20;
const mostInTheWay = 20;

export function trafficFamily(dataDirectory: string): LogFamily {
  return { directory: join(dataDirectory, "traffic"), prefix: "TRAFFIC", extension: "wtr" };
}

export interface TrafficFiles {
  /** Appends a piece of a segment. Rejects when it is not on the disk; the file is given up then. */
  append(octets: Buffer, beginsSegment: boolean): Promise<void>;
  /** Removes what is too old or too much. Never rejects. */
  removeOld(): Promise<void>;
  /** Compresses what an earlier run left. Never rejects. */
  compressEarlier(): Promise<void>;
  close(): Promise<void>;
}

interface OpenFile {
  readonly path: string;
  readonly day: string;
  readonly handle: FileHandle;
  sizeBytes: number;
}

export function createTrafficFiles(
  family: LogFamily,
  around: {
    readonly clock: Clock;
    /** The time by which files are too old. */
    readonly agedBy: () => number;
    /** Then the next one begins. */
    readonly fileBytes: number;
    /** Those in force. */
    readonly limits: () => { readonly maxAgeMs: number; readonly maxDirectorySizeBytes: number };
  },
): TrafficFiles {
  const { clock, agedBy, fileBytes, limits } = around;
  let file: OpenFile | undefined;
  /** Compressing, one file behind the other. */
  let finishing: Promise<void> = Promise.resolve();
  let earlier: Promise<void> = Promise.resolve();
  let isClosed = false;

  const remove = async (reserveBytes: number): Promise<void> => {
    const others = (await listLogFiles(family)).filter(({ path }) => path !== file?.path);
    for (const { path } of filesToRemove(others, limits(), clock.wall(), reserveBytes, agedBy()))
      await unlink(path).catch(() => undefined);
  };

  const closeFile = async (): Promise<void> => {
    const closing = file;
    file = undefined;
    await closing?.handle.datasync().catch(() => undefined);
    await closing?.handle.close().catch(() => undefined);
  };

  /** Passes over what is in the way and no file: a directory, a link to nowhere. */
  const openNext = async (day: string, number: number): Promise<Pick<OpenFile, "path" | "handle">> => {
    for (let next = number; ; next++) {
      const path = logFilePath(family, day, next);
      try {
        return { path, handle: await open(path, "ax", 0o640) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST" || next === number + mostInTheWay) throw error;
      }
    }
  };

  const openFile = async (): Promise<OpenFile> => {
    await mkdir(family.directory, 0o750).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
    const day = dayOf(clock.wall());
    const last = (await listLogFiles(family)).findLast((each) => each.day === day);
    file = { ...(await openNext(day, (last?.number ?? 0) + 1)), day, sizeBytes: 0 };
    await remove(fileBytes);
    return file;
  };

  const compress = (path: string): Promise<void> =>
    (finishing = finishing.then(async () => {
      try {
        const compressed = await compressedFile(await readFile(path));
        if (compressed !== undefined) await replaceFile(path, compressed, { mode: 0o640 });
      } catch {
        // It stays as it is, and can be read so.
      }
    }));

  const compressAll = async (): Promise<void> => {
    const names = await readdir(family.directory).catch(() => []);
    // Drafts of replaceFile that a kill left.
    for (const name of names)
      if (name.startsWith(`.${family.prefix}`))
        await unlink(join(family.directory, name)).catch(() => undefined);
    const files = await listLogFiles(family).catch(() => []);
    for (const { path } of files.slice(-lookedAt)) {
      if (isClosed) return;
      if (path !== file?.path) await compress(path);
    }
  };

  const fileFor = async (beginsSegment: boolean): Promise<OpenFile> => {
    if (file === undefined) return openFile();
    if (!beginsSegment || (file.sizeBytes < fileBytes && file.day === dayOf(clock.wall()))) return file;
    const { path } = file;
    await closeFile();
    void compress(path);
    return openFile();
  };

  return {
    async append(octets, beginsSegment) {
      try {
        const into = await fileFor(beginsSegment);
        const frame = frameOf(beginsSegment ? "S" : "P", octets);
        try {
          await into.handle.appendFile(frame);
        } catch (error) {
          await into.handle.truncate(into.sizeBytes).catch(() => undefined);
          if (into.sizeBytes === 0) await unlink(into.path).catch(() => undefined);
          throw error;
        }
        into.sizeBytes += frame.length;
      } catch (error) {
        await closeFile();
        throw error;
      }
    },
    removeOld: () => remove(file?.sizeBytes ?? 0).catch(() => undefined),
    compressEarlier: () => (earlier = compressAll()),
    async close() {
      isClosed = true;
      await closeFile();
      await earlier;
      await finishing;
    },
  };
}
