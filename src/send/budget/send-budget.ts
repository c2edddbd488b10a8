/** What one mailbox, or one send connector, has sent and may send: the pace of a minute and the recipients of a day. */
import { BorrowedDay } from "../../core/policy/borrowed-day.ts";
import { forecast } from "../../core/policy/send-forecast.ts";
import {
  countIn,
  dayAllowsAt,
  freesNextAt,
  quarterOf,
  usedIn,
  usedUpAt,
  type RecipientsDay,
} from "../../core/policy/recipients-day.ts";
import type { SendLimits } from "../../core/policy/send-limits.ts";
import { afterSending, cautiousStart, paceAllowsAt, paceOf } from "../../core/policy/send-pace.ts";
import type { MessageId } from "../../core/message/envelope.ts";

export interface BudgetName {
  /** Where the limit is a connector's; else the account is what its mailboxes are counted in. */
  readonly connector?: string;
  readonly account?: string;
  readonly mailbox?: string;
}

export interface PutOff {
  readonly since: number;
  /** When its turn is thought to be. */
  readonly turnAt: number;
  /** When it comes back, which may be earlier. */
  readonly until: number;
  readonly recipients: number;
}

/** Messages that wait on disk and are remembered, for the forecast. */
const mostPutOff = 50_000;
/** One that did not come back by then was removed, redirected or given up. */
const forgottenAfterMs = 10 * 60_000;
/** A slot of a pace that nodes share goes to waste so long behind its time: used later it would be one too many then. */
const slotLastsMs = 2_000;
/** What others have used is asked for again, before a message is put off for it. */
const knownMs = 10_000;

export class SendBudget {
  readonly name: BudgetName;
  readonly day: RecipientsDay;
  readonly key: string;
  /** Waiting for their turn in memory. */
  readonly waiting = new Map<MessageId, number>();
  /** Of the quarter: what a crash is counted as, because it stands on disk. */
  onDisk = { quarter: 0, recipients: 0 };
  /** To be written ahead, beyond what was used. */
  wanted = 0;
  /** That most of the day's recipients, or all, are used up was told. */
  told: "nothing" | "most" | "all" = "nothing";
  /** Where several nodes send by it: what this one has borrowed of the day. */
  readonly borrowed: BorrowedDay | undefined;
  /** What is asked for next, where nodes share it; by these limits. */
  asking: { recipients: number; messages: number; limits: SendLimits } | undefined;
  /** When it was last known what all have used. */
  knownAt = -Infinity;
  /** Nobody is asked before. */
  askAgainAt = -Infinity;
  /** Of the common pace: when the first is due, and how many. */
  private slots = { dueAt: 0, left: 0 };
  private dueAt: number | undefined;
  private readonly putOffs = new Map<MessageId, PutOff>();

  constructor(name: BudgetName, day: RecipientsDay, isShared = false) {
    this.name = name;
    this.key = keyOf(name);
    this.borrowed = isShared ? new BorrowedDay() : undefined;
    this.day = this.borrowed?.day ?? day;
  }

  /** Of the common pace, from `dueAt` on. */
  takeSlots(dueAt: number, left: number): void {
    this.slots = { dueAt, left };
  }

  get hasSlots(): boolean {
    return this.slots.left > 0;
  }

  /** This node may send now without asking the others, by what it has borrowed. */
  isBorrowed({ messagesPerMinute, recipientsPerDay }: SendLimits, recipients: number, now: number): boolean {
    if (messagesPerMinute !== Infinity && this.slots.left === 0) return false;
    return recipientsPerDay === Infinity || (this.borrowed?.heldAt(now) ?? 0) >= recipients;
  }

  /** By the pace alone. */
  paceAt({ messagesPerMinute }: SendLimits, now: number): number {
    if (this.borrowed !== undefined) return Math.max(this.askAgainAt, this.slotAt(messagesPerMinute, now));
    if (messagesPerMinute === Infinity) return now;
    const pace = paceOf(messagesPerMinute);
    this.dueAt ??= cautiousStart(now, pace);
    return Math.max(now, paceAllowsAt(this.dueAt, pace));
  }

