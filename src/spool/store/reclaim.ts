/**
 * Rest, and what is done in it. When no commit came for a while, LMDB takes what is left; when the store is empty then,
 * the disk gets back what LMDB's file holds of an earlier backlog.
 *
 * The file is replaced by a small one that has the same mark, in one rename. So it is true before and after, and
 * after a crash at any step: LMDB's tables are empty, its mark has passed every frame of the journal that counts,
 * and numbers go on ascending. The journal itself is not touched. Any failure gives it up (journal-state.ts), and
 * LMDB commits nothing before a file is open whose directory entry is durable (lmdb-store.ts).
 */
import type { Clock, Timer } from "../../ports/ports.ts";
import type { Applier } from "./applier.ts";
import type { JournalState } from "./journal-state.ts";
import type { LmdbStore } from "./lmdb-store.ts";

export interface Rest {
  /** A commit begins: rest is put off. */
  putOff(): void;
  /** Resolves when nothing is being reclaimed, nor will be. */
  close(): Promise<void>;
}

const restAfterMs = 5_000;

/** `isCommitting`: a commit is under way. */
export function createRest(parts: {
  clock: Clock;
  lmdb: LmdbStore;
  applier: Applier;
  journal: JournalState;
  isCommitting: () => boolean;
}): Rest {
  const { clock, lmdb, applier, journal, isCommitting } = parts;
  let lastCommitAt = clock.now();
  let timer: Timer | undefined;
  let closed = false;

  function restLater() {
    timer ??= clock.after(restAfterMs, () => {
      timer = undefined;
      if (clock.now() - lastCommitAt < restAfterMs) restLater();
      // The next commit meets a fault of LMDB and reports it.
      else rest().catch(() => undefined);
    });
  }

  async function rest() {
    await applier.applyAll();
    if (closed || isCommitting() || !applier.isEmpty || !lmdb.isLargeAndEmpty()) return;
    await journal.setAsideFor(() => lmdb.replaceFile());
  }

  // What an earlier process left large is made small too.
  restLater();
  return {
    putOff() {
      lastCommitAt = clock.now();
      restLater();
    },
    async close() {
      closed = true;
      timer?.cancel();
      await journal.reclaiming;
    },
  };
}
