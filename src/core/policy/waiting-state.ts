/**
 * What a message that waits is doing, as people see it: its own state and that of its queue put together. A next hop
 * that does not answer puts the queue into Retry and touches no message (docs/mail-path.md); to people the messages
 * are in Retry then, as in Exchange. Everything that shows a state asks here.
 * Source: Exchange, "Message properties", Status.
 */

export const messageStatuses = [
  "Ready",
  /** Being handed over, or next. */
  "Active",
  /** After a failed attempt, of its own or of its queue. */
  "Retry",
  "Suspended",
  /** Suspended, or given up, when the attempt under way ends without success. */
  "PendingSuspend",
  "PendingRemove",
] as const;
export type MessageStatus = (typeof messageStatuses)[number];

/** What one message, or one recipient of it, has in one queue. */
export interface WaitingEntry {
  readonly suspended: boolean;
  /** A claim holds it. */
  readonly held: boolean;
  readonly pending: "PendingSuspend" | "PendingRemove" | undefined;
  /** Attempts that reached the next hop. */
  readonly attempts: number;
  readonly lastError: string | undefined;
  /** Milliseconds of any clock; `nextAttemptAt` is of the same. */
  readonly dueAt: number;
}

export interface WaitingQueue {
  readonly status: string;
  readonly deliveryType: string;
  /** Failed connections in a row. */
  readonly retryCount: number;
  readonly lastError: string | undefined;
  readonly nextRetryAt: number | undefined;
}

export interface WaitingState {
  readonly status: MessageStatus;
  /** Its own attempts, and while its queue is in Retry the queue's. */
  readonly attempts: number;
  readonly lastError: string | undefined;
  /** Undefined: none is planned, because it, or its queue, is suspended, or no send connector takes it. */
  readonly nextAttemptAt: number | undefined;
}

export function waitingState(entry: WaitingEntry, queue: WaitingQueue): WaitingState {
  const inRetry = queue.status === "Retry";
  const own = entry.lastError;
  return {
    status: statusOf(entry, inRetry),
    attempts: entry.attempts + (inRetry ? queue.retryCount : 0),
    lastError: inRetry ? (queue.lastError ?? own) : (own ?? queue.lastError),
    nextAttemptAt:
      entry.suspended || queue.status === "Suspended" || queue.deliveryType === "Unreachable"
        ? undefined
        : Math.max(entry.dueAt, (inRetry ? queue.nextRetryAt : undefined) ?? entry.dueAt),
  };
}

function statusOf({ suspended, pending, held, attempts }: WaitingEntry, inRetry: boolean): MessageStatus {
  if (suspended) return "Suspended";
  if (pending !== undefined) return pending;
  if (inRetry) return "Retry";
  if (held) return "Active";
  return attempts > 0 ? "Retry" : "Ready";
}
