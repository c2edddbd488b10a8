/**
 * The durable spool. On disk, below one directory:
 *
 *     data.mdb, lock.mdb       LMDB with three tables, and a mark of what it has of the journal
 *       messages  id → the message, written once (record.ts)
 *       queue     queue, due time, id → nothing: who is due where (keys.ts)
 *       state     id → unfinished recipients; only for messages not finished at their first attempt
 *     journal/                 commits that are not in LMDB yet (journaled-store.ts)
 *     bodies/<shard>/<id>      contents above the inline limit (body-file.ts)
 *     damaged/<id>…            what could not be read (damaged-messages.ts)
 *     reserve/                 room for a start on a full disk (start-reserve.ts)
 *     holder.<process id>-…    the process that holds the spool (lock/directory-lock.ts)
 *
 * So the usual message costs two small puts when it is accepted and two removals when it is delivered, each in a
 * commit shared with whatever else is under way (group-commit.ts); the removals meet the puts in memory, and LMDB
 * hears of neither. In memory are the messages in use (live-message.ts), what is on its way to LMDB, and a cursor
 * for each queue (due-queue.ts); a backlog of any length stays on disk.
 *
 * LMDB reuses the pages of removed messages; its file keeps its highest size until the spool is empty and at rest.
 * Due times are instants of `Clock`: after a restart with another wall clock, whoever schedules judges due times
 * that lie too far ahead.
 */
import { chmod, mkdir } from "node:fs/promises";
import { dirname, resolve as absolutePath } from "node:path";
import type { MessageId } from "../core/message/envelope.ts";
import type { Clock } from "../ports/ports.ts";
import { syncDirectory } from "../ports/directory-sync.ts";
import { fileFault, isFull } from "../ports/file-fault.ts";
import { accept } from "./flow/arrivals.ts";
import { openBodyFiles } from "./bodies/body-file.ts";
import { claimDue, claimMessage, release } from "./flow/claiming.ts";
import { lockDirectory } from "./lock/directory-lock.ts";
import { watchSpoolPlace, type SpoolPlace } from "./lock/spool-place.ts";
import { countDeferred } from "./inspection/count-deferred.ts";
import { createGroupCommit } from "./store/group-commit.ts";
import { messageIdOf, messageKey } from "./store/keys.ts";
import { lmdbDraft } from "./messages/lmdb-draft.ts";
import type { JournalOptions } from "./store/journal.ts";
import { openJournaledStore } from "./store/journaled-store.ts";
import { giveUpStartReserve, keepStartReserve } from "./start-reserve.ts";
import { openQueueTable } from "./queues/queue-table.ts";
import { oldestSince } from "./inspection/oldest-since.ts";
import { list, resubmit } from "./inspection/queue-walks.ts";
import { setClaimAside } from "./flow/set-aside.ts";
import { walkOld } from "./flow/old-messages.ts";
import { comingIn } from "./messages/coming-in.ts";
import type { SpoolInspection } from "./spool-inspection.ts";
import { settle } from "./flow/settling.ts";
import { find, suspend } from "./inspection/single-message.ts";
import {
  assertOpen,
  bodyRoom,
  isTaken,
  tellSettled,
  type MessagesInUse,
  type SpoolState,
} from "./flow/spool-state.ts";
import type { Draft, Spool, SpoolError } from "./spool.ts";

export interface LmdbSpoolOptions {
  /** Made when it is missing, with mode 0700. One process at a time. */
  readonly directory: string;
  readonly clock: Clock;
  /** Contents up to this size stand in their record, larger ones in a file. Default 64 KiB. */
  readonly inlineLimitBytes?: number;
  /** What fresh claims may hold in memory together; above it fresh mail waits on disk. Default 64 MiB. */
  readonly memoryBudgetBytes?: number;
  /** Default: a journal sized by the disk; false: none. */
  readonly journal?: JournalOptions | false;
  /** Hears of every failed commit and body; for an event. */
  readonly onFault?: (fault: SpoolError) => void;
  /** Hears that the disk is full, and that what was kept on it for this start was removed. */
  readonly onReserveGivenUp?: (directory: string) => void;
  /** Hears when the directory is not the one that was opened any more, or not ours, and when (undefined) it is again. */
  readonly onMisplaced?: (fault: string | undefined) => void;
  /** Hears of every commit that succeeded: how many writes it held and how long it took. */
  readonly onCommit?: (writes: number, elapsedMs: number) => void;
}

export interface LmdbSpool extends Spool, SpoolInspection {
  /** Body files without a message that were removed at open. */
  readonly orphansSwept: number;
}

/**
 * Opens or creates a spool. Cost: a count of all queue keys and a listing of the body files. Rejects with
 * SpoolError `failed` when another process holds it or the directory cannot be used.
 */
export async function openLmdbSpool(options: LmdbSpoolOptions): Promise<LmdbSpool> {
  const { directory } = options;
  const firstMade = await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  if (await giveUpStartReserve(directory)) options.onReserveGivenUp?.(directory);
  const lock = await lockDirectory(directory).catch(async (error: unknown) => {
    throw isFull(error) ? await fileFault(directory, error) : error;
  });
  let place: SpoolPlace | undefined;
  try {
    const { clock, onMisplaced: onChange = () => undefined } = options;
    place = await watchSpoolPlace({ directory, lock, clock, onChange });
    const spool = await openState(options, place);
    await syncEntries(directory, firstMade);
    const { tables } = spool.store;
    const orphansSwept = await spool.bodies.sweep(
      (id) => Number.isSafeInteger(id) && tables.messages.doesExist(messageKey(id)),
    );
    const reserve = await keepStartReserve(directory, clock, () => spool.place.fault === undefined);
    return spoolOf(spool, orphansSwept, async () => {
      reserve.close();
      await lock.unlock();
    });
  } catch (error) {
    place?.close();
    await lock.unlock();
    throw error;
  }
}

