/**
 * The spool: where mail is kept between receive and send. Receive and send meet here and nowhere else.
 *
 * Promises (each has a test in test/contracts/spool-contract.ts that every implementation passes):
 *  1. `accept` resolves only after message and content are durable (flushed, not only written). If it rejects,
 *     nothing of the message is kept.
 *  2. After any crash, every accepted and unsettled message is found again, whole; nothing else is.
 *  3. An entry is held by at most one claim at a time. A claim ends by `settle` or `release`.
 *  4. `settle` changes message state and adds its reports in one atomic step.
 *  5. A message is gone, with its content, when its last recipient is settled as done.
 *  6. A damaged message is set aside and told to `onDamaged`; all others go on.
 *  7. What is in memory is bounded whatever the number of messages kept.
 *
 * A message has recipients; each unfinished recipient stands in exactly one queue. A new message stands in the
 * submission queue with all recipients. Queue names are opaque here: routing makes them.
 */
import type { Envelope, MessageId, Origin } from "../core/message/envelope.ts";

/** `""` is the submission queue; others are named by routing: up to 1,024 octets of UTF-8, no NUL. */
export type QueueName = string;
export const submissionQueue: QueueName = "";
/** Recipients no send connector matches; retried when the configuration changes. */
export const unreachableQueue: QueueName = "unreachable";

/**
 * The due time of what an administrator suspended: later than any instant a claim asks for, so that only
 * `claimOld`, `claimMessage` and `list` meet it.
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
  /** `Clock.now()` at acceptance. */
  readonly arrivedAt: number;
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
   */
  write(octets: Buffer): boolean;
  /** Resolves when more octets may be written, and also after a fault or discard. */
  whenWritable(): Promise<void>;
  /** Drops everything; idempotent; harmless after `accept` began. */
  discard(): void;
}

/** Reads a message's content; the octets are checked against the checksum as they pass. */
export interface ContentReader {
  /** The whole content when it is in memory or small, else undefined: then use `stream()`. */
  readonly inMemory: Buffer | undefined;
  /** Chunks in order. Throws `SpoolError` with code `damaged` at the first sign of damage, at the latest at the end. */
  stream(): AsyncIterable<Buffer>;
  /**
   * What one call of `stream` gave is not looked at any more, sockets included: its memory may be used again. Once
   * for a call; who cannot be sure leaves it out.
   */
  done?(): void;
}

