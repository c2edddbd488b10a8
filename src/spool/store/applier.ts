/**
 * Writes that are committed and not in LMDB yet, and their way there: many at once, in the background. What was put
 * and removed in between never reaches LMDB, and that is most of the mail.
 *
 *     newer   committed since the last batch to LMDB was begun
 *     older   the batch that LMDB is writing now, if any; goes back into `newer` when that fails
 *
 * With the writes goes LMDB's mark, the number of the last frame in the journal that is done with.
 */
import type { SpoolError } from "../spool.ts";
import type { RoomNeed } from "./file-room.ts";
import type { LmdbStore } from "./lmdb-store.ts";
import { faultOf } from "./store-fault.ts";
import type { Write } from "./store.ts";
import { needOf, unapplied, type Unapplied } from "./unapplied.ts";

export interface Applier {
  /** For reads, above LMDB's tables. */
  readonly layers: { readonly newer: Unapplied; readonly older: Unapplied | undefined };
  readonly isEmpty: boolean;
  /** What `newer` takes in memory, roughly. */
  readonly waitingBytes: number;
  /** Why the last batch could not be written. */
  readonly fault: SpoolError | undefined;
  /** Takes the writes of a frame that is durable. */
  add(frameNumber: number, writes: readonly Write[]): void;
  /** A frame that may be on disk and must never be replayed: LMDB's mark passes it with the next batch. */
  passOver(frameNumber: number): void;
  /** What LMDB takes for all that is here and writes that come on top. */
  needWith(writes: readonly Write[]): RoomNeed;
  /** Begins a batch unless one goes on. Whoever needs to know of a fault looks at `fault`. */
  applySoon(): void;
  /** Resolves when all that was here is in LMDB, durable, its mark too. Rejects with SpoolError; nothing is lost. */
  applyAll(): Promise<void>;
  /** Commits to LMDB itself, behind all that is here. Rejects with SpoolError when the writes are not durable. */
  commitDirectly(writes: readonly Write[]): Promise<void>;
}

/** `frameNumber`: of the last frame there is, whose writes LMDB has or `add` brings. */
export function createApplier(
  directory: string,
  lmdb: Pick<LmdbStore, "applied" | "commit">,
  frameNumber: number,
): Applier {
  let newer = unapplied();
  let older: Unapplied | undefined;
  /** The mark that LMDB gets with what is here. */
  let markNumber = frameNumber;
  let applying: Promise<void> | undefined;
  let fault: SpoolError | undefined;

  function apply(): Promise<void> {
    return (applying ??= applyOnce().finally(() => {
      applying = undefined;
    }));
  }

  async function applyOnce() {
    if (newer.size === 0 && lmdb.applied === markNumber) {
      fault = undefined;
      return;
    }
    const batch = (older = newer);
    newer = unapplied();
    try {
      await lmdb.commit(batch.writes(), markNumber);
      fault = undefined;
    } catch (error) {
      const both = unapplied();
      both.add(batch.writes(), undefined);
      both.add(newer.writes(), undefined);
      newer = both;
      throw (fault = await faultOf(directory, error));
    } finally {
      older = undefined;
    }
  }

  async function applyAll() {
    // A batch under way has only a part of it, and its fault is met again.
    await applying?.catch(() => undefined);
    await apply();
  }

  return {
    get layers() {
      return { newer, older };
    },
    get isEmpty() {
      return newer.size === 0 && older === undefined;
    },
    get waitingBytes() {
      return newer.bytes;
    },
    get fault() {
      return fault;
    },
    add(number, writes) {
      newer.add(writes, older);
      markNumber = number;
    },
    passOver(number) {
      markNumber = number;
    },
    needWith(writes) {
      const needs = [needOf(writes), newer.need, ...(older === undefined ? [] : [older.need])];
      const sum = (of: keyof RoomNeed) => needs.reduce((total, need) => total + need[of], 0);
      return {
        writes: sum("writes"),
        valuePages: sum("valuePages"),
        adjoiningPages: sum("adjoiningPages"),
      };
    },
    applySoon() {
      if (applying === undefined) apply().catch(() => undefined);
    },
    applyAll,
    async commitDirectly(writes) {
      await applyAll();
      await lmdb.commit(writes, markNumber);
    },
  };
}
