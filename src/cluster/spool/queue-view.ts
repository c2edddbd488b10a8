/**
 * What this node knows of all queues, for whoever asks at once: how many messages are in each, and when the first entry that
 * nobody holds is due. Its own changes are seen immediately, others' with the next look at the database. Too early costs a
 * claim that finds nothing; too late would leave mail lying, so whatever is uncertain is taken for early.
 */
import type { QueueName, QueueSummary } from "../../spool/spool.ts";

/** What a change that is not durable yet does to the view: applied again when the database was looked at without it. */
export interface ViewChange {
  readonly size: number;
  readonly messages: readonly (readonly [queue: QueueName, change: number])[];
  /** An entry that nobody holds is due then. */
  readonly due: readonly (readonly [queue: QueueName, dueAt: number])[];
}

export const noChange: ViewChange = { size: 0, messages: [], due: [] };

/** A look at one queue's due time that is under way. */
export interface DueLook {
  readonly queue: QueueName;
  /** Of what came in meanwhile. */
  least: number;
}

/** A look at all counts that is under way, and what was applied since it began to look. */
export interface CountLook {
  readonly changes: ViewChange[];
}

export interface QueueDue {
  readonly queue: QueueName;
  readonly dueAt: number;
}

/** Suspended ones are due later. */
const never = 1.7e308;

export class QueueView {
  #size = 0;
  #messages = new Map<QueueName, number>();
  #due = new Map<QueueName, number>();
  readonly #looks = new Set<DueLook>();
  #count: CountLook | undefined;
  /** Old versions of entries stand in front of what there is, many of them, so that looks from the start are dear. */
  isDear = false;

  get size(): number {
    return Math.max(0, this.#size);
  }

  apply(change: ViewChange): void {
    this.#count?.changes.push(change);
    this.#apply(change);
  }

  #apply({ size, messages, due }: ViewChange): void {
    this.#size += size;
    for (const [queue, change] of messages) {
      const left = (this.#messages.get(queue) ?? 0) + change;
      if (left > 0) this.#messages.set(queue, left);
      else this.#messages.delete(queue);
    }
    for (const [queue, dueAt] of due) this.#lower(queue, dueAt);
  }

  #lower(queue: QueueName, dueAt: number): void {
    if (dueAt >= never) return;
    if (dueAt < (this.#due.get(queue) ?? Number.POSITIVE_INFINITY)) this.#due.set(queue, dueAt);
    for (const look of this.#looks) if (look.queue === queue) look.least = Math.min(look.least, dueAt);
  }

  beginLook(queue: QueueName): DueLook {
    const look = { queue, least: Number.POSITIVE_INFINITY };
    this.#looks.add(look);
    return look;
  }

  /** `next`: what the database said; undefined: nothing is due there. */
  endLook(look: DueLook, next: number | undefined): void {
    this.#looks.delete(look);
    const least = Math.min(look.least, next ?? Number.POSITIVE_INFINITY);
    if (least < never) this.#due.set(look.queue, least);
    else this.#due.delete(look.queue);
  }

  /** It failed: nothing is known that was not known before. */
  breakLook(look: DueLook): void {
    this.#looks.delete(look);
  }

  /** A look at all queues' due times, with what it could not see. True: something is due earlier than was known. */
  setDue(rows: readonly QueueDue[], unseen: readonly ViewChange[]): boolean {
    const before = this.#due;
    this.#due = new Map(rows.map(({ queue, dueAt }) => [queue, dueAt]));
    for (const { due } of unseen) for (const [queue, dueAt] of due) this.#lower(queue, dueAt);
    return rows.some(({ queue, dueAt }) => dueAt < (before.get(queue) ?? Number.POSITIVE_INFINITY));
  }

  /** It sees what was done up to now, but for this. One at a time. */
  beginCount(unseen: readonly ViewChange[]): CountLook {
    return (this.#count = { changes: [...unseen] });
  }

  /** `dues`: it looked at due times as well. True: something is due earlier than was known. */
  endCount(
    look: CountLook,
    size: number,
    rows: readonly { readonly queue: QueueName; readonly messages: number }[],
    dues?: readonly QueueDue[],
  ): boolean {
    if (this.#count !== look) return false;
    this.#count = undefined;
    this.#size = size;
    this.#messages = new Map(rows.map(({ queue, messages }) => [queue, messages]));
    for (const change of look.changes) this.#apply({ ...change, due: [] });
    return dues !== undefined && this.setDue(dues, look.changes);
  }

  /** It failed: nothing is known that was not known before. */
  breakCount(look: CountLook): void {
    if (this.#count === look) this.#count = undefined;
  }

  nextDueAt(queue: QueueName): number | undefined {
    return this.#due.get(queue);
  }

  /** Where a claim begins to look. What another put there earlier is found when the due times are looked at. */
  dueFrom(queue: QueueName): number {
    return (this.isDear ? this.#due.get(queue) : undefined) ?? Number.NEGATIVE_INFINITY;
  }

  messagesIn(queue: QueueName): number {
    return this.#messages.get(queue) ?? 0;
  }

  summaries(): QueueSummary[] {
    return [...this.#messages].map(([queue, messages]) => ({
      queue,
      messages,
      nextDueAt: this.#due.get(queue),
    }));
  }
}
