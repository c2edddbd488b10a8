/**
 * The spool's contract in its simplest form: everything in memory, every query a walk over all messages. It is
 * the executable specification and a double for tests. "Durable" means here: until the process ends.
 */
import type { Envelope, MessageId, Origin } from "../core/message/envelope.ts";
import { timeOffBetween } from "../core/policy/mail-age.ts";
import type { Clock } from "../ports/ports.ts";
import { encodeAnswer, type StoredAnswer } from "../spool/answers/answer-record.ts";
import { answerHash, createTurns, type Turn } from "../spool/answers/turns.ts";
import { drawnAt, messageIds } from "../spool/messages/message-ids.ts";
import {
  byDue,
  changedRecipients,
  contentFacts,
  dueRecipients,
  entriesOf,
  newRecipients,
  resubmittedRecipients,
  suspendedRecipients,
  type PlacedRecipient,
} from "../spool/messages/recipients.ts";
import {
  SpoolError,
  submissionQueue,
  suspendedDueAt,
  type Claim,
  type ContentFacts,
  type ContentReader,
  type Draft,
  type FreshMail,
  type QueueName,
  type QueueSummary,
  type Report,
  type Spool,
  type SpooledMessage,
} from "../spool/spool.ts";
import type { NewAnswer } from "../spool/spool-answers.ts";
import { maxCounted, oldestOf, type ListedMessage, type SpoolInspection } from "../spool/spool-inspection.ts";

interface Kept {
  readonly message: SpooledMessage;
  readonly content: Buffer;
  recipients: PlacedRecipient[];
  readonly claims: Map<QueueName, Claim>;
  /** Released entries that are not to be claimed before a time. */
  readonly notBefore: Map<QueueName, number>;
}

interface MemoryDraft extends Draft {
  take(): Buffer;
}

export type MemorySpool = Spool & SpoolInspection;

/**
 * A spool that keeps everything in memory. Contents above `inlineLimitBytes` (64 KiB) are read by `stream()`
 * only, as in the durable one.
 */
