/**
 * The time by which logs, events, the traffic record and the inventory forget what is too old (core/policy/believed-time.ts), and
 * the number of this run. Both outlive it in a small file.
 */
import { readFile } from "node:fs/promises";
import { believedTime, type BelievedTime, type Doubt } from "../core/policy/believed-time.ts";
import type { Clock, Timer } from "./ports.ts";
import { replaceFile } from "./replace-file.ts";

export interface RetentionClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** The clock on the wall is right, as far as can be told. */
  readonly isBelieved: boolean;
  /** Tells a run from others, and is more than each before it, whatever the clock was: when it began, or a little later. */
  nextRun(): number;
  /** Idempotent. Never rejects. */
  close(): Promise<void>;
}

/** Where nothing outlives the process: the clock on the wall. */
export function wallRetention(clock: Clock): RetentionClock {
  const now = (): number => clock.wall().getTime();
  return { now, isBelieved: true, nextRun: () => Math.floor(clock.now()), close: () => Promise.resolve() };
}

const lookEveryMs = 60 * 60_000;

interface Kept {
  readonly time: BelievedTime;
  readonly run: number;
}

/**
 * `onLeap` hears when the clock on the wall is not believed, `onOver` when it is again: `back` where it came back. A file that is
 * missing or cannot be understood begins anew; one that cannot be written is written an hour later. Never rejects.
 */
export async function openRetentionClock(
  file: string,
  options: {
    readonly clock: Clock;
    readonly onLeap?: (doubt: Doubt) => void;
    readonly onOver?: (back: boolean) => void;
  },
): Promise<RetentionClock> {
  const { clock, onLeap, onOver } = options;
  const kept = await readKept(file);
  const wall = (): number => clock.wall().getTime();
  let time: BelievedTime = kept?.time ?? { atMs: wall() };
  let run = kept?.run ?? 0;
  let lookedMs = clock.now();
  let isClosed = false;
  let timer: Timer | undefined;
  let isWaiting = false;
  let writing: Promise<void> = Promise.resolve();
  /** At once, as a run that is killed soon has had its number. */
  const write = (): Promise<void> => {
    if (isWaiting) return writing;
    isWaiting = true;
    writing = writing
      .then(() => {
        isWaiting = false;
        return replaceFile(file, `${JSON.stringify({ version: 1, ...time, run })}\n`, { mode: 0o600 });
      })
      // Whoever needs the disk tells of it.
      .catch(() => undefined);
    return writing;
  };

  const look = (): number => {
    const nowMs = clock.now();
    const before = time;
    const ranMs = Math.max(0, nowMs - lookedMs);
    time = believedTime(before, ranMs, wall());
    lookedMs = nowMs;
    if (time.doubt !== undefined && before.doubt === undefined) {
      void write();
      onLeap?.(time.doubt);
    } else if (time.doubt === undefined && before.doubt !== undefined) {
      void write();
      onOver?.(Math.abs(time.atMs - before.atMs - ranMs) < Math.abs(before.doubt.aheadMs) / 2);
    }
    return time.atMs;
  };
  const lookLater = (): void => {
    timer = clock.after(lookEveryMs, () => {
      look();
      void write();
      lookLater();
    });
  };

  // A doubt of an earlier run is told again with this one.
  if (kept?.time.doubt !== undefined) onLeap?.(kept.time.doubt);
  look();
  lookLater();
  return {
    now: look,
    get isBelieved() {
      look();
      return time.doubt === undefined;
    },
    nextRun() {
      run = Math.floor(Math.max(look(), run + 1));
      void write();
      return run;
    },
    close() {
      timer?.cancel();
      if (!isClosed) {
        isClosed = true;
        look();
        void write();
      }
      return writing;
    },
  };
}

async function readKept(file: string): Promise<Kept | undefined> {
  try {
    const { atMs, doubt, run } = JSON.parse(await readFile(file, "utf8")) as BelievedTime & Pick<Kept, "run">;
    const numbers = [atMs, run, doubt?.aheadMs ?? 0, doubt?.heldMs ?? 0];
    if (!numbers.every((one) => Number.isFinite(one))) return undefined;
    return { time: doubt === undefined ? { atMs } : { atMs, doubt }, run };
  } catch {
    return undefined;
  }
}
