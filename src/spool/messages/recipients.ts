/** The unfinished recipients of one message, and how a settle changes them. Pure. */
import { hasHighOctet } from "../../core/octets/high-octet.ts";
import type { MessageId } from "../../core/message/envelope.ts";
import { scanHeader } from "../../core/message/header-scan.ts";
import { assertQueueName } from "../store/keys.ts";
import {
  maxSubjectChars,
  submissionQueue,
  suspendedDueAt,
  type Claim,
  type ContentFacts,
  type QueueName,
  type RecipientChange,
  type RecipientState,
} from "../spool.ts";

/** Every recipient is due then. */
export const everyRecipient = Number.POSITIVE_INFINITY;

/** A recipient's state with its place. */
export interface PlacedRecipient extends RecipientState {
  readonly queue: QueueName;
  readonly dueAt: number;
}

/** What one message has in one queue: due when its first recipient is. */
export interface QueueEntry {
  readonly queue: QueueName;
  readonly dueAt: number;
}

/** A new message: every recipient in the submission queue, due at its arrival. */
export function newRecipients(count: number, arrivedAt: number): PlacedRecipient[] {
  const all: PlacedRecipient[] = [];
  for (let index = 0; index < count; index++)
    all.push({ index, attempts: 0, delayReported: false, queue: submissionQueue, dueAt: arrivedAt });
  return all;
}

/** One entry for each queue that holds a recipient, with the earliest due time. */
export function entriesOf(recipients: readonly PlacedRecipient[]): QueueEntry[] {
  const entries: { queue: QueueName; dueAt: number }[] = [];
  let last: { queue: QueueName; dueAt: number } | undefined;
  for (const { queue, dueAt } of recipients) {
    if (last?.queue !== queue) {
      last = entries.find((entry) => entry.queue === queue);
      if (last === undefined) entries.push((last = { queue, dueAt }));
    }
    if (dueAt < last.dueAt) last.dueAt = dueAt;
  }
  return entries;
}

/** True when the changes finish every recipient there is. Cost: one pass when they come in the usual order. */
export function finishesAll(
  recipients: readonly PlacedRecipient[],
  changes: readonly RecipientChange[],
): boolean {
  if (changes.length !== recipients.length) return false;
  for (let i = 0; i < changes.length; i++) {
    const change = changes[i];
    if (change?.kind !== "done" || change.index !== recipients[i]?.index) return false;
  }
  return true;
}

/**
 * The recipients after the changes. Throws (a bug of the caller) when a change names a recipient twice or one
 * that the claim does not hold.
 */
export function changedRecipients(
  recipients: readonly PlacedRecipient[],
  claim: Claim,
  changes: readonly RecipientChange[],
): PlacedRecipient[] {
  const byIndex = new Map<number, RecipientChange>();
  for (const change of changes) {
    if (byIndex.has(change.index)) throw new Error(`recipient ${change.index} is changed twice`);
    byIndex.set(change.index, change);
  }
  let unheld = byIndex.size;
  for (const { index } of claim.recipients) if (byIndex.has(index)) unheld--;
  if (unheld > 0)
    throw new Error(`a change names a recipient outside its claim of message ${claim.message.id}`);
  const kept: PlacedRecipient[] = [];
  for (const recipient of recipients) {
    const change = byIndex.get(recipient.index);
    if (change === undefined) kept.push(recipient);
    else if (change.kind === "keep") {
      const { index, queue, attempts, lastError, unconfirmed, delayReported } = change;
      if (queue !== recipient.queue) assertQueueName(queue);
      if (Number.isNaN(change.dueAt)) throw new RangeError("a due time is not a number");
      const dueAt = Math.max(0, change.dueAt);
      kept.push({
        index,
        attempts,
        ...(lastError === undefined ? undefined : { lastError }),
        ...(unconfirmed === undefined ? undefined : { unconfirmed }),
        delayReported,
        queue,
        dueAt,
      });
    }
  }
  return kept;
}

/** The recipients of a queue that are due at `now`, without their place. */
export function dueRecipients(
  recipients: readonly PlacedRecipient[],
  queue: QueueName,
  now: number,
): RecipientState[] {
  const due: RecipientState[] = [];
  for (const { queue: place, dueAt, ...state } of recipients)
    if (place === queue && dueAt <= now)
      due.push(dueAt === suspendedDueAt ? { ...state, suspended: true } : state);
  return due;
}

/** The recipients with those of a queue suspended, or due at `now` again; undefined when it is so already. */
export function suspendedRecipients(
  recipients: readonly PlacedRecipient[],
  place: QueueName,
  suspended: boolean,
  now: number,
): PlacedRecipient[] | undefined {
  const changes = ({ queue, dueAt }: PlacedRecipient): boolean =>
    queue === place && (dueAt === suspendedDueAt) !== suspended;
  if (!recipients.some(changes)) return undefined;
  const dueAt = suspended ? suspendedDueAt : now;
  return recipients.map((recipient) => (changes(recipient) ? { ...recipient, dueAt } : recipient));
}

/**
 * The recipients with those of a queue in another, due at `now`. Suspended ones stay, or with
 * `suspendedToo` move as they are. Undefined when none moves.
 */
export function resubmittedRecipients(
  recipients: readonly PlacedRecipient[],
  place: QueueName,
  suspendedToo: boolean,
  now: number,
  to: QueueName,
): PlacedRecipient[] | undefined {
  const moves = ({ queue, dueAt }: PlacedRecipient): boolean =>
    queue === place && (suspendedToo || dueAt !== suspendedDueAt);
  if (!recipients.some(moves)) return undefined;
  return recipients.map((recipient) =>
    moves(recipient)
      ? {
          ...recipient,
          queue: to,
          dueAt: recipient.dueAt === suspendedDueAt ? suspendedDueAt : now,
        }
      : recipient,
  );
}

/** Facts of a content that is whole in memory, for reports made here. Cost: one pass over the octets. */
export function contentFacts(content: Buffer): Omit<ContentFacts, "sizeBytes"> {
  const dot = 0x2e;
  let dotLines = content[0] === dot ? 1 : 0;
  for (let at = content.indexOf("\n."); at !== -1; at = content.indexOf("\n.", at + 1)) dotLines++;
  const eightBit = hasHighOctet(content);
  const { length } = content;
  const { messageId, subject } = scanHeader(content);
  return {
    dotLines,
    eightBit,
    ...(eightBit ? { headerEightBit: hasHighOctet(headerOf(content)) } : undefined),
    endsWithCrlf: content[length - 2] === 0x0d && content[length - 1] === 0x0a,
    ...(messageId === undefined ? undefined : { messageId }),
    ...(subject === undefined ? undefined : { subject: subject.slice(0, maxSubjectChars) }),
  };
}

/** The header section, or all of it where no empty line ends it. */
function headerOf(content: Buffer): Buffer {
  const end = content.indexOf("\r\n\r\n", 0, "latin1");
  return end < 0 ? content : content.subarray(0, end);
}

/** Earliest due first, then by arrival. */
export function byDue(
  a: { readonly dueAt: number; readonly id: MessageId },
  b: { readonly dueAt: number; readonly id: MessageId },
): number {
  return a.dueAt - b.dueAt || a.id - b.id;
}
