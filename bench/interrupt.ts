/** Ctrl-C, SIGTERM and too long a run end like an ordinary end: nothing runs on, nothing is left on the disk. */
import { descendantsOf } from "./process-tree.ts";

const undone = new Set<() => void>();

/** Has `undo` done when the run is interrupted, the newest first. Returns what takes that back, after an ordinary end. */
export function onInterrupt(undo: () => void): () => void {
  undone.add(undo);
  return () => undone.delete(undo);
}

/** From now on SIGINT, SIGTERM, a fault of our own and the end of `mostMinutes` end every process started here, by its id. */
export function endCleanly(mostMinutes: number, programme = "bench"): void {
  const end = (why: string, code: number): void => {
    process.stderr.write(`${programme}: ${why}; ending what was started\n`);
    for (const pid of descendantsOf(process.pid)) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended meanwhile.
      }
    }
    for (const undo of [...undone].reverse()) undo();
    process.exit(code);
  };
  process.once("SIGINT", () => end("interrupted", 130));
  process.once("SIGTERM", () => end("terminated", 143));
  process.once("uncaughtException", (error) => end(error.stack ?? String(error), 1));
  setTimeout(() => end(`${mostMinutes} minutes have passed (--minutes)`, 1), mostMinutes * 60_000).unref();
}
