/** Tells when one of several files has another content, however it got it: written, renamed over, or a link turned elsewhere. */
import { stat } from "node:fs/promises";
import type { FileWatch } from "./watch.ts";

const usualPollMs = 10_000;

/** A kernel stamps a file with the time of its last tick: 10 ms ago at most on Linux, 16 on Windows. */
const tickMs = 20;

/**
 * Looks every `pollMs` (default 10 s) at the files that `files` names then. Calls `changed` once for each look that found
 * another state than the one before; files that are not there, or come, are states too. Keeps no process alive.
 * `readAtMs`: when the caller began to read them, by the wall clock; who was changed since then is told by the first look.
 */
export function watchFiles(
  files: () => readonly string[],
  changed: () => void,
  pollMs = usualPollMs,
  readAtMs = Infinity,
): FileWatch & { readonly ready: Promise<void> } {
  let known = new Map<string, string>();
  let closed = false;
  let looking: Promise<void> | undefined;

  async function look(): Promise<boolean> {
    const before = known;
    known = new Map(await Promise.all(files().map(async (file) => [file, await versionOf(file)] as const)));
    // A file that is named since then was read when it was.
    return [...known].some(([file, version]) => before.has(file) && before.get(file) !== version);
  }

  const ready = look().then(async () => {
    const changes = await Promise.all([...known.keys()].map(changedAtMs));
    if (changes.some((atMs) => atMs > readAtMs - tickMs) && !closed) changed();
  });
  const timer = setInterval(() => {
    looking ??= ready
      .then(look)
      .then((isChanged) => {
        if (isChanged && !closed) changed();
      })
      .finally(() => {
        looking = undefined;
      });
  }, pollMs).unref();

  return {
    ready,
    close() {
      closed = true;
      clearInterval(timer);
    },
  };
}

async function changedAtMs(file: string): Promise<number> {
  try {
    return (await stat(file)).ctimeMs;
  } catch {
    return 0;
  }
}

/** Follows links, as Kubernetes turns one for a whole secret. */
async function versionOf(file: string): Promise<string> {
  try {
    const { mtimeNs, ctimeNs, size, ino, dev } = await stat(file, { bigint: true });
    return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch {
    return "";
  }
}