export function createMemorySpool(options: {
  readonly clock: Clock;
  readonly inlineLimitBytes?: number;
  /** What is released for later is so for good, as where it is written down. Default false: until a restart. */
  readonly keepsReleases?: boolean;
  /** One that was closed: this one goes on with what it kept, as after a restart. */
  readonly earlier?: MemorySpool;
  /** A long time between the two does not count to the age of what waits. Default false. */
  readonly knowsEarlierRuns?: boolean;
}): MemorySpool {
  const { clock, earlier, inlineLimitBytes = 64 * 1024, keepsReleases = false } = options;
  const closedAt = earlier && options.knowsEarlierRuns === true ? closings.get(earlier) : undefined;
  const offMs = closedAt === undefined ? 0 : timeOffBetween(closedAt, clock.now());
  const kept = new Map<MessageId, Kept>(
    (earlier === undefined ? [] : [...(contents.get(earlier)?.values() ?? [])]).map((one) => [
      one.message.id,
      {
        ...one,
        message: { ...one.message, arrivedAt: Math.min(one.message.arrivedAt + offMs, clock.now()) },
        claims: new Map(),
        notBefore: new Map(),
      },
    ]),
  );
  const answers = new Map<string, StoredAnswer>(earlier === undefined ? [] : answersOf.get(earlier));
  const turns = createTurns();
  const forgetAnswers = (): void => {
    for (const [hash, { keptUntil }] of answers) if (keptUntil <= clock.now()) answers.delete(hash);
  };
  const recovered = kept.size;
  const nextId = messageIds(Math.max(0, ...kept.keys()));
  /** Kept, and not handed over yet. */
  const arriving = new Set<MessageId>();
  const waiters = new Map<MessageId, (() => void)[]>();
  let fresh: FreshMail | undefined;
  let damaged: Parameters<Spool["onDamaged"]>[0] | undefined;
  let closed = false;

  const assertOpen = () => {
    if (closed) throw new SpoolError("closed", "the spool is closed");
  };

  /** A message is kept, and handed over to whoever has room for it. */
  const arrive = (
    id: MessageId,
    envelope: Envelope,
    origin: Origin,
    facts: ContentFacts,
    content: Buffer,
  ): (() => SpooledMessage) => {
    const arrivedAt = clock.now();
    const message: SpooledMessage = { id, arrivedAt, envelope, origin, content: facts };
    const isTaken = fresh?.hasRoom(message) ?? false;
    const recipients = newRecipients(envelope.recipients.length, arrivedAt);
    const one: Kept = { message, content, recipients, claims: new Map(), notBefore: new Map() };
    kept.set(id, one);
    return () => {
      if (isTaken) fresh?.take(hold(one, submissionQueue, Number.POSITIVE_INFINITY));
      else fresh?.waits(message);
      return message;
    };
  };

  const keepAnswer = ({ turn, windowMs, ...answer }: NewAnswer, id: MessageId): void => {
    turn.end();
    const givenAt = clock.now();
    const stored = { id, ...answer, givenAt, keptUntil: givenAt + windowMs };
    // What cannot be written is not kept here either.
    encodeAnswer(stored);
    answers.set((turn as Turn).hash.toString("hex"), stored);
  };

  const hold = (one: Kept, queue: QueueName, now: number): Claim => {
    const claim: Claim = {
      message: one.message,
      queue,
      recipients: dueRecipients(one.recipients, queue, now),
      content: readerOf(one.content, inlineLimitBytes),
    };
    one.claims.set(queue, claim);
    return claim;
  };

  /** The message a claim holds; undefined when the claim has ended or the message was set aside. */
  const endClaim = (claim: Claim): Kept | undefined => {
    const one = kept.get(claim.message.id);
    if (one?.claims.get(claim.queue) !== claim) return undefined;
    one.claims.delete(claim.queue);
    one.notBefore.delete(claim.queue);
    return one;
  };

  const forget = (id: MessageId) => {
    kept.delete(id);
    for (const resolve of waiters.get(id) ?? []) resolve();
    waiters.delete(id);
  };

  /** Entries of a queue, earliest due first, claimed ones included. */
  const entries = (queue: QueueName) =>
    [...kept.values()]
      .flatMap((one) =>
        entriesOf(one.recipients)
          .filter((entry) => entry.queue === queue)
          .map(({ dueAt }) => ({
            id: one.message.id,
            dueAt,
            one,
            claimed: one.claims.has(queue) || arriving.has(one.message.id),
          })),
      )
      .sort(byDue);

  const nextDueAt = (queue: QueueName): number | undefined => {
    const due = entries(queue)
      .filter(({ claimed, dueAt }) => !claimed && dueAt < suspendedDueAt)
      .map(({ one, dueAt }) => Math.max(dueAt, one.notBefore.get(queue) ?? 0));
    return due.length === 0 ? undefined : Math.min(...due);
  };

  const spool: MemorySpool = {
    recovered,
    misplaced: undefined,
    away: undefined,
    get size() {
      return kept.size;
    },
    begin: () => memoryDraft(nextId(clock.now())),
    async accept(draft, envelope, origin, facts, { beforeHandover, answer } = {}) {
      assertOpen();
      const content = (draft as MemoryDraft).take();
      const { id } = draft;
      if (answer !== undefined) keepAnswer(answer, id);
      const handOver = arrive(id, envelope, origin, { sizeBytes: content.length, ...facts }, content);
      if (beforeHandover === undefined) return handOver();
      arriving.add(id);
      // However it ends.
      const before = await beforeHandover().then(
        () => undefined,
        (fault: unknown) => ({ fault }),
      );
      arriving.delete(id);
      const message = handOver();
      if (before !== undefined) throw before.fault;
      return message;
    },
    answers: {
      async ask(key) {
        assertOpen();
        forgetAnswers();
        const hash = answerHash(key);
        const ended = turns.running(hash);
        if (ended !== undefined) return { kind: "running", ended };
        const stored = answers.get(hash.toString("hex"));
        if (stored === undefined) return { kind: "first", turn: turns.begin(hash) };
        const { keptUntil: _, ...answer } = stored;
        return { kind: "answered", kept: answer };
      },
      get size() {
        forgetAnswers();
        return answers.size;
      },
    },
    onAccepted(listener) {
      fresh = listener;
    },
    onLost: () => undefined,
    onFound: () => undefined,
    isOwner: true,
    onDamaged(listener) {
      damaged = listener;
    },
    async claim(queue, limit, now) {
      assertOpen();
      // What was put off until then is put off no more: it is due as it was before.
      for (const { notBefore } of kept.values())
        if ((notBefore.get(queue) ?? 0) <= now) notBefore.delete(queue);
      return entries(queue)
        .filter(({ one, dueAt, claimed }) => !claimed && dueAt <= now && !one.notBefore.has(queue))
        .slice(0, limit)
        .map(({ one }) => hold(one, queue, now));
    },
    walkOld() {
      const given = new Set<MessageId>();
      const metInRound = new Set<MessageId>();
      return {
        async claim(arrivedBefore, limit, leaves = () => false) {
          assertOpen();
          const claims: Claim[] = [];
          for (const one of [...kept.values()].sort((a, b) => a.message.id - b.message.id)) {
            const { id, arrivedAt } = one.message;
            if (given.has(id) || metInRound.has(id) || arrivedAt >= arrivedBefore) continue;
            const all = entriesOf(one.recipients);
            const free = all.filter(({ queue }) => !one.claims.has(queue) && !leaves(queue));
            if (claims.length > 0 && claims.length + free.length > limit) break;
            for (const { queue } of free) claims.push(hold(one, queue, Number.POSITIVE_INFINITY));
            (free.length === all.length ? given : metInRound).add(id);
          }
          if (claims.length === 0) metInRound.clear();
          return claims;
        },
      };
    },
    async settle(claim, changes, reports: readonly Report[] = []) {
      assertOpen();
      const { message } = claim;
      const one = kept.get(message.id);
      if (one?.claims.get(claim.queue) !== claim) return "lost";
      one.recipients = changedRecipients(one.recipients, claim, changes);
      endClaim(claim);
      if (one.recipients.length === 0) forget(message.id);
      const arrivals = reports.map(({ envelope, origin, content }) => {
        const facts = { sizeBytes: content.length, ...contentFacts(content) };
        return arrive(nextId(clock.now()), envelope, origin, facts, content);
      });
      for (const handOver of arrivals) handOver();
      return "settled";
    },
    release(claim, notBefore) {
      const one = endClaim(claim);
      if (one === undefined || notBefore === undefined) return;
      if (!keepsReleases) return void one.notBefore.set(claim.queue, notBefore);
      one.recipients = one.recipients.map((recipient) =>
        recipient.queue === claim.queue && recipient.dueAt < notBefore
          ? { ...recipient, dueAt: notBefore }
          : recipient,
      );
    },
    async setAside(claim, what) {
      assertOpen();
      const { id } = claim.message;
      if (kept.get(id)?.claims.get(claim.queue) !== claim) return;
      forget(id);
      damaged?.({ id, what, setAside: undefined });
    },
    async resubmit(queue, suspendedToo = false, to = submissionQueue) {
      assertOpen();
      const now = clock.now();
      let moved = 0;
      for (const { one, claimed, dueAt } of entries(queue)) {
        const recipients =
          claimed || (queue === to && dueAt <= now)
            ? undefined
            : resubmittedRecipients(one.recipients, queue, suspendedToo, now, to);
        if (recipients === undefined) continue;
        one.notBefore.delete(queue);
        one.recipients = recipients;
        moved++;
      }
      return moved;
    },
    async suspend(queue, id, suspended) {
      assertOpen();
      const one = kept.get(id);
      if (!one?.recipients.some((recipient) => recipient.queue === queue)) return "missing";
      if (one.claims.has(queue)) return "held";
      const recipients = suspendedRecipients(one.recipients, queue, suspended, clock.now());
      if (recipients === undefined) return "unchanged";
      one.notBefore.delete(queue);
      one.recipients = recipients;
      return "changed";
    },
    whenFinished: (id) =>
      kept.has(id) && !closed
        ? new Promise((resolve) => waiters.set(id, [...(waiters.get(id) ?? []), resolve]))
        : Promise.resolve(),
    nextDueAt,
    messagesIn: (queue) => (closed ? 0 : entries(queue).length),
    async oldestSince(queue) {
      const ids =
        queue === undefined
          ? [...kept.keys()]
          : entries(queue)
              .slice(0, oldestOf)
              .map(({ one }) => one.message.id);
      return ids.length === 0 || closed ? undefined : drawnAt(Math.min(...ids));
    },
    queues() {
      const names = new Set([...kept.values()].flatMap((one) => one.recipients.map(({ queue }) => queue)));
      return [...names].map((queue): QueueSummary => {
        return { queue, messages: entries(queue).length, nextDueAt: nextDueAt(queue) };
      });
    },
    async list(
      queue,
      limit,
      { after, only, fits = () => true, maxExamined = Number.POSITIVE_INFINITY } = {},
    ) {
      assertOpen();
      const wanted = entries(queue).filter(
        (entry) =>
          (after === undefined || byDue(entry, after) > 0) &&
          (only === undefined || (only === "suspended") === (entry.dueAt === suspendedDueAt)),
      );
      const messages: ListedMessage[] = [];
      let examined = 0;
      for (const entry of wanted) {
        if (messages.length === limit || examined === maxExamined) break;
        examined++;
        const listed = listedIn(entry.one, queue, entry.dueAt);
        if (fits(listed)) messages.push(listed);
      }
      const last = wanted[examined - 1];
      const next = examined < wanted.length ? (last ?? after ?? { dueAt: 0, id: 0 }) : undefined;
      return { messages, examined, next: next && { dueAt: next.dueAt, id: next.id } };
    },
    async countDeferred(queue, now) {
      assertOpen();
      const deferred = entries(queue).filter(({ dueAt }) => dueAt > now && dueAt < suspendedDueAt);
      return Math.min(maxCounted, deferred.length);
    },
    async find(id) {
      assertOpen();
      const one = kept.get(id);
      if (one === undefined) return undefined;
      const places = entriesOf(one.recipients).map(({ queue, dueAt }) => ({
        queue,
        ...listedIn(one, queue, dueAt),
      }));
      return { message: one.message, content: readerOf(one.content, inlineLimitBytes), places };
    },
    async claimMessage(queue, id) {
      assertOpen();
      const one = kept.get(id);
      if (!one?.recipients.some((recipient) => recipient.queue === queue)) return "missing";
      if (one.claims.has(queue)) return "held";
      return hold(one, queue, Number.POSITIVE_INFINITY);
    },
    async close() {
      closed = true;
      closings.set(spool, clock.now());
      for (const resolve of [...waiters.values()].flat()) resolve();
      waiters.clear();
    },
  };
  contents.set(spool, kept);
  answersOf.set(spool, answers);
  return spool;
}