  private slotAt(messagesPerMinute: number, now: number): number {
    if (messagesPerMinute === Infinity) return now;
    const pace = paceOf(messagesPerMinute);
    const { slots } = this;
    while (slots.left > 0 && paceAllowsAt(slots.dueAt, pace) + slotLastsMs < now)
      this.useSlot(pace.intervalMs);
    return slots.left === 0 ? now : Math.max(now, paceAllowsAt(slots.dueAt, pace));
  }

  private useSlot(intervalMs: number): void {
    this.slots.left--;
    this.slots.dueAt += intervalMs;
  }

  /** By the day alone. */
  dayAt({ recipientsPerDay }: SendLimits, recipients: number, now: number): number {
    if (recipientsPerDay === Infinity) return now;
    // What this node holds is in no one's way, and what was known of the others may be over.
    if (
      this.borrowed !== undefined &&
      (this.borrowed.heldAt(now) >= recipients || now - this.knownAt > knownMs)
    )
      return now;
    return dayAllowsAt(this.day, recipients, recipientsPerDay, now);
  }

  /** A message leaves. Returns what takes back the recipients it turned out not to reach. */
  spend(limits: SendLimits, recipients: number, now: number): (unreached: number) => void {
    const { messagesPerMinute } = limits;
    if (this.borrowed !== undefined) {
      if (messagesPerMinute !== Infinity) this.useSlot(paceOf(messagesPerMinute).intervalMs);
      if (limits.recipientsPerDay !== Infinity) return this.borrowed.use(recipients, now);
    } else if (messagesPerMinute !== Infinity)
      this.dueAt = afterSending(this.dueAt ?? now, now, paceOf(messagesPerMinute));
    const quarter = quarterOf(now);
    countIn(this.day, quarter, recipients);
    return (unreached) => countIn(this.day, quarter, -unreached);
  }

  used(now: number): number {
    return usedIn(this.day, now);
  }

  freesAt(now: number): number | undefined {
    return freesNextAt(this.day, now);
  }

  /** When its day is used up at the pace of the last hour. */
  usedUpAt({ recipientsPerDay }: SendLimits, now: number): number | undefined {
    return usedUpAt(this.day, recipientsPerDay, now);
  }

  /** It waits on disk. */
  putOff(id: MessageId, putOff: PutOff): void {
    if (this.putOffs.size < mostPutOff) this.putOffs.set(id, putOff);
  }

  /** Returns how it was put off, where that is known. */
  cameBack(id: MessageId): PutOff | undefined {
    const putOff = this.putOffs.get(id);
    if (putOff !== undefined) this.putOffs.delete(id);
    return putOff;
  }

  /** What is known to wait. Cost: a pass over it. */
  backlog(now: number): { readonly messages: number; readonly recipients: number } {
    let recipients = 0;
    for (const count of this.waiting.values()) recipients += count;
    for (const [id, one] of this.putOffs) {
      if (one.until + forgottenAfterMs < now) this.putOffs.delete(id);
      else recipients += one.recipients;
    }
    return { messages: this.waiting.size + this.putOffs.size, recipients };
  }

  /** When what is known to wait has left; undefined where no limit slows it. */
  emptyAt({ messagesPerMinute, recipientsPerDay }: SendLimits, now: number): number | undefined {
    return forecast(
      this.backlog(now),
      {
        pace: messagesPerMinute === Infinity ? undefined : paceOf(messagesPerMinute),
        recipientsPerDay: recipientsPerDay === Infinity ? undefined : recipientsPerDay,
      },
      this.day,
      now,
    );
  }
}

export function keyOf({ connector, account, mailbox }: BudgetName): string {
  return [connector, account, mailbox].join("\n");
}
