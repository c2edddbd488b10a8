/**
 * An append-only log of lines in files that roll by day and size and are removed by age and total size. Lines are
 * gathered and written in one go, at most every 50 ms. A disk that is slow or full never holds up whoever writes:
 * lines wait in a bounded buffer, what finds no room there is counted, and a line tells the count afterwards.
 */
import { mkdir, unlink } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { makeDirectory } from "../ports/make-directory.ts";
import type { Clock, Timer } from "../ports/ports.ts";
import { LogFile } from "./log-file.ts";
import {
  dayOf,
  filesToRemove,
  listLogFiles,
  logFilePath,
  type LogFamily,
  type LogLimits,
} from "./log-files.ts";

export interface RollingLogOptions extends LogFamily {
  readonly clock: Clock;
  readonly limits: LogLimits;
  /** The time by which files are too old. Default: the clock on the wall. */
  readonly agedBy?: (() => number) | undefined;
  /**
   * Must be there; folders below it are made. One that was moved away does not begin anew with a log in it. Default:
   * all folders are made.
   */
  readonly within?: string;
  /** Stands at the top of each file: complete lines. */
  readonly header?: (openedAt: Date) => string;
  /** The line that tells how many were lost for want of room. */
  readonly lostLine: (count: number, reason: string) => string;
  /** Room for lines that wait, in characters. Default 1 Mi. */
  readonly maxBufferedChars?: number;
  /** When set, written lines are synced to the disk this long afterwards at the latest. Default: at rolling and closing. */
  readonly syncDelayMs?: number;
  /** Called once when writing begins to fail; not again before it has succeeded. */
  readonly onFault?: (error: Error) => void;
  /** Called when a file has been followed by the next and will not change any more. */
  readonly onRolled?: () => void;
}

export interface RollingLog {
  /** Takes complete lines with their line ends. Never throws, never waits. Cost: one push. */
  write(lines: string): void;
  /** Resolves when what was written before is in the file, or could not be put there. Never rejects. */
  flush(): Promise<void>;
  /** Flushes, with one last attempt, and closes. Further lines are ignored. Never rejects. */
  close(): Promise<void>;
  /** Lines that wait, oldest first: what a reader of the files does not see yet. */
  waiting(): readonly string[];
  /** Lost since the log was opened. */
  readonly lost: number;
}

const writeDelayMs = 50;
const firstRetryMs = 1_000;
const longestRetryMs = 30_000;
/** How long lines may go into a file that somebody has removed or moved away. */
const lookMs = 5_000;
/** Whatever the umask: logs tell who writes to whom. Files are 0640. */
const folderMode = 0o750;
const sweepMs = 60 * 60_000;
const defaultBufferedChars = 1024 * 1024;
/** In UTF-8, of one UTF-16 unit. */
const maxBytesPerChar = 3;

