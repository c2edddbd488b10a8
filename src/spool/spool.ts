/**
 * The spool: where mail is kept between receive and send. Receive and send meet here and nowhere else. What people ask
 * of it stands in `spool-inspection.ts`, what is kept of answers in `spool-answers.ts`.
 *
 * Promises (each has a test in test/contracts/ under its number, that every implementation passes; 7 is each one's own):
 *  1. `accept` resolves only after message and content are durable (flushed, not only written). If it rejects,
 *     nothing of the message is kept; only where it rejects with `undecided` the message may be there.
 *  2. After any crash, every accepted and unsettled message is found again, whole; nothing else is, but for what was
 *     undecided.
 *  3. An entry is held by at most one claim at a time. A claim ends by `settle`, `release` or `setAside`; a claim also
 *     ends when its message is set aside, and when its holder is taken for dead; then `settle` has no effect and
 *     tells it.
 *  4. `settle` changes message state and adds its reports in one atomic step.
 *  5. A message is gone when its last recipient is settled as done. Its octets go with it, or with the part of the
 *     store they stand in; nobody reads them any more.
 *  6. A damaged message is set aside and told to `onDamaged`; all others go on.
 *  7. What is in memory is bounded whatever the number of messages kept.
 *  8. A walk over old messages passes none for ever: whatever is too young, held or still coming in when the walk gets
 *     to it is met again.
 *
 * A message has recipients; each unfinished recipient stands in exactly one queue. A new message stands in the
 * submission queue with all recipients. Queue names are opaque here: routing makes them.
 *
 * Several nodes may share one spool. A claim then belongs to one of them; "held" means by any. What is answered at once
 * (`size`, `queues`, `nextDueAt`) is of the last second as far as it is others' doing, and of this moment as far as it
 * is this node's.
 */
import type { Envelope, MessageId, Origin } from "../core/message/envelope.ts";
import type { Answers, NewAnswer } from "./spool-answers.ts";

/** `""` is the submission queue; others are named by routing: up to 1,024 octets of UTF-8, no NUL. */
export type QueueName = string;
export const submissionQueue: QueueName = "";
/** Recipients no send connector matches; retried when the configuration changes. */
export const unreachableQueue: QueueName = "unreachable";

/**
 * The due time of what an administrator suspended: later than any instant a claim asks for, so that only
 * `walkOld`, `claimMessage` and `SpoolInspection.list` meet it.
 */
export const suspendedDueAt = Number.MAX_VALUE;

/** Facts about the content, learned while it was received. */
export interface ContentFacts {
  /** Octets as kept: unstuffed, CRLF line ends, trace header included. */
  readonly sizeBytes: number;
  /** Lines that begin with a dot: none means that DATA and BDAT framing carry the same octets. */
  readonly dotLines: number;
  /** Any octet above 127. */
  readonly eightBit: boolean;
  /**
   * Any octet above 127 in the header. Absent where the content has none at all, and in records of versions that
   * did not ask: `isHeaderEightBit` reads it.
   */
  readonly headerEightBit?: boolean;
  /** False when the content does not end in CRLF (possible by BDAT). */
  readonly endsWithCrlf: boolean;
  /** Of a head that stands in place of the stored one on the way out; never stored. */
  readonly headDigest?: string;
  /** As the header has it, angle brackets included; absent where it has none. For people and logs. */
  readonly messageId?: string;
  /** Of the header, unfolded, encoded words as they are, cut at `maxSubjectChars`. For people and logs. */
  readonly subject?: string;
}

/** Longer subjects are kept up to here. Characters. */
export const maxSubjectChars = 255;

/** In old records a content with octets above 127 counts as if its header had some: what was demanded for it then. */
export function isHeaderEightBit({ eightBit, headerEightBit }: ContentFacts): boolean {
  return headerEightBit ?? eightBit;
}

export interface SpooledMessage {
  readonly id: MessageId;
  /**
   * `Clock.now()` at acceptance; where that clock was ahead of this one, when the spool was opened. Later by what does not
   * count to its age.
   */
  readonly arrivedAt: number;
  /** That much, in milliseconds: the relay was off, or a clock was wrong. Absent: all counts. Never stored. */
  readonly timeOffMs?: number;
  readonly envelope: Envelope;
  readonly origin: Origin;
  readonly content: ContentFacts;
}

