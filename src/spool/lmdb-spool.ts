/**
 * The durable spool. On disk, below one directory:
 *
 *     data.mdb, lock.mdb       LMDB with three tables
 *       messages  id → the message, written once (record.ts)
 *       queue     queue, due time, id → nothing: who is due where (keys.ts)
 *       state     id → unfinished recipients; only for messages not finished at their first attempt
 *     bodies/<shard>/<id>      contents above the inline limit (body-file.ts)
 *     damaged/<id>…            what could not be read (damaged-messages.ts)
 *     lock                     the process that holds the spool (directory-lock.ts)
 *
 * So the usual message costs two small puts when it is accepted and two removals when it is delivered, each
 * in a commit shared with whatever else is under way (group-commit.ts). In memory are the messages in use
 * (live-message.ts) and a cursor for each queue (due-queue.ts); a backlog of any length stays on disk.
 *
 * LMDB reuses the pages of removed messages, and so do later messages; its file keeps its highest size until
 * an open finds it large and the spool empty (lmdb-store.ts). Due times are instants of `Clock`: after a
 * restart with another wall clock, whoever schedules judges due times that lie too far ahead.
 */
import { chmod, mkdir } from "node:fs/promises";
import { dirname, resolve as absolutePath } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { MessageId } from "../core/message/envelope.ts";
import type { Clock } from "../ports/ports.ts";
import { openBodyFiles, syncDirectory } from "./body-file.ts";
import { setRemainsAside } from "./damaged-messages.ts";
import { lockDirectory } from "./directory-lock.ts";
import { maxLater } from "./due-queue.ts";
import { createGroupCommit } from "./group-commit.ts";
import { messageIdOf, messageKey, queueKey, type DueKey } from "./keys.ts";
import {
  holdClaim,
  isDamage,
  isHeld,
  loadMessage,
  newLiveMessage,
  type LiveClaim,
  type LiveMessage,
} from "./live-message.ts";
import { lmdbDraft, type LmdbDraft } from "./lmdb-draft.ts";
import { entryCount, openLmdbStore, type Write } from "./lmdb-store.ts";
import { messageIds } from "./message-ids.ts";
import { openQueueTable } from "./queue-table.ts";
import {
  changedRecipients,
  contentFacts,
  dueRecipients,
  entriesOf,
  finishesAll,
  type PlacedRecipient,
  type QueueEntry,
} from "./recipients.ts";
import { encodeMessage, encodeState } from "./record.ts";
import {
  SpoolError,
  submissionQueue,
  type Claim,
  type ContentFacts,
  type Draft,
  type QueueName,
  type RecipientChange,
  type RecipientState,
  type Report,
  type Spool,
  type SpooledMessage,
} from "./spool.ts";

export interface LmdbSpoolOptions {
  /** Made when it is missing, with mode 0700. One process at a time. */
  readonly directory: string;
  readonly clock: Clock;
  /** Contents up to this size stand in their record, larger ones in a file. Default 64 KiB. */
  readonly inlineLimitBytes?: number;
  /** What fresh claims may hold in memory together; above it fresh mail waits on disk. Default 64 MiB. */
  readonly memoryBudgetBytes?: number;
  /** Hears of every failed commit and body; for an event. */
  readonly onFault?: (fault: SpoolError) => void;
}

export interface LmdbSpool extends Spool {
  /** Body files without a message that were removed at open. */
  readonly orphansSwept: number;
}

const everyRecipient = Number.POSITIVE_INFINITY;
/** What a claim costs beside its content, as the budget counts it. */
const claimBytes = 1024;
/** Records read before other work gets its turn. */
const turnRecords = 64;
/** A message may begin this long before it is accepted; ids are drawn when it begins. */
const slowestArrivalMs = 3_600_000;
const bodyRepeatMs = 1000;
const emptyValue = Buffer.alloc(0);

/**
 * Opens or creates a spool. Cost: a count of all queue keys and a listing of the body files. Rejects with
 * SpoolError `failed` when another process holds it or the directory cannot be used.
 */