export function createRollingLog(options: RollingLogOptions): RollingLog {
  const { clock, limits, maxBufferedChars = defaultBufferedChars } = options;
  /** Limits may change while the log is open. */
  const maxFileSizeBytes = (): number => Math.min(limits.maxFileSizeBytes, limits.maxDirectorySizeBytes);

  let lines: string[] = [];
  let bufferedChars = 0;
  let lost = 0;
  let untold = 0;
  let reason = "the buffer was full";
  let file: LogFile | undefined;
  let headerBytes = 0;
  /** Where a file that could not be written has its last good line. */
  let resumeAt: { readonly path: string; readonly sizeBytes: number } | undefined;
  let running: Promise<void> | undefined;
  let failures = 0;
  let closed = false;
  let lookAt = clock.now() + lookMs;
  let writeTimer: Timer | undefined;
  let syncTimer: Timer | undefined;

  const removeOldFiles = async (reserveBytes: number): Promise<void> => {
    const others = (await listLogFiles(options)).filter(({ path }) => path !== file?.path);
    const wall = clock.wall();
    for (const { path } of filesToRemove(others, limits, wall, reserveBytes, options.agedBy?.())) {
      // A file that cannot be removed must not end the log.
      await unlink(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT") tellFault(error);
      });
      if (options.companion) await unlink(options.companion(path)).catch(() => {});
    }
  };

  const closeFile = async (): Promise<void> => {
    const closing = file;
    file = undefined;
    await closing?.sync().catch(() => {});
    await closing?.close();
  };

  const openFile = async (now: Date, firstLineBytes: number): Promise<LogFile> => {
    await makeFolders(options.within, options.directory);
    const day = dayOf(now);
    const last = (await listLogFiles(options)).findLast((each) => each.day === day);
    const roomIn = last !== undefined && last.sizeBytes + firstLineBytes <= maxFileSizeBytes();
    const number = last === undefined ? 1 : roomIn ? last.number : last.number + 1;
    const path = logFilePath(options, day, number);
    const opened = await LogFile.open(
      { path, day, number },
      resumeAt?.path === path ? resumeAt.sizeBytes : Infinity,
    );
    resumeAt = undefined;
    file = opened;
    await removeOldFiles(maxFileSizeBytes());
    const header = Buffer.from(options.header?.(now) ?? "");
    headerBytes = header.length;
    if (opened.sizeBytes === 0 && headerBytes > 0) await opened.append(header);
    return opened;
  };

  /** Lines that go on into a file whose name is gone are read by nobody. */
  const leaveWhatWasMoved = async (): Promise<void> => {
    if (file === undefined || clock.now() < lookAt) return;
    lookAt = clock.now() + lookMs;
    if (!(await file.isInPlace())) await closeFile();
  };

  const fileFor = async (lineBytes: number): Promise<LogFile> => {
    await leaveWhatWasMoved();
    const now = clock.wall();
    if (file !== undefined) {
      const full = file.sizeBytes + lineBytes > maxFileSizeBytes() && file.sizeBytes > headerBytes;
      if (file.day === dayOf(now) && !full) return file;
      await closeFile();
      const next = await openFile(now, lineBytes);
      options.onRolled?.();
      return next;
    }
    return openFile(now, lineBytes);
  };

  /** How many of the first `most` lines `target` has room for; one at least. */
  const fitting = (target: LogFile, most: number): number => {
    const roomBytes = maxFileSizeBytes() - target.sizeBytes;
    if (bufferedChars * maxBytesPerChar <= roomBytes) return most;
    let bytes = Buffer.byteLength(lines[0] ?? "");
    let count = 1;
    for (; count < most; count++) {
      bytes += Buffer.byteLength(lines[count] ?? "");
      if (bytes > roomBytes) break;
    }
    return count;
  };

  /** Writes up to `most` of the lines that wait into one file; returns how many. What was written is taken out. */
  const writeSome = async (most: number): Promise<number> => {
    const target = await fileFor(Buffer.byteLength(lines[0] ?? ""));
    const count = fitting(target, most);
    const text = lines.slice(0, count).join("");
    await target.append(Buffer.from(text));
    bufferedChars -= text.length;
    lines = lines.slice(count);
    return count;
  };

  const writeLines = async (): Promise<void> => {
    for (let left = lines.length; left > 0;) left -= await writeSome(left);
    if (untold > 0) {
      const note = options.lostLine(untold, reason);
      untold = 0;
      bufferedChars += note.length;
      lines.push(note);
      for (let left = lines.length; left > 0;) left -= await writeSome(left);
    }
    if (options.syncDelayMs !== undefined && !closed) syncTimer ??= clock.after(options.syncDelayMs, sync);
  };

  const attempt = (): Promise<void> => {
    writeTimer?.cancel();
    writeTimer = undefined;
    running = writeLines()
      .then(
        () => {
          failures = 0;
        },
        async (error: unknown) => {
          const fault = error instanceof Error ? error : new Error(String(error));
          reason = fault.message;
          if (file !== undefined) resumeAt = { path: file.path, sizeBytes: file.sizeBytes };
          await file?.close();
          file = undefined;
          if (failures++ === 0) tellFault(fault);
        },
      )
      .then(() => {
        running = undefined;
        if (lines.length > 0 || untold > 0) schedule();
      });
    return running;
  };

  const tellFault = (fault: Error): void => {
    try {
      options.onFault?.(fault);
    } catch {
      // Whoever listens to a log's faults must not end the log.
    }
  };

  const schedule = (): void => {
    if (closed || running !== undefined || writeTimer !== undefined) return;
    const delayMs =
      failures === 0
        ? writeDelayMs
        : Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(failures - 1, 10));
    writeTimer = clock.after(delayMs, () => void attempt());
  };

  const sync = (): void => {
    syncTimer = undefined;
    void file?.sync().catch(() => {});
  };

  /** Age is looked at also while nothing is written. */
  const sweep = (): void => {
    sweepTimer = closed ? undefined : clock.after(sweepMs, sweep);
    removeOldFiles(file?.sizeBytes ?? 0).catch(() => {});
  };
  let sweepTimer: Timer | undefined = clock.after(sweepMs, sweep);

  const flush = async (): Promise<void> => {
    while (running !== undefined) await running;
    if (lines.length > 0 || untold > 0) await attempt();
  };

  return {
    write(text) {
      if (closed) return;
      if (bufferedChars + text.length > maxBufferedChars) {
        lost++;
        untold++;
        return;
      }
      bufferedChars += text.length;
      lines.push(text);
      schedule();
    },
    flush,
    async close() {
      if (closed) return flush();
      closed = true;
      await flush();
      lost += lines.length;
      for (const timer of [writeTimer, syncTimer, sweepTimer]) timer?.cancel();
      await closeFile();
    },
    waiting: () => lines,
    get lost() {
      return lost;
    },
  };
}

async function makeFolders(within: string | undefined, directory: string): Promise<void> {
  if (within === undefined) {
    await makeDirectory(directory, folderMode);
    return;
  }
  let at = within;
  for (const name of relative(within, directory).split(sep)) {
    at = join(at, name);
    await mkdir(at, folderMode).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  }
}
