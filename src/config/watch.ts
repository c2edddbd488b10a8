/** Tells when a file was saved, in whatever way an editor saves: in place, or by renaming a new one over it. */
import { type FSWatcher, watch as watchDirectory } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";

export interface FileWatch {
  /** Stops; no call comes afterwards. Idempotent. */
  close(): void;
}

export interface WatchTiming {
  /** How long the file must have been left alone. Default 200. */
  readonly settleMs?: number;
  /** How often to look where the system tells nothing (network file systems). Default 2000. */
  readonly pollMs?: number;
}

/**
 * Calls `changed` once for what is there at first, and behind every change of content, size or identity; not when the file vanishes, but when it is
 * there again. The file need not exist yet, its folder must. Keeps no process alive.
 */
export function watchFile(
  file: string,
  changed: () => void,
  timing: WatchTiming = {},
): FileWatch & {
  /** Resolves once the file's present state is known, from which on changes are told. */
  readonly ready: Promise<void>;
} {
  const { settleMs = 200, pollMs = 2000 } = timing;
  const path = resolve(file);
  let closed = false;
  let settling: NodeJS.Timeout | undefined;
  let watcher: FSWatcher | undefined;
  let known: string | undefined;
  /** What the caller has read of it may be older than what is known here. */
  let isTold = false;

  const first: Promise<void> = fingerprint(path).then((found) => {
    known = found;
    // Not at once: somebody may be in the middle of saving it.
    lookSoon();
  });

  const look = async (): Promise<void> => {
    await first;
    const found = await fingerprint(path);
    if (closed || found === undefined || (found === known && isTold)) return;
    known = found;
    isTold = true;
    changed();
  };
  const lookSoon = (): void => {
    if (closed) return;
    clearTimeout(settling);
    settling = setTimeout(() => void look(), settleMs).unref();
  };

  try {
    watcher = watchDirectory(dirname(path), { persistent: false }, (_event, name) => {
      if (name === null || name === basename(path)) lookSoon();
    });
    watcher.on("error", () => watcher?.close());
  } catch {
    // No notification here (limits, file system): polling alone finds changes.
  }
  const polling = setInterval(() => void poll(), pollMs).unref();
  const poll = async (): Promise<void> => {
    await first;
    const found = await fingerprint(path);
    if (found !== undefined && found !== known) lookSoon();
  };

  return {
    ready: first,
    close() {
      closed = true;
      clearTimeout(settling);
      clearInterval(polling);
      watcher?.close();
    },
  };
}

/** Undefined: there is no such file now. */
async function fingerprint(path: string): Promise<string | undefined> {
  try {
    const { mtimeNs, size, ino } = await stat(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch {
    return undefined;
  }
}
