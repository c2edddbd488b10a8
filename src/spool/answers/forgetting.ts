/**
 * Forgets answers: those whose time has passed, and the oldest beyond the number that is kept. A portion a commit, with
 * other work between, so that no mail waits for it. What could not be removed is tried again in the next round.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock, Timer } from "../../ports/ports.ts";
import type { GroupCommit } from "../store/group-commit.ts";
import type { Store } from "../store/journaled-store.ts";
import type { Write } from "../store/store.ts";
import { maxAnswerWindowMs } from "../spool-answers.ts";
import { firstEnd, hashOfEnd } from "./answer-record.ts";

export interface Forgetting {
  /** Answers on disk. */
  readonly count: number;
  /** What is just forgetting the answer of this hash; undefined: nothing. */
  removalOf(hash: Buffer): Removal | undefined;
  /** One more is kept. */
  added(): void;
  close(): void;
}

/** Some answers on their way out. */
export interface Removal {
  /** They are gone. */
  readonly isDone: boolean;
}

const roundMs = 10_000;
/** Answers forgotten in one commit. */
const portion = 256;

/** `count`: of an earlier run. `isBusy`: another answer is about to take its place. No timer while there is none. */
export function forgetting(parts: {
  readonly clock: Clock;
  readonly store: Pick<Store, "tables">;
  readonly group: Pick<GroupCommit, "once" | "closed">;
  readonly count: number;
  readonly atMost: number;
  readonly isBusy: (hash: Buffer) => boolean;
  readonly onCrowded: (kept: number) => void;
}): Forgetting {
  const { clock, store, group, atMost, isBusy, onCrowded } = parts;
  let { count } = parts;
  let timer: Timer | undefined;
  let isCrowded = false;
  let closed = false;

  const ends = (from: number, to: number, limit: number): readonly Buffer[] =>
    Array.from(
      store.tables.answerEnds.getKeys({ start: firstEnd(from), end: firstEnd(to), limit }),
      // The memory may be the binding's own.
      (key) => Buffer.from(key),
    );

  /** Those to be forgotten now, as far as one portion takes them. */
  const due = (): readonly Buffer[] => {
    const now = clock.now();
    const passed = ends(0, now, portion);
    if (passed.length > 0) return passed;
    const crowded = count > atMost;
    if (crowded && !isCrowded) onCrowded(count);
    isCrowded = crowded;
    if (crowded) return ends(0, Number.MAX_VALUE, Math.min(portion, count - atMost));
    // Given under a clock that was far ahead of this one.
    return ends(now + maxAnswerWindowMs + 1, Number.MAX_VALUE, portion);
  };

  const under = new Map<string, Removal>();

  const remove = async (keys: readonly Buffer[]): Promise<void> => {
    const removal = { isDone: false };
    const names = keys.map((key) => hashOfEnd(key).toString("latin1"));
    for (const name of names) under.set(name, removal);
    try {
      await group.once(
        keys.flatMap((key): Write[] => [
          { table: "answerEnds", key, value: undefined },
          { table: "answers", key: hashOfEnd(key), value: undefined },
        ]),
      );
      removal.isDone = true;
      count -= keys.length;
    } finally {
      for (const name of names) under.delete(name);
    }
  };

  const forget = async (): Promise<void> => {
    while (!closed && !group.closed) {
      const keys = due().filter((key) => !isBusy(hashOfEnd(key)));
      if (keys.length === 0) return;
      await remove(keys);
      await nextTurn();
    }
  };

  const later = (): void => {
    if (count === 0 || closed) return;
    timer ??= clock.after(roundMs, () => {
      forget()
        // The spool tells of failed commits itself.
        .catch(() => undefined)
        .finally(() => {
          timer = undefined;
          later();
        });
    });
  };
  later();

  return {
    get count() {
      return count;
    },
    removalOf: (hash) => under.get(hash.toString("latin1")),
    added() {
      count++;
      later();
    },
    close() {
      closed = true;
      timer?.cancel();
    },
  };
}
