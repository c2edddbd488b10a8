/**
 * Whether commits go through the journal. There are four answers, and each way from one to another is a function
 * here:
 *
 *     never        the settings say so: LMDB commits directly
 *     inUse        a commit is a frame in the journal; LMDB gets its writes later
 *     givenUp      it failed, or the disk had no room for one: LMDB commits directly, and after a while a new one
 *                  is begun, on new descriptors
 *     reclaiming   LMDB's file is being replaced (reclaim.ts): commits wait, then it is as before, or given up
 *
 * Any failure of the journal, its being moved or removed, or a failure while it is set aside for reclaiming, gives it
 * up, aloud. From then on no frame of
 * it counts: before anything else is acknowledged LMDB's mark has passed all of them.
 */
import type { Clock } from "../../ports/ports.ts";
import type { SpoolError } from "../spool.ts";
import type { Applier } from "./applier.ts";
import { openJournal, readNonces, type Journal, type JournalOptions } from "./journal.ts";
import { frameBytes } from "./journal-frame.ts";
import type { LmdbStore } from "./lmdb-store.ts";
import { faultOf } from "./store-fault.ts";
import type { StorePlace } from "./store-place.ts";
import type { StoreOptions } from "./store-options.ts";
import type { Write } from "./store.ts";

type Settled =
  | { readonly kind: "never" }
  | { readonly kind: "inUse"; readonly journal: Journal }
  | { readonly kind: "givenUp"; readonly againAt: number };
type State = Settled | { readonly kind: "reclaiming"; readonly over: Promise<void> };

export interface JournalState {
  /** Length of the segment in use; 0 when LMDB commits directly. */
  readonly segmentBytes: number;
  /**
   * Makes the writes durable as a frame and hands them to the applier. False: they are not, nothing of them ever will
   * be, and LMDB is to commit them directly. Rejects when what has to reach LMDB before cannot. One call at a time.
   */
  commit(writes: readonly Write[]): Promise<boolean>;
  /** While LMDB's file is replaced: settles when that is over, and commits wait for it. */
  readonly reclaiming: Promise<void> | undefined;
  /** Runs `work` while commits wait; a rejection gives the journal up. No commit may be under way. */
  setAsideFor(work: () => Promise<void>): Promise<void>;
  /** Gives the journal up when its files are not where they were opened, and has LMDB take what stands in them. */
  look(): Promise<void>;
  /** For `readJournal`, when LMDB has all that was committed; undefined where that is not so. No commit may be under way. */
  finishedNonces(): Promise<readonly Buffer[] | undefined>;
  close(): Promise<void>;
}

const againAfterMs = 60_000;

/** `lastNumber`: of the last frame there is. The journal is begun when all its frames are in LMDB. */
export async function openJournalState(parts: {
  directory: string;
  place: StorePlace;
  clock: Clock;
  options: JournalOptions | false | undefined;
  lmdb: LmdbStore;
  applier: Applier;
  lastNumber: number;
  onFault: (fault: SpoolError) => void;
  onJournalFault: StoreOptions["onJournalFault"];
}): Promise<JournalState> {
  const { directory, place, clock, options, lmdb, applier, onFault, onJournalFault } = parts;
  let { lastNumber } = parts;
  let committing = false;
  /** Its files are gone from their place. */
  let displaced: Journal | undefined;
  let state: State = options === false ? { kind: "never" } : { kind: "givenUp", againAt: clock.now() };
  // What a full disk kept from LMDB stands in the old journal.
  if (applier.isEmpty && lmdb.applied === lastNumber) await beginAgain();
  else if (state.kind === "givenUp") state = { kind: "givenUp", againAt: clock.now() + againAfterMs };

  async function beginAgain() {
    if (state.kind !== "givenUp" || clock.now() < state.againAt || options === false) return;
    state = { kind: "givenUp", againAt: clock.now() + againAfterMs };
    // Begun anew, the journal forgets its frames.
    await applier.applyAll();
    try {
      await place.assertInPlace();
      const journal = await openJournal(directory, options);
      if (journal !== undefined) state = { kind: "inUse", journal };
    } catch (error) {
      await tell(error);
    }
  }

  async function giveUp(journal: Journal, error: unknown) {
    state = { kind: "givenUp", againAt: clock.now() + againAfterMs };
    await tell(error);
    await journal.close();
  }

  async function giveUpDisplaced() {
    if (state.kind !== "inUse" || state.journal !== displaced) return;
    await giveUp(displaced, new Error("its files were moved, removed or replaced"));
    applier.applySoon();
  }

  async function tell(error: unknown) {
    const { message } = await faultOf(directory, error);
    onJournalFault({ kind: "givenUp", what: message });
  }

  /** Whether the segment in use has room for a frame now. */
  async function makeRoom(journal: Journal, bytes: number): Promise<boolean> {
    if (journal.hasRoom(bytes)) return true;
    while (journal.lastNumberInOther > lmdb.applied) await applier.applyAll();
    try {
      await journal.switchSegments(bytes);
    } catch (error) {
      await giveUp(journal, error);
      return false;
    }
    applier.applySoon();
    return journal.hasRoom(bytes);
  }

  async function commit(writes: readonly Write[]): Promise<boolean> {
    await giveUpDisplaced();
    if (state.kind === "givenUp") await beginAgain();
    if (state.kind !== "inUse") return false;
    const { journal } = state;
    if (!(await makeRoom(journal, frameBytes(writes)))) return false;
    const number = ++lastNumber;
    try {
      await journal.append(number, writes);
    } catch (error) {
      applier.passOver(number);
      await giveUp(journal, error);
      return false;
    }
    applier.add(number, writes);
    return true;
  }

  return {
    get segmentBytes() {
      return state.kind === "inUse" ? state.journal.segmentBytes : 0;
    },
    async commit(writes) {
      committing = true;
      try {
        return await commit(writes);
      } finally {
        committing = false;
      }
    },
    async look() {
      if (state.kind !== "inUse") return;
      const { journal } = state;
      if (await journal.isInPlace()) return;
      displaced = journal;
      // With a commit under way: the next one, or the next look, ends its use.
      if (!committing) await giveUpDisplaced();
    },
    async finishedNonces() {
      if (state.kind !== "inUse" || !applier.isEmpty || lmdb.applied !== lastNumber) return undefined;
      return (await state.journal.isInPlace()) ? readNonces(directory) : undefined;
    },
    get reclaiming() {
      return state.kind === "reclaiming" ? state.over : undefined;
    },
    async setAsideFor(work) {
      if (state.kind === "reclaiming") return state.over;
      const before: Settled = state;
      const over = work().then(
        () => {
          state = before;
        },
        async (error: unknown) => {
          state = before;
          if (before.kind === "inUse") await giveUp(before.journal, error);
          else onFault(await faultOf(directory, error));
        },
      );
      state = { kind: "reclaiming", over };
      await over;
    },
    async close() {
      if (state.kind === "inUse") await state.journal.close();
    },
  };
}
