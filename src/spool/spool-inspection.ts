/**
 * What people ask of the spool: they look, and nothing changes. Every spool answers it; nothing on the mail's way needs
 * it. Where several nodes share the spool, the answer is of all of them.
 */
import type { MessageId } from "../core/message/envelope.ts";
import type { ContentReader, QueueName, RecipientState, SpooledMessage } from "./spool.ts";

/** How many entries of a queue `oldestSince` looks at. */
export const oldestOf = 100;

/** A message as `list` shows it: with its recipients in one queue. */
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

/** `countDeferred` counts no further. */
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

export interface SpoolInspection {
  /**
   * Messages of a queue in due order, suspended ones last, claimed ones included, without claiming. Cost: a read for
   * each looked at, some at a turn; what is suspended meanwhile may be met twice.
   */
  list(queue: QueueName, limit: number, search?: MessageSearch): Promise<ListedPage>;
  /** One message with its unfinished recipients by queue, and its content, without claiming. Cost: a read. */
  find(id: MessageId): Promise<FoundMessage | undefined>;
  /**
   * Entries of a queue that are due later than now and not suspended, up to 10,000. Cost: a read of so many keys,
   * some at a turn.
   */
  countDeferred(queue: QueueName, now: number): Promise<number>;
  /**
   * When the oldest message began to come in, in `Clock.now()` milliseconds; undefined without any. Of a queue: the
   * oldest of the 100 that are due first. Cost: a short read.
   */
  oldestSince(queue?: QueueName): Promise<number | undefined>;
}