/** What each spool keeps, for the one that goes on with it. */
const contents = new WeakMap<MemorySpool, ReadonlyMap<MessageId, Kept>>();
const answersOf = new WeakMap<MemorySpool, ReadonlyMap<string, StoredAnswer>>();
const closings = new WeakMap<MemorySpool, number>();

function listedIn(one: Kept, queue: QueueName, dueAt: number): ListedMessage {
  const recipients = dueRecipients(one.recipients, queue, Number.POSITIVE_INFINITY);
  return { message: one.message, recipients, dueAt, held: one.claims.has(queue) };
}

function memoryDraft(id: MessageId): MemoryDraft {
  let chunks: Buffer[] = [];
  let sizeBytes = 0;
  let over = false;
  return {
    id,
    get sizeBytes() {
      return sizeBytes;
    },
    write(octets) {
      if (!over) {
        chunks.push(Buffer.from(octets));
        sizeBytes += octets.length;
      }
      return true;
    },
    whenWritable: () => Promise.resolve(),
    discard() {
      over = true;
      chunks = [];
    },
    take() {
      if (over) throw new Error(`draft ${id} has ended`);
      over = true;
      const content = Buffer.concat(chunks);
      chunks = [];
      return content;
    },
  };
}

const streamChunkBytes = 64 * 1024;

function readerOf(content: Buffer, inlineLimitBytes: number): ContentReader {
  return {
    inMemory: content.length <= inlineLimitBytes ? content : undefined,
    async *stream() {
      for (let at = 0; at < content.length; at += streamChunkBytes)
        yield content.subarray(at, at + streamChunkBytes);
    },
  };
}
