/** What one mailbox, or one send connector, has sent and may send: the pace of a minute and the recipients of a day. */
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
  private dueAt: number | undefined;
  private readonly putOffs = new Map<MessageId, PutOff>();

  constructor(name: BudgetName, day: RecipientsDay) {
    this.name = name;
    this.key = keyOf(name);
    this.day = day;
  }

  /** By the pace alone. */
  paceAt({ messagesPerMinute }: SendLimits, now: number): number {
    if (messagesPerMinute === Infinity) return now;
    const pace = paceOf(messagesPerMinute);
    this.dueAt ??= cautiousStart(now, pace);
    return Math.max(now, paceAllowsAt(this.dueAt, pace));
  }

  /** By the day alone. */
  dayAt({ recipientsPerDay }: SendLimits, recipients: number, now: number): number {
    if (recipientsPerDay === Infinity) return now;
    return dayAllowsAt(this.day, recipients, recipientsPerDay, now);
  }

  /** A message leaves. Returns what takes back the recipients it turned out not to reach. */
  spend({ messagesPerMinute }: SendLimits, recipients: number, now: number): (unreached: number) => void {
    if (messagesPerMinute !== Infinity)
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
