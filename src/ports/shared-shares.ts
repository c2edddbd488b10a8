/**
 * What several nodes may send or take together in a minute and in 24 hours, where each borrows a share for a while: what is
 * borrowed counts as used, so that the sum is never passed, and no message asks the database. Each call rejects while that is
 * away; then a node has what is left of its share.
 */
import type { RecipientsDay } from "../core/policy/recipients-day.ts";
import type { SendPace } from "../core/policy/send-pace.ts";

export interface DayAsk {
  readonly key: string;
  /** Recipients: all of them are given, or none; 0 looks only. */
  readonly wanted: number;
  /** Of 24 hours; Infinity: given and counted. */
  readonly limit: number;
  /** More than the limit at once is given where nothing is counted at all. */
  readonly mayExceed: boolean;
}

export interface DayGiven {
  /** As many as were wanted or some more; 0: there are not as many. */
  readonly granted: number;
  /** What all nodes have used or borrowed, `granted` included; by the quarter, `Clock.now()`. */
  readonly day: RecipientsDay;
}

/** Recipients that were borrowed in that quarter and not used. */
export interface DayBack {
  readonly key: string;
  readonly quarter: number;
  readonly recipients: number;
}

export interface SharedDays {
  /** What was borrowed counts in the quarter of `now`. Answers in the order of `asks`. */
  borrow(now: number, asks: readonly DayAsk[], back: readonly DayBack[]): Promise<readonly DayGiven[]>;
}

export interface PaceAsk {
  readonly key: string;
  readonly pace: SendPace;
  readonly wanted: number;
}

export interface PaceGiven {
  /** When the first of them is due by the pace, from now on; milliseconds. */
  readonly dueInMs: number;
  /** 0: its turn is more than a second off. */
  readonly slots: number;
}

export interface SharedPaces {
  /** No more than a node's part of what a second allows. Answers in the order of `asks`. */
  take(asks: readonly PaceAsk[]): Promise<readonly PaceGiven[]>;
}
