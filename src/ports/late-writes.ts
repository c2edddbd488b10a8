/** A file that follows what is counted in memory: written a while after a change, and once more at the end. */
import type { Clock, Timer } from "./ports.ts";

export interface LateWrites {
  /** Something changed. Cost: a comparison, where a write is coming already. */
  changed(): void;
  /** Writes what is not written, and waits for what is being written. Never rejects. */
  close(): Promise<void>;
}

/** `write` takes the state of its moment; one runs at a time. `failed` hears of those that reject. */
export function createLateWrites(
  clock: Clock,
  afterMs: number,
  write: () => Promise<void>,
  failed: (fault: unknown) => void,
): LateWrites {
  let timer: Timer | undefined;
  let writing: Promise<void> = Promise.resolve();
  const writeNow = (): Promise<void> => {
    timer?.cancel();
    timer = undefined;
    return (writing = writing.then(write).catch(failed));
  };
  return {
    changed: () => void (timer ??= clock.after(afterMs, () => void writeNow())),
    close: () => (timer === undefined ? writing : writeNow()),
  };
}
