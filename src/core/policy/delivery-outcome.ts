/**
 * What follows for one recipient from an attempt, from waiting, or from routing: finished, reported, or kept.
 * Sources: RFC 3461 §4.1, §5.2 (NOTIFY), RFC 5321 §4.5.4.1, Exchange: "Message retry, resubmit, and
 * expiration intervals".
 */
import type { Notify } from "../message/envelope.ts";
import {
  deadlineOf,
  isDelayReportDue,
  isExpired,
  longestHoldMs,
  messageRetryDelayMs,
  mostUnconfirmedAttempts,
  unconfirmedRetryDelayMs,
  type TransportSettings,
} from "./retry-schedule.ts";

/** A failure or success in one line: enhanced status code, text for people, and who said it. */
export interface Finding {
  readonly status: string;
  readonly text: string;
  readonly fromPeer: boolean;
}

export type AttemptOutcome =
  | { readonly kind: "delivered"; readonly verdict: Finding; readonly dsnRelayed: boolean }
  /** `unconfirmed`: the peer had the whole content, and its answer was lost or could not be read. */
  | {
      readonly kind: "transient";
      readonly verdict: Finding;
      readonly unconfirmed?: true;
      /** The next hop's own wish, or what is known of it, in place of MessageRetryInterval. */
      readonly retryAfterMs?: number;
    }
  | { readonly kind: "permanent"; readonly verdict: Finding };

/** What the decisions look at. */
export interface Waiting {
  readonly reversePath: string;
  readonly notify: Notify | undefined;
  readonly arrivedAt: number;
  readonly delayReported: boolean;
  /** Attempts so far that may have delivered it though no answer came. */
  readonly unconfirmed: number;
}

export type NextStep =
  | { readonly kind: "done"; readonly report: "delivered" | "relayed" | undefined }
  | {
      readonly kind: "failed";
      readonly finding: Finding;
      readonly report: boolean;
      readonly expired: boolean;
      /** So many attempts may have delivered it though no answer came; 0 is the usual. */
      readonly unconfirmed: number;
    }
  | {
      readonly kind: "keep";
      readonly dueAt: number;
      readonly unconfirmed: number;
      /** A delay report goes out now. */
      readonly delayReport: boolean;
      /** The new state: reported, or decided against. */
      readonly delayReported: boolean;
    };

export const expiredStatus = "4.4.7";
const unconfirmedStatus = "5.4.2";
export const expiredText = "550 4.4.7 QUEUE.Expired; message expired";

const donePlain: NextStep = { kind: "done", report: undefined };

/** No report ever answers the null reverse-path (RFC 5321 §6.1), nor NOTIFY=NEVER; without NOTIFY failures are told. */
export function wantsFailureReport({ reversePath, notify }: Waiting): boolean {
  return reversePath !== "" && (notify === undefined || (!notify.never && notify.failure));
}

/** RFC 3461 §4.1: without NOTIFY delays may be told; Exchange does. */
export function wantsDelayReport({ reversePath, notify }: Waiting): boolean {
  return reversePath !== "" && (notify === undefined || (!notify.never && notify.delay));
}

function wantsSuccessReport({ reversePath, notify }: Waiting): boolean {
  return notify !== undefined && notify.success && !notify.never && reversePath !== "";
}

/**
 * Decides after an attempt. `finalDelivery`: the next hop is a mailbox or directory of ours, so success is
 * "delivered"; else the message was relayed into a system that may or may not report (RFC 3461 §5.2.2).
 * `random` is in [0, 1).
 */
export function afterAttempt(
  outcome: AttemptOutcome,
  waiting: Waiting,
  finalDelivery: boolean,
  now: number,
  settings: TransportSettings,
  random: number,
): NextStep {
  switch (outcome.kind) {
    case "delivered":
      if (outcome.dsnRelayed || !wantsSuccessReport(waiting)) return donePlain;
      return { kind: "done", report: finalDelivery ? "delivered" : "relayed" };
    case "permanent":
      return {
        kind: "failed",
        finding: outcome.verdict,
        report: wantsFailureReport(waiting),
        expired: false,
        unconfirmed: waiting.unconfirmed,
      };
    case "transient": {
      if (outcome.unconfirmed === undefined) {
        const { retryAfterMs } = outcome;
        const dueAt =
          now +
          (retryAfterMs === undefined
            ? messageRetryDelayMs(settings, random)
            : Math.min(retryAfterMs, longestHoldMs));
        return whileWaiting(waiting, outcome.verdict.text, dueAt, now, settings);
      }
      return afterUnconfirmed(outcome.verdict, waiting, now, settings, random);
    }
  }
}

/** Each repetition may be a duplicate in somebody's mailbox: longer and longer pauses, and an end. */
function afterUnconfirmed(
  { text }: Finding,
  before: Waiting,
  now: number,
  settings: TransportSettings,
  random: number,
): NextStep {
  const unconfirmed = before.unconfirmed + 1;
  const waiting = { ...before, unconfirmed };
  if (unconfirmed >= mostUnconfirmedAttempts) {
    return {
      kind: "failed",
      finding: {
        status: unconfirmedStatus,
        text: `550 ${unconfirmedStatus} the next hop took the whole message ${unconfirmed} times and its answer never came; it may have been delivered ${unconfirmed} times (last error: ${text})`,
        fromPeer: false,
      },
      report: wantsFailureReport(waiting),
      expired: false,
      unconfirmed,
    };
  }
  return whileWaiting(
    waiting,
    text,
    now + unconfirmedRetryDelayMs(unconfirmed, settings, random),
    now,
    settings,
  );
}

/** Decides for a recipient that stays where it is, due again at `dueAt`: expired, delay report due, or neither. */
export function whileWaiting(
  waiting: Waiting,
  lastError: string | undefined,
  dueAt: number,
  now: number,
  settings: TransportSettings,
): NextStep {
  if (isExpired(waiting.arrivedAt, now, settings)) {
    return {
      kind: "failed",
      finding: {
        status: expiredStatus,
        text: lastError === undefined ? expiredText : `${expiredText} (last error: ${lastError})`,
        fromPeer: false,
      },
      report: wantsFailureReport(waiting),
      expired: true,
      unconfirmed: waiting.unconfirmed,
    };
  }
  const due = !waiting.delayReported && isDelayReportDue(waiting.arrivedAt, now, settings);
  return {
    kind: "keep",
    dueAt,
    unconfirmed: waiting.unconfirmed,
    delayReport: due && wantsDelayReport(waiting),
    delayReported: waiting.delayReported || due,
  };
}

/** True when waiting on needs a decision now: for walking many messages without building anything. */
export function isOverdue(
  arrivedAt: number,
  allDelaysReported: boolean,
  now: number,
  settings: TransportSettings,
): boolean {
  return (
    now >= deadlineOf(arrivedAt, settings) ||
    (!allDelaysReported && isDelayReportDue(arrivedAt, now, settings))
  );
}