/** The state of one unfinished recipient. */
export interface RecipientState {
  /** Position in `envelope.recipients`. */
  readonly index: number;
  /** Delivery attempts that reached this recipient's next hop. */
  readonly attempts: number;
  /** The last failure in one line, for people: `450 4.2.1 mailbox busy (mx.example)`. */
  readonly lastError?: string;
  /**
   * Attempts in which the next hop had the whole content and its answer was lost: it may have been delivered so many
   * times. Absent: none.
   */
  readonly unconfirmed?: number;
  /** A delay report was sent (or decided against). */
  readonly delayReported: boolean;
  /** Suspended by an administrator: due at `suspendedDueAt`, and to be kept so. */
  readonly suspended?: true;
}

/**
 * A message while it comes in. Octets are handed over in order; small contents stay in memory, larger ones
 * stream to a file of their own. A draft ends by `Spool.accept` or `discard()`, whichever comes first.
 */
export interface Draft {
  readonly id: MessageId;
  /** Octets written so far. */
  readonly sizeBytes: number;
  /**
   * Adds a copy of the octets. Returns false when the writer should wait for
   * `whenWritable()` before the next write. Never throws: a disk fault surfaces in `accept`.
   * `behindBytes`: at the first write, how many more are at hand to be written; what comes together is copied once.
   */
  write(octets: Buffer, behindBytes?: number): boolean;
  /** Resolves when more octets may be written, and also after a fault or discard. */
  whenWritable(): Promise<void>;
  /** Drops everything; idempotent; harmless after `accept` began. */
  discard(): void;
}

/** Reads a message's content; the octets are checked against the checksum as they pass. */
export interface ContentReader {
  /** The whole content when it is in memory or small, else undefined: then use `stream()`. */
  readonly inMemory: Buffer | undefined;
  /** The same in pieces, where `inMemory` would have to be put together first: for who writes one behind the other. */
  readonly pieces?: readonly Buffer[];
  /** Chunks in order. Throws `SpoolError` with code `damaged` at the first sign of damage, at the latest at the end. */
  stream(): AsyncIterable<Buffer>;
  /**
   * What one call of `stream` gave is not looked at any more, sockets included: its memory may be used again. Once
   * for a call; who cannot be sure leaves it out.
   */
  giveBack?(): void;
}

/** Some recipients of one message in one queue, held by one worker. */
export interface Claim {
  readonly message: SpooledMessage;
  readonly queue: QueueName;
  readonly recipients: readonly RecipientState[];
  readonly content: ContentReader;
  /**
   * Whether it is this node's for certain at this moment: asked before the last octets of its content go out, for behind
   * them it is delivered. Left out where one process owns the spool.
   */
  readonly isHeld?: () => boolean;
}

/** What became of a recipient of a claim. Recipients not named stay as they were and become claimable again. */
export type RecipientChange =
  /** Finished, well or badly: the recipient leaves the message. */
  | { readonly kind: "done"; readonly index: number }
  /** To be looked at again at `dueAt`, in `queue`. */
  | {
      readonly kind: "keep";
      readonly index: number;
      readonly queue: QueueName;
      readonly dueAt: number;
      readonly attempts: number;
      readonly lastError?: string;
      readonly unconfirmed?: number;
      readonly delayReported: boolean;
    };

/** A report (DSN) made by this relay, to be accepted together with the change that caused it. */
export interface Report {
  readonly envelope: Envelope;
  readonly content: Buffer;
  readonly origin: Origin;
}

export interface QueueSummary {
  readonly queue: QueueName;
  /** Messages with at least one recipient in this queue, claimed ones included. */
  readonly messages: number;
  /** When the first unclaimed entry that is not suspended is due; undefined when there is none. */
  readonly nextDueAt: number | undefined;
}

/**
 * What `Spool.suspend` came to: `changed`; `unchanged`, because it was so already; `held` by a claim; `missing`,
 * because the message has nothing in that queue.
 */
