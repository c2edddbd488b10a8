/**
 * The durable spool, put together. Where a message is at each moment, and the file that decides:
 *
 *     coming in    its octets with its draft, then in bodies/     messages/stored-draft.ts, coming-in.ts
 *     accepted     in one commit; who has it is asked before      flow/arrivals.ts, handover.ts
 *                  with it the answer to it, where one is kept    answers/given-answers.ts, forgetting.ts
 *     fresh        claimed in memory, never read from disk        flow/claims.ts
 *     waiting      on disk only, in one or more queues            queues/due-queue.ts: what is next
 *     claimed      read, and in memory until it is let go         flow/claiming.ts, old-messages.ts
 *     changed      in memory at once, on disk with a commit       flow/settling.ts, changes.ts
 *     suspended    on disk, due never; or moved to be routed      flow/interventions.ts
 *     finished     record, state and body are removed             flow/changes.ts, kept-messages.ts
 *     damaged      copied to damaged/, then removed               flow/set-aside.ts
 *
 *     copied       as of one moment, while all of this goes on     snapshot/snapshot.ts
 *     moved        into a database, while no relay runs            moving/closed-spool.ts
 *
 * Below that, messages/ reads and writes records, bodies/ files, store/ tables that survive; inspection/ looks on.
 *
 * On disk, below one directory:
 *
 *     data.mdb, lock.mdb       LMDB with five tables, a mark of what it has of the journal, and a close's note for the next start
 *       messages  id → the message, written once (record.ts)
 *       queue     queue, due time, id → nothing: who is due where (keys.ts)
 *       state     id → unfinished recipients; only for messages not finished at their first attempt
 *       answers, answerEnds    what was answered to whom, and until when it is known (answer-record.ts)
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
import { chmod } from "node:fs/promises";
import { dirname, resolve as absolutePath } from "node:path";
import type { MessageId } from "../core/message/envelope.ts";
import { makeDirectory } from "../ports/make-directory.ts";
import { syncDirectory } from "../ports/directory-sync.ts";
import { fileFault, isFull } from "../ports/file-fault.ts";
import type { Clock } from "../ports/ports.ts";
import { givenAnswers } from "./answers/given-answers.ts";
import { openBodyFiles } from "./bodies/body-file.ts";
import { createArrivals } from "./flow/arrivals.ts";
import { createChange } from "./flow/changes.ts";
import { createClaiming } from "./flow/claiming.ts";
import { createClaims } from "./flow/claims.ts";
import { createHandover } from "./flow/handover.ts";
import { createInterventions } from "./flow/interventions.ts";
import { keptMessages } from "./flow/kept-messages.ts";
import { walkOld } from "./flow/old-messages.ts";
import { createSetAside } from "./flow/set-aside.ts";
import { createSettle } from "./flow/settling.ts";
import { countDeferred } from "./inspection/count-deferred.ts";
import { findMessage } from "./inspection/find-message.ts";
import { listQueue } from "./inspection/list-queue.ts";
import { oldestSince } from "./inspection/oldest-since.ts";
import { lockDirectory } from "./lock/directory-lock.ts";
import { watchSpoolPlace, type SpoolPlace } from "./lock/spool-place.ts";
import type { BodyWriter } from "./bodies/body-writer.ts";
import { StoredDraft, type DraftPlace } from "./messages/stored-draft.ts";
import type { LiveClaim } from "./messages/live-message.ts";
import { openEarlierRuns } from "./messages/earlier-runs.ts";
import { messagesInUse } from "./messages/messages-in-use.ts";
import { openQueueTable } from "./queues/queue-table.ts";
import { createSnapshots, type SpoolSnapshot } from "./snapshot/snapshot.ts";
import { closedError, createGroupCommit } from "./store/group-commit.ts";
import type { JournalOptions } from "./store/journal.ts";
import { openJournaledStore, type Store } from "./store/journaled-store.ts";
import { messageIdOf, messageKey } from "./store/keys.ts";
import type { JournalFault } from "./store/store-options.ts";
import { giveUpStartReserve, keepStartReserve, type StartReserve } from "./start-reserve.ts";
import type { SpoolInspection } from "./spool-inspection.ts";
import { readMovedMark, whyMoved } from "./moving/moved-mark.ts";
import { submissionQueue, SpoolError, type Draft, type Spool } from "./spool.ts";

export interface LmdbSpoolOptions {
  /** Made when it is missing, with mode 0700. One process at a time. */
  readonly directory: string;
  readonly clock: Clock;
  /** Contents up to this size stand in their record, larger ones in a file. Default 64 KiB. */
  readonly inlineLimitBytes?: number;
  /** What fresh claims may hold in memory together; above it fresh mail waits on disk. Default 64 MiB. */
  readonly memoryBudgetBytes?: number;
  /** What a walk over old messages remembers singly of those it passed. Default 10,000. */
  readonly passedAtMost?: number;
  /** How many entries of each queue are put off in memory; more are on disk. Default 10,000. */
  readonly putOffAtMost?: number;
  /** Answers kept; of more the oldest are forgotten before their time. About 300 octets of disk each. Default 1,000,000. */
  readonly answersAtMost?: number;
  /** Hears when that begins to happen, and how many there are. */
  readonly onAnswersCrowded?: (kept: number) => void;
  /** Where it stands until when a run lived, for the age of what waits over a restart. Default: the time between counts. */
  readonly earlierRunsFile?: string;
  /** Hears at the opening that a time does not count to the age of so many messages; negative: the clock is behind. */
  readonly onTimeOff?: (offMs: number, messages: number) => void;
  /** Default: a journal sized by the disk; false: none. */
  readonly journal?: JournalOptions | false;
  /** Hears of every failed commit and body; for an event. */
  readonly onFault?: (fault: SpoolError) => void;
  /** Hears of a journal that is damaged or given up. */
  readonly onJournalFault?: (fault: JournalFault) => void;
  /** Hears that the disk is full, and that what was kept on it for this start was removed. */
  readonly onReserveGivenUp?: (directory: string) => void;
  /** Hears when the directory is not the one that was opened any more, or not ours, and when (undefined) it is again. */
  readonly onMisplaced?: (fault: string | undefined) => void;
  /** Hears of every commit that succeeded: how many writes it held and how long it took. */
  readonly onCommit?: (writes: number, elapsedMs: number) => void;
}