export async function openLmdbSpool(options: LmdbSpoolOptions): Promise<LmdbSpool> {
  const { directory, clock, onFault = () => undefined } = options;
  const { inlineLimitBytes = 64 * 1024, memoryBudgetBytes = 64 * 1024 * 1024 } = options;
  const firstMade = await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  const unlock = await lockDirectory(directory);
  const bodies = await openBodyFiles(directory);
  const store = await openLmdbStore(directory);
  await syncEntries(directory, firstMade);
  const group = createGroupCommit({
    clock,
    commit: (writes, mayUseReserve) => store.commit(writes, mayUseReserve),
    onFault,
  });

  const lives = new Map<MessageId, LiveMessage>();
  /** Being committed: on disk perhaps, but nobody's yet. */
  const accepting = new Set<MessageId>();
  /** Damaged and on their way out. */
  const damagedIds = new Set<MessageId>();
  const waiters = new Map<MessageId, (() => void)[]>();
  const openDrafts = new Set<Draft>();
  let acceptedListener: ((claim: Claim) => boolean) | undefined;
  let damagedListener: Parameters<Spool["onDamaged"]>[0] | undefined;
  let freshBytes = 0;
  let closed = false;
  let size = entryCount(store.tables.messages);
  const recovered = size;

  const isTaken = (queue: QueueName, { id, dueAt }: DueKey): boolean => {
    if (accepting.has(id) || damagedIds.has(id)) return true;
    const live = lives.get(id);
    return live !== undefined && (isHeld(live, queue) || !hasEntry(live, queue, dueAt));
  };
  const queues = openQueueTable(store, isTaken);
  const [lastKey] = store.tables.messages.getKeys({ reverse: true, limit: 1 });
  const nextId = messageIds(lastKey === undefined ? 0 : messageIdOf(lastKey));
  const isKept = (id: MessageId) =>
    Number.isSafeInteger(id) && store.tables.messages.doesExist(messageKey(id));
  const orphansSwept = await bodies.sweep(isKept);

  // ── in memory ─────────────────────────────────────────────────────────────────────────────────

  /** Holds an entry for a worker, or returns undefined when there is nothing to hold. */
  function hold(live: LiveMessage, queue: QueueName, now: number): LiveClaim {
    lives.set(live.message.id, live);
    queues.find(queue)?.forget(live.message.id);
    return holdClaim(live, queue, now, bodies, 0);
  }

  function endClaim(claim: LiveClaim) {
    claim.ended = true;
    freshBytes -= claim.freshBytes;
    const { claims } = claim.live;
    claims.splice(claims.indexOf(claim), 1);
  }

  /** What is neither held nor being written needs no memory. */
  function restOf(live: LiveMessage) {
    if (live.claims.length === 0 && live.unwritten === 0) lives.delete(live.message.id);
  }

  function makeClaimable(live: LiveMessage, { queue, dueAt }: QueueEntry) {
    const { id } = live.message;
    const due = queues.find(queue);
    if (due !== undefined && !due.pending.has(id) && !isHeld(live, queue)) due.add({ dueAt, id });
  }

  function tellSettled(id: MessageId) {
    const resolves = waiters.get(id);
    if (resolves === undefined) return;
    waiters.delete(id);
    for (const resolve of resolves) resolve();
  }

  function isTakenOver(claim: LiveClaim): boolean {
    try {
      return acceptedListener?.(claim) ?? false;
    } catch (error) {
      onFault(new SpoolError("failed", `fresh mail was not taken over: ${String(error)}`, { cause: error }));
      return false;
    }
  }

  /** The message is durable: counted, and handed over while memory allows. */
  function arrive(live: LiveMessage) {
    const { id, arrivedAt } = live.message;
    accepting.delete(id);
    size++;
    queues.count(submissionQueue, 1);
    const { content } = live;
    const bytes = claimBytes + (Buffer.isBuffer(content) ? content.length : 0);
    if (acceptedListener !== undefined && freshBytes + bytes <= memoryBudgetBytes && !closed) {
      lives.set(id, live);
      freshBytes += bytes;
      const claim = holdClaim(live, submissionQueue, everyRecipient, bodies, bytes);
      if (isTakenOver(claim)) return;
      if (!claim.ended) endClaim(claim);
      restOf(live);
    }
    queues.findOrAdd(submissionQueue).add({ dueAt: arrivedAt, id });
  }

  // ── changes ───────────────────────────────────────────────────────────────────────────────────

  /** A new message and what accepting it writes. */
  function arrival(message: SpooledMessage, chunks: readonly Buffer[], bodyCrc: number | undefined) {
    const { id, arrivedAt, envelope, origin, content } = message;
    const header = { arrivedAt, envelope, origin, content, ...(bodyCrc === undefined ? {} : { bodyCrc }) };
    const inlineBytes = bodyCrc === undefined ? content.sizeBytes : 0;
    const { record, content: inline } = encodeMessage(header, chunks, inlineBytes);
    const live = newLiveMessage(message, bodyCrc === undefined ? inline : { bodyCrc });
    const writes: Write[] = [
      { table: "messages", key: messageKey(id), value: record },
      { table: "queue", key: queueKey(submissionQueue, arrivedAt, id), value: emptyValue },
    ];
    return { live, writes };
  }

  /**
   * Gives a message other unfinished recipients, in memory at once and on disk with the next commit, together
   * with `extra` writes. No recipients left: the message goes.
   */
  function change(live: LiveMessage, recipients: readonly PlacedRecipient[], extra: readonly Write[]) {
    const { id } = live.message;
    const writes: Write[] = [...extra];
    const before = live.entries;
    const entries = recipients.length === 0 ? [] : entriesOf(recipients);
    for (const { queue, dueAt } of before) {
      if (entries.some((entry) => entry.queue === queue && entry.dueAt === dueAt)) continue;
      writes.push({ table: "queue", key: queueKey(queue, dueAt, id), value: undefined });
      const due = queues.find(queue);
      due?.pending.delete(id);
      due?.forget(id);
      if (!entries.some((entry) => entry.queue === queue)) queues.count(queue, -1);
    }
    for (const { queue, dueAt } of entries) {
      if (before.some((entry) => entry.queue === queue && entry.dueAt === dueAt)) continue;
      writes.push({ table: "queue", key: queueKey(queue, dueAt, id), value: emptyValue });
      if (!before.some((entry) => entry.queue === queue)) queues.count(queue, 1);
      const due = queues.findOrAdd(queue);
      due.forget(id);
      due.pending.set(id, dueAt);
    }
    live.recipients = recipients;
    live.entries = entries;
    if (entries.length > 0) {
      writes.push({ table: "state", key: messageKey(id), value: encodeState(recipients) });
      live.hasState = true;
    } else {
      writes.push({ table: "messages", key: messageKey(id), value: undefined });
      if (live.hasState) writes.push({ table: "state", key: messageKey(id), value: undefined });
      size--;
      tellSettled(id);
    }
    live.unwritten++;
    lives.set(id, live);
    return group.lasting(id, writes).then(() => changed(live));
  }

  /** A change is durable. */
  function changed(live: LiveMessage) {
    const { id } = live.message;
    live.unwritten--;
    for (const entry of live.entries) {
      const due = queues.find(entry.queue);
      if (due?.pending.get(id) !== entry.dueAt) continue;
      due.pending.delete(id);
      makeClaimable(live, entry);
    }
    if (live.entries.length === 0 && !Buffer.isBuffer(live.content)) bodies.remove(id).catch(() => undefined);
    restOf(live);
  }

  async function settle(claim: LiveClaim, changes: readonly RecipientChange[], reports: readonly Report[]) {
    const { live } = claim;
    claim.ended = true;
    const bodyCrcs = reports.some(isLarge) ? await Promise.all(reports.map(writeReportBody)) : [];
    if (live.gone) return;
    const arrivals = reports.map((report, i) => reportArrival(report, bodyCrcs[i]));
    const all = claim.recipients.length === live.recipients.length && finishesAll(live.recipients, changes);
    const recipients = all ? [] : changedRecipients(live.recipients, claim, changes);
    endClaim(claim);
    for (const { live: report } of arrivals) accepting.add(report.message.id);
    const durable = change(
      live,
      recipients,
      arrivals.flatMap(({ writes }) => writes),
    );
    for (const entry of live.entries) if (entry.queue === claim.queue) makeClaimable(live, entry);
    await durable;
    for (const { live: report } of arrivals) arrive(report);
  }

  const isLarge = ({ content }: Report) => content.length > inlineLimitBytes;

  /** Writes a large report's body before the change it belongs to, however often that must be tried. */
  async function writeReportBody(report: Report): Promise<{ id: MessageId; crc: number } | undefined> {
    if (!isLarge(report)) return undefined;
    for (;;) {
      const id = nextId(clock.now());
      const body = bodies.begin(id);
      body.write(report.content);
      try {
        return { id, crc: await body.finish() };
      } catch (error) {
        onFault(error as SpoolError);
      }
      if (closed) throw closedError();
      await new Promise<void>((resolve) => clock.after(bodyRepeatMs, resolve));
    }
  }

  function reportArrival(
    { envelope, origin, content }: Report,
    body: { id: MessageId; crc: number } | undefined,
  ) {
    const facts: ContentFacts = { sizeBytes: content.length, ...contentFacts(content) };
    const id = body?.id ?? nextId(clock.now());
    return arrival({ id, arrivedAt: clock.now(), envelope, origin, content: facts }, [content], body?.crc);
  }

  // ── damage ────────────────────────────────────────────────────────────────────────────────────

  /** Takes a message out of the way at once, saves what is left of it, then removes it. */
  async function setAside(id: MessageId, what: string, entries: readonly QueueEntry[]) {
    damagedIds.add(id);
    const key = messageKey(id);
    const record = store.tables.messages.getBinary(key);
    const state = store.tables.state.getBinary(key);
    let path: string | undefined;
    try {
      path = await setRemainsAside(directory, bodies, { id, what, record, state });
    } catch (error) {
      onFault(
        new SpoolError("failed", `message ${id} cannot be set aside: ${String(error)}`, { cause: error }),
      );
    }
    if (path !== undefined) {
      const writes: Write[] = [
        { table: "messages", key, value: undefined },
        { table: "state", key, value: undefined },
        ...entries.map(({ queue, dueAt }) => ({
          table: "queue" as const,
          key: queueKey(queue, dueAt, id),
          value: undefined,
        })),
      ];
      if (record !== undefined) size--;
      for (const { queue } of entries) queues.count(queue, -1);
      tellSettled(id);
      await group.lasting(id, writes);
      damagedIds.delete(id);
    }
    damagedListener?.({ id, what, setAside: path });
  }

  /** An entry whose message is not there: left by a message set aside whose state could not be read. */
  async function removeDangling(queue: QueueName, { id, dueAt }: DueKey) {
    const key = queueKey(queue, dueAt, id);
    if (!store.tables.queue.doesExist(key)) return;
    queues.count(queue, -1);
    await group.lasting(id, [{ table: "queue", key, value: undefined }]);
  }

  /** Holds the message of a candidate, or deals with what stands in the way. */
  async function holdCandidate(queue: QueueName, entry: DueKey, now: number, claims: Claim[]) {
    const { id, dueAt } = entry;
    if (isTaken(queue, entry)) return;
    const loaded = lives.get(id) ?? loadMessage(store, id);
    if (loaded === undefined) return removeDangling(queue, entry);
    if (isDamage(loaded)) {
      const own = loaded.entries.some((known) => known.queue === queue);
      return setAside(id, loaded.what, own ? loaded.entries : [...loaded.entries, { queue, dueAt }]);
    }
    if (hasEntry(loaded, queue, dueAt)) claims.push(hold(loaded, queue, now));
    else await removeDangling(queue, entry);
  }

  /** Moves the unheld entry of a message to the submission queue. */
  function resubmitEntry(queue: QueueName, entry: DueKey, now: number): Promise<void> | undefined {
    if (isTaken(queue, entry)) return undefined;
    const live = lives.get(entry.id) ?? loadMessage(store, entry.id);
    if (live === undefined || isDamage(live) || !hasEntry(live, queue, entry.dueAt)) return undefined;
    const moved = live.recipients.map((recipient) =>
      recipient.queue === queue ? { ...recipient, queue: submissionQueue, dueAt: now } : recipient,
    );
    return change(live, moved, []);
  }

  function assertOpen() {
    if (closed) throw closedError();
  }

  return {
    orphansSwept,
    recovered,
    get size() {
      return size;
    },
    begin: () =>
      lmdbDraft(
        nextId(clock.now()),
        bodies,
        inlineLimitBytes,
        (draft) => openDrafts.add(draft),
        (draft) => openDrafts.delete(draft),
      ),

    async accept(draft, envelope, origin, { dotLines, eightBit, endsWithCrlf }) {
      const { id, sizeBytes } = draft;
      const { chunks, body } = (draft as LmdbDraft).take();
      const bodyCrc = await body?.finish();
      const content: ContentFacts = { sizeBytes, dotLines, eightBit, endsWithCrlf };
      const message = { id, arrivedAt: clock.now(), envelope, origin, content };
      const { live, writes } = arrival(message, chunks, bodyCrc);
      accepting.add(id);
      try {
        await group.once(writes);
      } catch (error) {
        accepting.delete(id);
        await body?.discard();
        throw error;
      }
      arrive(live);
      return message;
    },

    onAccepted(listener) {
      acceptedListener = listener;
    },
    onDamaged(listener) {
      damagedListener = listener;
    },

    async claim(queue, limit, now) {
      assertOpen();
      const claims: Claim[] = [];
      if ((queues.find(queue)?.pending.size ?? 0) > 0) await group.tried();
      while (claims.length < limit && !closed) {
        const batch = queues.take(queue, now, Math.min(limit - claims.length, turnRecords));
        if (batch.length === 0) break;
        const obstacles: Promise<void>[] = [];
        for (const entry of batch) obstacles.push(holdCandidate(queue, entry, now, claims));
        await Promise.all(obstacles);
        if (claims.length < limit) await nextTurn();
      }
      return claims;
    },

    async claimOld(after, arrivedBefore, limit) {
      assertOpen();
      const claims: LiveClaim[] = [];
      let next = after;
      for (;;) {
        const keys = store.tables.messages.getKeys({ start: messageKey(next + 1), limit: turnRecords });
        const ids = [...keys].map(messageIdOf);
        for (const id of ids) {
          const passed = accepting.has(id) || damagedIds.has(id);
          const live = passed ? undefined : (lives.get(id) ?? loadMessage(store, id));
          if (live !== undefined && !isDamage(live)) {
            const { arrivedAt } = live.message;
            if (arrivedAt >= arrivedBefore + slowestArrivalMs) return { claims, next };
            const free = live.entries.filter(({ queue }) => !isHeld(live, queue));
            if (claims.length > 0 && claims.length + free.length > limit) return { claims, next };
            if (arrivedAt < arrivedBefore)
              for (const { queue } of free) claims.push(hold(live, queue, everyRecipient));
          }
          next = id;
        }
        if (ids.length < turnRecords || claims.length >= limit || closed) return { claims, next };
        await nextTurn();
      }
    },

    settle(claim, changes, reports = []) {
      const own = claim as LiveClaim;
      if (closed) return Promise.reject(closedError());
      if (own.live.gone) return Promise.resolve();
      if (own.ended) return Promise.reject(new Error(`the claim of message ${claim.message.id} has ended`));
      return settle(own, changes, reports);
    },

    release(claim, notBefore) {
      const own = claim as LiveClaim;
      const { live, queue } = own;
      if (own.ended || live.gone) return;
      endClaim(own);
      const { id } = live.message;
      const entry = live.entries.find((one) => one.queue === queue);
      const due = queues.find(queue);
      if (entry !== undefined && due !== undefined) {
        if (notBefore === undefined) makeClaimable(live, entry);
        else if (due.putOff < maxLater) due.addLater({ id, dueAt: entry.dueAt }, notBefore);
        else {
          const later = live.recipients.map((recipient) =>
            recipient.queue === queue && recipient.dueAt < notBefore
              ? { ...recipient, dueAt: notBefore }
              : recipient,
          );
          change(live, later, []).catch(() => undefined);
        }
      }
      restOf(live);
    },

    async setAside(claim, what) {
      assertOpen();
      const { live } = claim as LiveClaim;
      if (live.gone || (claim as LiveClaim).ended) return;
      live.gone = true;
      for (const held of live.claims.slice()) endClaim(held);
      const { entries } = live;
      await setAside(live.message.id, what, entries);
      restOf(live);
    },

    async resubmit(queue) {
      assertOpen();
      const now = clock.now();
      let count = 0;
      let after: DueKey =
        queue === submissionQueue ? { dueAt: now, id: Number.MAX_SAFE_INTEGER } : firstEntry;
      if ((queues.find(queue)?.pending.size ?? 0) > 0) await group.tried();
      for (;;) {
        const page = queues.scan(queue, after, turnRecords);
        const moves = page.flatMap((entry) => resubmitEntry(queue, entry, now) ?? []);
        count += moves.length;
        await Promise.all(moves);
        after = page.at(-1) ?? after;
        if (page.length < turnRecords) return count;
        await nextTurn();
      }
    },

    whenSettled(id) {
      if (closed) return Promise.resolve();
      if (!lives.has(id) && !store.tables.messages.doesExist(messageKey(id))) return Promise.resolve();
      if (lives.get(id)?.entries.length === 0) return Promise.resolve();
      return new Promise((resolve) => {
        const resolves = waiters.get(id);
        if (resolves === undefined) waiters.set(id, [resolve]);
        else resolves.push(resolve);
      });
    },

    nextDueAt: (queue) => (closed ? undefined : queues.nextDueAt(queue)),
    queues: () => (closed ? [] : queues.summaries()),

    async list(queue, limit) {
      assertOpen();
      if ((queues.find(queue)?.pending.size ?? 0) > 0) await group.tried();
      const found: { message: SpooledMessage; recipients: RecipientState[]; dueAt: number }[] = [];
      let after = firstEntry;
      while (found.length < limit && !closed) {
        const page = queues.scan(queue, after, turnRecords);
        for (const { id, dueAt } of page) {
          const live = lives.get(id) ?? loadMessage(store, id);
          if (live === undefined || isDamage(live) || !hasEntry(live, queue, dueAt)) continue;
          found.push({
            message: live.message,
            recipients: dueRecipients(live.recipients, queue, everyRecipient),
            dueAt,
          });
          if (found.length === limit) break;
        }
        after = page.at(-1) ?? after;
        if (page.length < turnRecords) break;
        await nextTurn();
      }
      return found;
    },

    async close() {
      if (closed) return;
      closed = true;
      for (const draft of openDrafts) draft.discard();
      await group.close();
      for (const id of waiters.keys()) tellSettled(id);
      await store.close();
      await unlock();
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

const firstEntry: DueKey = { dueAt: 0, id: 0 };

function hasEntry(live: LiveMessage, queue: QueueName, dueAt: number): boolean {
  return live.entries.some((entry) => entry.queue === queue && entry.dueAt === dueAt);
}

function closedError(): SpoolError {
  return new SpoolError("closed", "the spool is closed");
}