export type Suspension = "changed" | "unchanged" | "held" | "missing";

/**
 * What `Spool.settle` came to: `settled`; `lost`, because the claim had ended. Then nothing was changed and no report
 * was added: whoever holds the entry now decides.
 */
export type SettleOutcome = "settled" | "lost";

/** Who takes fresh mail from memory, without a read. */
export interface FreshMail {
  /**
   * Asked just before a message is written: is it taken? So its owner is written with it. Reports are asked for too.
   * Cost counts: on the way to each 250.
   */
  hasRoom(message: SpooledMessage): boolean;
  /**
   * It is durable, and claimed in the submission queue with its content in memory when small. Called before `accept`
   * resolves. The claim ends as any other does.
   */
  take(claim: Claim): void;
  /** It is durable and waits in the submission queue: there was no room, here or in the spool's own memory. */
  waits(message: SpooledMessage): void;
}

/** A walk over messages that have waited long, for delay reports and expiry: `Spool.walkOld`. */
export interface OldMessages {
  /**
   * Claims messages that arrived before `arrivedBefore`, oldest first, whatever their queue and due time, suspended
   * ones too: those this walk has not given yet. One claim per (message, queue), all free ones of a message at once,
   * up to `limit` claims or those of one message. None: there are no more now. What was too young, still coming in, in
   * part held elsewhere or in a queue that `leaves` names is met again by the calls after that (promise 8). Calls do
   * not overlap.
   */
  claim(arrivedBefore: number, limit: number, leaves?: (queue: QueueName) => boolean): Promise<Claim[]>;
}

/** What is done with a message that is accepted. */
export interface Beside {
  /**
   * Runs when the message is durable and nobody has it yet: until it has ended, however it ends, the message is in the
   * spool for certain (what it was made from can go).
   */
  readonly beforeHandover?: (() => Promise<void>) | undefined;
  /** Kept in the same commit, for whoever hands the same message in again. */
  readonly answer?: NewAnswer | undefined;
}

/** How mail comes into the spool: what receive needs. */
export interface SpoolIntake {
  /**
   * Starts a message. Cost: an object and an id; no I/O.
   */
  begin(): Draft;
  /**
   * Makes a draft durable; the message then stands in the submission queue, and `onAccepted` hears of it.
   * Rejects with SpoolError: `full` (no space; 452 4.3.1), `failed` (disk fault; 451 4.3.0), `away` (the store of several
   * nodes does not answer; 451 4.3.2), `undecided` (it was lost before it answered; 451 4.3.2). What is undecided may be there, and is delivered then: the client comes again,
   * so it may arrive twice, but is not lost.
   *
   * However it ends, the turn of `beside.answer` is over then.
   */
  accept(
    draft: Draft,
    envelope: Envelope,
    origin: Origin,
    facts: Omit<ContentFacts, "sizeBytes">,
    beside?: Beside,
  ): Promise<SpooledMessage>;
  /** Answers that were given before, and whose turn it is to get one. */
  readonly answers: Answers;
  /**
   * Resolves when all recipients of the message are finished; also when it is not there any more, and
   * when the spool closes.
   */
  whenFinished(id: MessageId): Promise<void>;
  /** Why nothing is accepted for the time being: what it is kept in is not there any more, or not ours. */
  readonly misplaced: string | undefined;
  /**
   * The same where it is kept in a store of several nodes: why that cannot be reached, or not relied upon. Always undefined
   * where one process owns the spool.
   */
  readonly away: string | undefined;
  /** Messages kept; of the last second where several nodes share the spool. */
  readonly size: number;
}