export interface LmdbSpool extends Spool, SpoolInspection {
  /**
   * Removes body files without a message, beside the mail, and resolves with how many there were; to be asked for once the
   * start has nothing better to do. Never rejects.
   */
  sweepOrphans(): Promise<number>;
  /** Runs `work` with the spool as it is now, to copy it; mail goes on. Rejects with `closed` when the spool is closed. */
  snapshot<Result>(work: (snapshot: SpoolSnapshot) => Promise<Result>): Promise<Result>;
}

/**
 * Opens or creates a spool. Cost: next to nothing behind a close in good order; else what the journal holds is read, and all
 * queue keys are counted. Rejects with
 * SpoolError `failed` when another process holds it or the directory cannot be used.
 */
export async function openLmdbSpool(options: LmdbSpoolOptions): Promise<LmdbSpool> {
  const { directory } = options;
  const named = async (error: unknown): Promise<never> => {
    throw isFull(error) ? await fileFault(directory, error) : error;
  };
  const firstMade = await makeDirectory(directory, 0o700).catch(named);
  await chmod(directory, 0o700);
  if (await giveUpStartReserve(directory)) options.onReserveGivenUp?.(directory);
  const lock = await lockDirectory(directory).catch(named);
  let place: SpoolPlace | undefined;
  let store: Store | undefined;
  try {
    const moved = whyMoved(directory, await readMovedMark(directory));
    if (moved !== undefined) throw new SpoolError("failed", moved);
    const { clock, journal, onMisplaced: onChange = () => undefined } = options;
    const { onFault = () => undefined, onJournalFault = () => undefined } = options;
    const opened = (place = await watchSpoolPlace({ directory, lock, clock, onChange }));
    const journalOption = journal === undefined ? {} : { journal };
    const hearers = { onFault, onJournalFault };
    store = await openJournaledStore(directory, { clock, place, ...hearers, ...journalOption });
    let reserve: StartReserve | undefined;
    const spool = await putTogether(options, opened, store, async () => {
      await reserve?.close();
      await lock.unlock();
    });
    await syncEntries(directory, firstMade);
    reserve = await keepStartReserve(directory, clock, () => opened.fault === undefined);
    return spool;
  } catch (error) {
    place?.close();
    await store?.close().catch(() => undefined);
    await lock.unlock();
    throw error;
  }
}

