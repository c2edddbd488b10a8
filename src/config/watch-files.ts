/** Tells when one of several files has another content, however it got it: written, renamed over, or a link turned elsewhere. */
import { stat } from "node:fs/promises";
import type { FileWatch } from "./watch.ts";

const usualPollMs = 10_000;

/**
 * Looks every `pollMs` (default 10 s) at the files that `files` names then. Calls `changed` once for each look that found
 * another state than the one before; files that are not there, or come, are states too. Keeps no process alive.
 */
export function watchFiles(
  files: () => readonly string[],
  changed: () => void,
  pollMs = usualPollMs,
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

  const ready = look().then(() => undefined);
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

/** Follows links, as Kubernetes turns one for a whole secret. */
async function versionOf(file: string): Promise<string> {
  try {
    const { mtimeNs, ctimeNs, size, ino, dev } = await stat(file, { bigint: true });
    return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch {
    return "";
  }
}
