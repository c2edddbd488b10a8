/** Names of rolled log files, and which of them are to go. Exchange: `<prefix>yyyymmdd-n.log`, UTC, n from 1 each day. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

export interface LogFamily {
  readonly directory: string;
  /** `RECV`, `SEND`, …: several families may share a directory. */
  readonly prefix: string;
  /** Without the dot. */
  readonly extension: string;
  /** A file made from a log file, which goes with it and counts with it. */
  readonly companion?: (path: string) => string;
}

export interface LogFileInfo {
  readonly path: string;
  /** `yyyymmdd`, UTC. */
  readonly day: string;
  readonly number: number;
  readonly sizeBytes: number;
  /** Of its companion; 0 where there is none. */
  readonly companionBytes: number;
}

export interface LogLimits {
  /** Files are removed this long after the end of their day. Milliseconds; Infinity keeps them. */
  readonly maxAgeMs: number;
  /** A file that would grow beyond it is followed by the next. A single longer line still gets a file. */
  readonly maxFileSizeBytes: number;
  /** The oldest files go when all of the family together would grow beyond it. */
  readonly maxDirectorySizeBytes: number;
}

export function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10).replaceAll("-", "");
}

export function logFilePath(
  { directory, prefix, extension }: LogFamily,
  day: string,
  number: number,
): string {
  return join(directory, `${prefix}${day}-${number}.${extension}`);
}

/** The family's files, oldest first by name. Empty when there is no such directory; rejects on other faults. */
export async function listLogFiles(family: LogFamily): Promise<LogFileInfo[]> {
  const { directory, prefix, extension, companion } = family;
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const found = await Promise.all(
    names.map(async (name): Promise<LogFileInfo | undefined> => {
      if (!name.startsWith(prefix) || !name.endsWith(`.${extension}`)) return undefined;
      const middle = /^(\d{8})-(\d{1,9})$/.exec(name.slice(prefix.length, -extension.length - 1));
      if (middle?.[1] === undefined) return undefined;
      const path = join(directory, name);
      // Gone between the two calls: somebody tidied up.
      const info = await stat(path).catch(() => undefined);
      if (info?.isFile() !== true) return undefined;
      const beside = companion && (await stat(companion(path)).catch(() => undefined));
      const [, day] = middle;
      const companionBytes = beside?.size ?? 0;
      return { path, day, number: Number(middle[2]), sizeBytes: info.size, companionBytes };
    }),
  );
  const files = found.filter((file) => file !== undefined);
  return files.sort((a, b) => (a.day === b.day ? a.number - b.number : a.day < b.day ? -1 : 1));
}

const dayMs = 86_400_000;

/**
 * The files to remove so that `reserveBytes` more fit. Files dated after tomorrow stem from a clock that was wrong;
 * they go first, or they would outlive all others. Age is as of `agedByMs`, which is not `now` while the clock on the wall is not
 * believed (ports/retention-clock.ts).
 */
export function filesToRemove(
  files: readonly LogFileInfo[],
  limits: Pick<LogLimits, "maxAgeMs" | "maxDirectorySizeBytes">,
  now: Date,
  reserveBytes: number,
  agedByMs: number = now.getTime(),
): LogFileInfo[] {
  const horizon = dayOf(new Date(now.getTime() + dayMs));
  const ahead = files.filter(({ day }) => day > horizon);
  const inOrder = [...ahead, ...files.filter(({ day }) => day <= horizon)];
  let total = reserveBytes + inOrder.reduce((sum, file) => sum + bothBytes(file), 0);
  return inOrder.filter((file) => {
    const { day } = file;
    const tooOld = endOfDay(day) + limits.maxAgeMs <= agedByMs;
    if (!tooOld && total <= limits.maxDirectorySizeBytes) return false;
    total -= bothBytes(file);
    return true;
  });
}

function bothBytes({ sizeBytes, companionBytes }: LogFileInfo): number {
  return sizeBytes + companionBytes;
}

function endOfDay(day: string): number {
  return Date.UTC(Number(day.slice(0, 4)), Number(day.slice(4, 6)) - 1, Number(day.slice(6)) + 1);
}