async function putTogether(
  options: LmdbSpoolOptions,
  place: SpoolPlace,
  store: Store,
  onClosed: () => Promise<void>,
): Promise<LmdbSpool> {
  const { directory, clock, onFault = () => undefined, onCommit } = options;
  const { inlineLimitBytes = 64 * 1024, memoryBudgetBytes = 64 * 1024 * 1024 } = options;
  const { putOffAtMost = 10_000, answersAtMost = 1_000_000, onAnswersCrowded = () => undefined } = options;

  // commits
  let hasFailed = false;
  const commit: typeof store.commit = async (writes, mayUseReserve) => {
    const startedAt = clock.now();
    try {
      await store.commit(writes, mayUseReserve);
    } catch (error) {
      hasFailed = true;
      throw error;
    }
    onCommit?.(writes.length, clock.now() - startedAt);
  };
  const group = createGroupCommit({ clock, commit, onFault });

  // bodies, messages, queues
  const isStored = (id: MessageId): boolean => store.tables.messages.doesExist(messageKey(id));
  const bodies = await openBodyFiles(directory, {
    mayMakeDirectory: store.count("messages") === 0,
    whyMissing: () => place.look(),
    isOrphan: (id) => !isStored(id),
  });
  place.watchPart(() => bodies.directoryFault());
  await place.look();
  const lastKey = store.lastKey("messages");
  const lastId = lastKey === undefined ? 0 : messageIdOf(lastKey);
  const [firstKey] = store.tables.messages.getKeys({ start: messageKey(0), limit: 1 });
  const firstId = firstKey === undefined ? 0 : messageIdOf(firstKey);
  const earlier = await openEarlierRuns(options.earlierRunsFile, { clock, firstId, lastId });
  const messages = messagesInUse(store, earlier);
  const { comingIn } = messages;
  const queues = openQueueTable(store, (queue, entry) => messages.isTaken(queue, entry));

  // flow
  const kept = keptMessages(store.count("messages"), messages);
  const handover = createHandover(memoryBudgetBytes, onFault);
  const claims = createClaims({ messages, queues, bodies, handover });
  const change = createChange({ messages, queues, group, bodies, kept, claims });
  const answers = givenAnswers({ clock, store, group, atMost: answersAtMost, onCrowded: onAnswersCrowded });
  const arrivals = createArrivals({ clock, place, messages, queues, group, kept, claims, handover, answers });
  const setAside = createSetAside({
    directory,
    place,
    bodies,
    store,
    messages,
    queues,
    group,
    kept,
    claims,
    onFault,
  });
  const claiming = createClaiming({ messages, queues, group, claims, change, setAside, putOffAtMost });
  const settle = createSettle({
    clock,
    inlineLimitBytes,
    bodies,
    group,
    comingIn,
    claims,
    change,
    arrivals,
    onFault,
  });
  const interventions = createInterventions({ clock, messages, queues, group, change });
  const snapshots = createSnapshots({ store, bodies });

  const recovered = kept.size;
  if (earlier.offMs !== 0) options.onTimeOff?.(earlier.offMs, recovered);
  const openDrafts = new Set<Draft>();
  let sweeping: Promise<number> | undefined;
  const sweepOrphans = (): Promise<number> =>
    bodies
      .sweep({
        lastId,
        isKept: (id) => comingIn.has(id) || isStored(id),
        isOver: () => group.closed,
      })
      // What cannot be read cannot be swept; the next start tries again.
      .catch(() => 0);
  /** Refuses what is asked after `close`. */
  const whileOpen = async <Answer>(ask: () => Answer | Promise<Answer>): Promise<Answer> => {
    if (group.closed) throw closedError();
    return ask();
  };

  const drafts: DraftPlace<BodyWriter> = {
    inlineLimitBytes,
    beginBody: (id) => bodies.begin(id, handover.bodies),
    onBody: (draft) => void openDrafts.add(draft),
    onTaken: (draft) => void openDrafts.delete(draft),
    onDiscarded(draft) {
      openDrafts.delete(draft);
      comingIn.end(draft.id);
    },
  };

  return {
    sweepOrphans: () => (sweeping ??= sweepOrphans()),
    recovered,
    get misplaced() {
      return place.fault;
    },
    get size() {
      return kept.size;
    },

    begin: () => new StoredDraft(comingIn.begin(clock.now()), drafts),
    accept: (draft, envelope, origin, facts, beside) =>
      arrivals.accept(draft as StoredDraft<BodyWriter>, envelope, origin, facts, beside),
    answers: {
      ask: (key) => whileOpen(() => answers.ask(key)),
      get size() {
        return answers.size;
      },
    },
    onAccepted: (fresh) => handover.listen(fresh),
    whenFinished: (id) => kept.whenFinished(id),

    claim: (queue, limit, now) => whileOpen(() => claiming.due(queue, limit, now)),
    claimMessage: (queue, id) => whileOpen(() => claiming.message(queue, id)),
    walkOld: () => walkOld({ clock, store, group, messages, claims }, options.passedAtMost),
    settle: (claim, changes, reports = []) => settle(claim as LiveClaim, changes, reports),
    release: (claim, notBefore) => claiming.release(claim as LiveClaim, notBefore),
    setAside: (claim, what) => whileOpen(() => setAside.claim(claim as LiveClaim, what)),
    onDamaged: (listener) => setAside.listen(listener),
    // One process owns the directory: claims end for another holder only with this process.
    onLost: () => undefined,
    onFound: () => undefined,
    // What is sent without the lock cannot be settled, and whoever has it sends it, too.
    get isOwner() {
      return place.lockFault === undefined;
    },
    away: undefined,

    resubmit: (queue, suspendedToo = false, to = submissionQueue) =>
      whileOpen(() => interventions.resubmit(queue, suspendedToo, to)),
    suspend: (queue, id, suspended) => whileOpen(() => interventions.suspend(queue, id, suspended)),

    nextDueAt: (queue) => (group.closed ? undefined : queues.nextDueAt(queue)),
    messagesIn: (queue) => (group.closed ? 0 : queues.messagesIn(queue)),
    queues: () => (group.closed ? [] : queues.summaries()),
    oldestSince: async (queue) => (group.closed ? undefined : oldestSince({ store, queues }, queue)),
    list: (queue, limit, search) =>
      whileOpen(() => listQueue({ messages, queues, group }, queue, limit, search)),
    countDeferred: (queue, now) => whileOpen(() => countDeferred({ queues, group }, queue, now)),
    find: (id) => whileOpen(() => findMessage({ messages, bodies }, id)),
    snapshot: (work) => whileOpen(() => snapshots.take(work)),

    async close() {
      if (group.closed) return;
      place.close();
      snapshots.close();
      answers.close();
      const ended = group.close();
      for (const draft of openDrafts) draft.discard();
      await ended;
      await sweeping;
      kept.close();
      await earlier.close();
      try {
        // Behind a failure the next start counts what is there.
        await store.close(hasFailed ? Buffer.alloc(0) : queues.closingNote());
      } finally {
        await onClosed();
      }
    },
  };
}

/** Makes the files of a directory durable, and the directories above it that were made for it. */
async function syncEntries(directory: string, firstMade: string | undefined) {
  await syncDirectory(directory);
  if (firstMade === undefined) return;
  const top = dirname(absolutePath(firstMade));
  for (let at = absolutePath(directory); at !== top && at !== dirname(at); at = dirname(at))
    await syncDirectory(dirname(at));
}