async function openState(options: LmdbSpoolOptions, place: SpoolPlace): Promise<SpoolState> {
  const { directory, clock, onFault = () => undefined } = options;
  const { inlineLimitBytes = 64 * 1024, memoryBudgetBytes = 64 * 1024 * 1024 } = options;
  const bodies = await openBodyFiles(directory, () => place.look());
  const { journal } = options;
  const store = await openJournaledStore(directory, {
    clock,
    onFault,
    place,
    ...(journal === undefined ? {} : { journal }),
  });
  const lastKey = store.lastKey("messages");
  const memory: MessagesInUse = {
    lives: new Map(),
    comingIn: comingIn(lastKey === undefined ? 0 : messageIdOf(lastKey)),
    damaged: new Set(),
    waiters: new Map(),
  };
  const commit: typeof store.commit = async (writes, mayUseReserve) => {
    const startedAt = clock.now();
    await store.commit(writes, mayUseReserve);
    options.onCommit?.(writes.length, clock.now() - startedAt);
  };
  return {
    directory,
    clock,
    openedAt: clock.now(),
    inlineLimitBytes,
    memoryBudgetBytes,
    onFault,
    place,
    bodies,
    store,
    group: createGroupCommit({ clock, commit, onFault }),
    queues: openQueueTable(store, (queue, entry) => isTaken(memory, queue, entry)),
    memory,
    fresh: undefined,
    onDamaged: undefined,
    freshBytes: 0,
    size: store.count("messages"),
    closed: false,
  };
}

function spoolOf(spool: SpoolState, orphansSwept: number, unlock: () => Promise<void>): LmdbSpool {
  const { clock, bodies, store, group, queues, memory } = spool;
  const openDrafts = new Set<Draft>();
  const room = bodyRoom(spool);
  return {
    orphansSwept,
    get misplaced() {
      return spool.place.fault;
    },
    recovered: spool.size,
    get size() {
      return spool.size;
    },
    begin() {
      const id = memory.comingIn.begin(clock.now());
      return lmdbDraft(
        id,
        () => bodies.begin(id, room),
        spool.inlineLimitBytes,
        (draft) => openDrafts.add(draft),
        (draft) => openDrafts.delete(draft),
        (draft) => {
          openDrafts.delete(draft);
          memory.comingIn.end(id);
        },
      );
    },
    accept: (draft, envelope, origin, facts) => accept(spool, draft, envelope, origin, facts),
    onAccepted(fresh) {
      spool.fresh = fresh;
    },
    // One process owns the directory: a claim that ends for another holder ends with this process.
    onLost: () => undefined,
    onDamaged(listener) {
      spool.onDamaged = listener;
    },
    claim: (queue, limit, now) => claimDue(spool, queue, limit, now),
    walkOld: () => walkOld(spool),
    settle: (held, changes, reports = []) => settle(spool, held, changes, reports),
    release: (held, notBefore) => release(spool, held, notBefore),
    async setAside(held, what) {
      assertOpen(spool);
      await setClaimAside(spool, held, what);
    },
    resubmit: (queue, suspendedToo = false) => resubmit(spool, queue, suspendedToo),
    suspend: (queue, id, suspended) => suspend(spool, queue, id, suspended),
    whenSettled: (id) => (isSettled(spool, id) ? Promise.resolve() : settledLater(memory, id)),
    nextDueAt: (queue) => (spool.closed ? undefined : queues.nextDueAt(queue)),
    queues: () => (spool.closed ? [] : queues.summaries()),
    oldestSince: async (queue) => (spool.closed ? undefined : oldestSince(spool, queue)),
    list: (queue, limit, search) => list(spool, queue, limit, search),
    countDeferred: (queue, now) => countDeferred(spool, queue, now),
    find: async (id) => find(spool, id),
    claimMessage: (queue, id) => claimMessage(spool, queue, id),
    async close() {
      if (spool.closed) return;
      spool.closed = true;
      spool.place.close();
      for (const draft of openDrafts) draft.discard();
      await group.close();
      for (const id of memory.waiters.keys()) tellSettled(spool, id);
      await store.close();
      await unlock();
    },
  };
}

function isSettled({ closed, memory, store }: SpoolState, id: MessageId): boolean {
  if (closed) return true;
  const live = memory.lives.get(id);
  return live === undefined ? !store.tables.messages.doesExist(messageKey(id)) : live.entries.length === 0;
}

function settledLater({ waiters }: MessagesInUse, id: MessageId): Promise<void> {
  return new Promise((resolve) => {
    const resolves = waiters.get(id);
    if (resolves === undefined) waiters.set(id, [resolve]);
    else resolves.push(resolve);
  });
}

/** Makes the files of a directory durable, and the directories above it that were made for it. */
async function syncEntries(directory: string, firstMade: string | undefined) {
  await syncDirectory(directory);
  if (firstMade === undefined) return;
  const top = dirname(absolutePath(firstMade));
  for (let at = absolutePath(directory); at !== top && at !== dirname(at); at = dirname(at))
    await syncDirectory(dirname(at));
}