export interface Spool extends SpoolIntake {
  /** Hears of each message that was accepted, reports too. One listener. */
  onAccepted(fresh: FreshMail): void;
  /**
   * Hears of claims that ended because this node was taken for dead: others hold their entries, or will. They are to be
   * dropped from memory, and nothing begun with them; what is on the wire goes on, and its `settle` tells `lost`. One
   * listener. Never called where one process owns the spool.
   */
  onLost(listener: (claims: readonly Claim[]) => void): void;
  /**
   * Hears that something may be due, by others' doing, earlier than was known here. One listener; cheap to be called for
   * nothing. Never called where one process owns the spool.
   */
  onFound(listener: () => void): void;
  /**
   * What claims hold is this node's for certain at this moment. False: others may have it, or will, so nothing is begun
   * with it; `onFound` tells when it is true again. Where one process owns the spool it is true until the lock is lost, and
   * then false for good. Cost: a look at a clock.
   */
  readonly isOwner: boolean;
  /** Called for each message set aside as damaged. One listener. */
  onDamaged(listener: (damage: { id: MessageId; what: string; setAside: string | undefined }) => void): void;
  /** Called once when messages left by an earlier run are found at open: how many. Claims then return them. */
  readonly recovered: number;
  /**
   * Claims up to `limit` unclaimed entries of `queue` with `dueAt <= now`, earliest due first. An entry is what
   * one message has in one queue; it is due when its first recipient is, and the claim holds those due.
   */
  claim(queue: QueueName, limit: number, now: number): Promise<Claim[]>;
  /** Claims what one message has in a queue, due or not. `missing` also when it is damaged. */
  claimMessage(queue: QueueName, id: MessageId): Promise<Claim | "held" | "missing">;
  /** Begins a walk over messages that have waited long. Cost: none; a call of it reads what it gives. */
  walkOld(): OldMessages;
  /**
   * Ends a claim with what became of its recipients. Resolves when durable; the change is visible here at once, and
   * stays: after a disk fault the write is repeated until it succeeds. Resolves with `lost` where the claim had ended.
   * Rejects with `closed` when the spool is closed before that, and for changes outside the claim (a caller's mistake).
   */
  settle(
    claim: Claim,
    changes: readonly RecipientChange[],
    reports?: readonly Report[],
  ): Promise<SettleOutcome>;
  /**
   * Ends a claim without a change; its entry is claimable again at once, or from `notBefore` on, which need not outlive
   * a restart. Harmless on a claim that has ended.
   */
  release(claim: Claim, notBefore?: number): void;
  /**
   * Ends a claim whose content proved damaged while it was read (`SpoolError` `damaged`): the whole message is
   * set aside and told to `onDamaged`. Other claims of it end with it. Resolves when that is durable. Harmless on a
   * claim that has ended.
   */
  setAside(claim: Claim, what: string): Promise<void>;
  /**
   * Moves all unclaimed entries of a queue back to the submission queue, or to the queue `to`, due at once; where
   * that is the queue itself, those that are due later. Suspended ones stay, or with `suspendedToo` move and stay suspended.
   * Returns how many moved.
   */
  resubmit(queue: QueueName, suspendedToo?: boolean, to?: QueueName): Promise<number>;
  /**
   * Suspends what one message has in a queue, or makes it due now again. Suspended entries are not claimed by
   * `claim`, also after a restart. Resolves when it is durable. Cost: one write.
   */
  suspend(queue: QueueName, id: MessageId, suspended: boolean): Promise<Suspension>;
  /**
   * When the first unclaimed entry of a queue is due; of the last second where several nodes share the spool. What was
   * put off counts from its `notBefore`, until a claim meets it behind that: then by its own time again, unless that was
   * written down for other nodes. Cost: at most one
   * short read.
   */
  nextDueAt(queue: QueueName): number | undefined;
  /** Messages with at least one recipient in a queue, claimed ones included. Cost: a look-up. */
  messagesIn(queue: QueueName): number;
  /**
   * All queues that hold entries; of the last second where several nodes share the spool. Costs per queue, not per
   * message.
   */
  queues(): readonly QueueSummary[];
  /** Waits for writes under way and closes. Drafts and claims that are open are dropped as after a crash. */
  close(): Promise<void>;
}

/** An operational failure of the spool. */
export class SpoolError extends Error {
  override readonly name = "SpoolError";
  readonly code: "full" | "failed" | "away" | "undecided" | "damaged" | "closed";
  readonly temporary = true;
  constructor(code: SpoolError["code"], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
