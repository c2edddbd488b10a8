/**
 * Whether what became of mail still reaches the disk. What was delivered and is not settled yet is delivered again after
 * a crash, so while the disk takes no writes no attempt is begun beyond those there are. Told by numbers: as many settles
 * may be open as attempts may be under way at first, and as many more as went through lately, so that a slow disk holds
 * up nothing and a stuck one is noticed before more is sent; and by time, for what is slow beyond that.
 * Cost on the hot path: two counters and a clock's reading.
 */
import type { Clock, Timer } from "../../ports/ports.ts";

/** So many settles may be open without any that went through lately. */
const openAtLeast = 20;
/** No settle has gone through for so long while some are open: the disk takes none. */
const stuckAfterMs = 1000;

export interface SettleWatch {
  begun(): void;
  /** A settle went through. */
  ended(): void;
  /** No attempt is to be begun now; `onFree` is called when that ends. */
  readonly isStuck: boolean;
  /** It has been so for long enough to be told. */
  readonly isTold: boolean;
  stop(): void;
}

export function createSettleWatch(options: {
  readonly clock: Clock;
  readonly onFree: () => void;
  /** It has lasted, with so many settles open; and it has ended. */
  readonly onTold: (open: number) => void;
  readonly onOver: () => void;
}): SettleWatch {
  const { clock, onFree, onTold, onOver } = options;
  let open = 0;
  let progressAt = 0;
  /** Went through in the second of `secondAt`, and in the one before. */
  let secondAt = 0;
  let here = 0;
  let before = 0;
  let held = false;
  let told = false;
  let timer: Timer | undefined;

  const turnTo = (now: number): void => {
    if (now - secondAt < 1000) return;
    before = now - secondAt < 2000 ? here : 0;
    here = 0;
    secondAt = now;
  };

  const isStuckAt = (now: number): boolean => {
    if (open === 0) return false;
    turnTo(now);
    return open >= openAtLeast + here + before || now - progressAt >= stuckAfterMs;
  };

  return {
    begun() {
      if (open++ === 0) progressAt = clock.now();
    },
    ended() {
      open--;
      const now = clock.now();
      turnTo(now);
      here++;
      progressAt = now;
      if (!held || isStuckAt(now)) return;
      held = false;
      timer?.cancel();
      timer = undefined;
      if (told) onOver();
      told = false;
      onFree();
    },
    get isStuck() {
      if (open === 0 || !isStuckAt(clock.now())) return false;
      if (held) return true;
      held = true;
      timer = clock.after(stuckAfterMs, () => {
        timer = undefined;
        told = true;
        onTold(open);
      });
      return true;
    },
    get isTold() {
      return told;
    },
    stop() {
      timer?.cancel();
      timer = undefined;
    },
  };
}