/** Some recipients of one message in one queue, held by one worker. */
export interface Claim {
  readonly message: SpooledMessage;
  readonly queue: QueueName;
  readonly recipients: readonly RecipientState[];
  readonly content: ContentReader;
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

/** How many entries of a queue `Spool.oldestSince` looks at. */
export const oldestOf = 100;

/** A message as `Spool.list` shows it: with its recipients in one queue. */
export interface ListedMessage {
  readonly message: SpooledMessage;
  readonly recipients: readonly RecipientState[];
  readonly dueAt: number;
  /** A claim holds it. */
  readonly held: boolean;
}

/** Where a walk through a queue has come: behind this entry. */
export interface ListPlace {
  readonly dueAt: number;
  readonly id: MessageId;
}

export interface MessageSearch {
  /** Goes on behind this place; else from the beginning. */
  readonly after?: ListPlace | undefined;
  /** Leaves out the suspended ones, or all others, without looking at them. */
  readonly only?: "suspended" | "notSuspended" | undefined;
  readonly fits?: (listed: ListedMessage) => boolean;
  /** Ends after so many were looked at; the walk may be gone on with. */
  readonly maxExamined?: number;
}

export interface ListedPage {
  readonly messages: readonly ListedMessage[];
  readonly examined: number;
  /** Where to go on; undefined when the queue was seen to its end. */
  readonly next: ListPlace | undefined;
}

/** `Spool.countDeferred` counts no further. */
export const maxCounted = 10_000;

/** What one message has in one queue. */
export interface MessagePlace extends ListedMessage {
  readonly queue: QueueName;
}

export interface FoundMessage {
  readonly message: SpooledMessage;
  readonly content: ContentReader;
  readonly places: readonly MessagePlace[];
}

/**
 * What `Spool.suspend` came to: `changed`; `unchanged`, because it was so already; `held` by a claim; `missing`,
 * because the message has nothing in that queue.
 */
export type Suspension = "changed" | "unchanged" | "held" | "missing";

export interface Spool {
  /**
   * Starts a message. Cost: an object and an id; no I/O.
   */
  begin(): Draft;
  /**
   * Makes a draft durable; the message then stands in the submission queue, and `onAccepted` hears of it.
   * Rejects with SpoolError: `full` (no space; 452 4.3.1), `failed` (disk fault; 451 4.3.0).
   */
  accept(
    draft: Draft,
    envelope: Envelope,
    origin: Origin,
    facts: Omit<ContentFacts, "sizeBytes">,
  ): Promise<SpooledMessage>;
  /**
   * Called after each accept with the message already claimed in the submission queue and its content in
   * memory when small, so that fresh mail is sent without a read. Return false to decline: the claim ends and
   * the message waits on disk. One listener.
   */
  onAccepted(listener: (claim: Claim) => boolean): void;
  /** Called for each message set aside as damaged. One listener. */
  onDamaged(listener: (damage: { id: MessageId; what: string; setAside: string | undefined }) => void): void;
  /** Called once when messages left by an earlier run are found at open: how many. Claims then return them. */
  readonly recovered: number;
  /**
   * Claims up to `limit` unclaimed entries of `queue` with `dueAt <= now`, earliest due first. An entry is what
   * one message has in one queue; it is due when its first recipient is, and the claim holds those due.
   */
  claim(queue: QueueName, limit: number, now: number): Promise<Claim[]>;
  /**
   * Claims messages that arrived before `arrivedBefore`, oldest first, whatever their queue and due time,
   * beginning after message `after`; for delay reports and expiry. One claim per (message, queue). Entries held
   * elsewhere are skipped. `next` is where to go on; no claims mean that the walk is over.
   */
  claimOld(
    after: MessageId,
    arrivedBefore: number,
    limit: number,
  ): Promise<{ claims: Claim[]; next: MessageId }>;
  /**
   * Ends a claim with what became of its recipients. Resolves when durable; the change is visible at once, and
   * stays: after a disk fault the write is repeated until it succeeds. Rejects with `closed` when the spool is
   * closed before that.
   */
  settle(claim: Claim, changes: readonly RecipientChange[], reports?: readonly Report[]): Promise<void>;
  /**
   * Ends a claim without a change; its entry is claimable again at once, or from `notBefore` on (memory only:
   * after a restart it is claimable at once). Harmless on a claim that has ended.
   */
  release(claim: Claim, notBefore?: number): void;
  /**
   * Ends a claim whose content proved damaged while it was read (`SpoolError` `damaged`): the whole message is
   * set aside and told to `onDamaged`. Other claims of it end without effect. Resolves when that is durable.
   */
  setAside(claim: Claim, what: string): Promise<void>;
  /**
   * Moves all unclaimed entries of a queue back to the submission queue, due at once. Suspended ones stay, or with
   * `suspendedToo` move and stay suspended. Returns how many.
   */
  resubmit(queue: QueueName, suspendedToo?: boolean): Promise<number>;
  /**
   * Suspends what one message has in a queue, or makes it due now again. Suspended entries are not claimed by
   * `claim`, also after a restart. Decided before this returns; resolves when it is durable. Cost: one write.
   */
  suspend(queue: QueueName, id: MessageId, suspended: boolean): Promise<Suspension>;
  /**
   * Resolves when all recipients of the message are settled as done; also when it is not there any more, and
   * when the spool closes.
   */
  whenSettled(id: MessageId): Promise<void>;
  /** When the first unclaimed entry of a queue is due. Cost: at most one short read. */
  nextDueAt(queue: QueueName): number | undefined;
  /** All queues that hold entries. Costs per queue, not per message. */
  queues(): readonly QueueSummary[];
  /**
   * When the oldest message began to come in, in `Clock.now()` milliseconds; undefined without any. Of a queue: the
   * oldest of the 100 that are due first. Cost: a short read.
   */
  oldestSince(queue?: QueueName): number | undefined;
  /**
   * Messages of a queue in due order, suspended ones last, claimed ones included, without claiming; for people.
   * Cost: a read for each looked at, some at a turn; what is suspended meanwhile may be met twice.
   */
  list(queue: QueueName, limit: number, search?: MessageSearch): Promise<ListedPage>;
  /**
   * Entries of a queue that are due later than now and not suspended, up to 10,000. Cost: a read of so many keys,
   * some at a turn.
   */
  countDeferred(queue: QueueName, now: number): Promise<number>;
  /** One message with its unfinished recipients by queue, and its content, without claiming. Cost: a read. */
  find(id: MessageId): FoundMessage | undefined;
  /**
   * Claims what one message has in a queue, due or not. Undefined when it is not there, is held elsewhere, or is
   * damaged.
   */
  claimMessage(queue: QueueName, id: MessageId): Promise<Claim | undefined>;
  /** Why nothing is accepted for the time being: what it is kept in is not there any more, or not ours. */
  readonly misplaced: string | undefined;
  /** Messages kept. */
  readonly size: number;
  /** Waits for writes under way and closes. Drafts and claims that are open are dropped as after a crash. */
  close(): Promise<void>;
}

/** An operational failure of the spool. */
export class SpoolError extends Error {
  override readonly name = "SpoolError";
  readonly code: "full" | "failed" | "damaged" | "closed";
  readonly temporary = true;
  constructor(code: SpoolError["code"], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
