/**
 * From what happened to a claim to what becomes of its recipients. Facts come from carrier, routing or the
 * passing of time; `core/policy/delivery-outcome` decides.
 */
import {
  afterAttempt,
  wantsFailureReport,
  whileWaiting,
  type Finding,
  type NextStep,
  type Waiting,
} from "../../core/policy/delivery-outcome.ts";
import { longestHoldMs, type TransportSettings } from "../../core/policy/retry-schedule.ts";
import type { TlsLevel } from "../../core/tls-policy/tls-demand.ts";
import type { Claim, QueueName, RecipientState } from "../../spool/spool.ts";
import type { RecipientOutcome, Verdict } from "./delivery.ts";

export interface Decision {
  readonly state: RecipientState;
  readonly step: NextStep;
  /** What the step rests on: the last reply or failure. */
  readonly finding: Finding | undefined;
  /** Who was spoken to. */
  readonly host: string | undefined;
  /** Where a recipient that is kept stands. */
  readonly queue: QueueName;
  /** 1 when an attempt reached the next hop. */
  readonly attempted: 0 | 1;
  /** By what the connection that took it was within TLS. */
  readonly tls?: TlsLevel | undefined;
  /** Attempted, but not to be counted: the next hop takes no mail now. */
  readonly uncounted?: true;
  /** An administrator wants it so; told as that, not as a failure. */
  readonly removed?: true;
}

export interface DecisionContext {
  readonly now: number;
  readonly transport: TransportSettings;
  readonly random: () => number;
}

const noOutcome: Verdict = {
  status: "4.3.0",
  text: "451 4.3.0 The attempt ended without an answer for this recipient",
  fromPeer: false,
};

/**
 * Finds what was said of a recipient. Carriers usually report in the order of the claim: then each is one look. The
 * first that is not where it is looked for makes a table of all. The first word on a recipient counts.
 */
function outcomeFinder(
  outcomes: readonly RecipientOutcome[],
): (position: number, index: number) => RecipientOutcome {
  let byIndex: Map<number, RecipientOutcome> | undefined;
  return (position, index) => {
    const usual = outcomes[position];
    if (usual?.index === index) return usual;
    if (byIndex === undefined) {
      byIndex = new Map();
      for (const outcome of outcomes) if (!byIndex.has(outcome.index)) byIndex.set(outcome.index, outcome);
    }
    return byIndex.get(index) ?? { kind: "transient", index, verdict: noOutcome };
  };
}

export function decideAttempt(
  claim: Claim,
  outcomes: readonly RecipientOutcome[],
  host: string,
  finalDelivery: boolean,
  queue: QueueName,
  { now, transport, random }: DecisionContext,
): Decision[] {
  const outcomeOf = outcomeFinder(outcomes);
  // One for all, so that those who were put off are due together and go in as few transactions as before.
  const spread = random();
  return claim.recipients.map((state, position) => {
    const outcome = outcomeOf(position, state.index);
    const step = afterAttempt(outcome, waitingOf(claim, state), finalDelivery, now, transport, spread);
    const said = outcome.host ?? host;
    // Nobody was spoken to.
    const by = said === "" ? undefined : said;
    const decision = { state, step, finding: outcome.verdict, host: by, queue } as const;
    return outcome.kind === "transient" && outcome.retryAfterMs !== undefined
      ? { attempted: 1, uncounted: true, ...decision }
      : { attempted: 1, tls: outcome.kind === "delivered" ? outcome.tls : undefined, ...decision };
  });
}

/** The same, looked at again at `at` where the next hop takes it later. */
export function heldUntil(decision: Decision, at: number): Decision {
  const { step, uncounted } = decision;
  if (!uncounted || step.kind !== "keep" || step.dueAt <= at) return decision;
  return { ...decision, step: { ...step, dueAt: at } };
}

/** For a claim whose turn has not come: it waits, and nothing was attempted. */
export function decideThrottled(
  claim: Claim,
  verdict: Verdict,
  host: string,
  retryAfterMs: number,
  queue: QueueName,
  { now, transport }: DecisionContext,
): Decision[] {
  const dueAt = now + Math.min(retryAfterMs, longestHoldMs);
  return claim.recipients.map((state) => {
    const step = whileWaiting(waitingOf(claim, state), verdict.text, dueAt, now, transport);
    return {
      state: { ...state, lastError: verdict.text },
      step,
      finding: verdict,
      host,
      queue,
      attempted: 0,
    };
  });
}

/**
 * For recipients that wait in `queue` until `dueAt`: delay report, expiry or neither. `queueError` and `host`
 * are the queue's, for those that never got as far as an error of their own.
 */
export function decideWaiting(
  claim: Claim,
  states: readonly RecipientState[],
  queue: QueueName,
  dueAt: number,
  queueError: Finding | undefined,
  host: string | undefined,
  { now, transport }: DecisionContext,
): Decision[] {
  return states.map((state) => {
    const finding = findingOf(state.lastError) ?? queueError;
    const step = whileWaiting(waitingOf(claim, state), finding?.text, dueAt, now, transport);
    return { state, step, finding, host, queue, attempted: 0 };
  });
}

/** Stays, due now, whatever its age: it is in line for its try. */
export function keptUntried(state: RecipientState, queue: QueueName, now: number): Decision {
  const { delayReported, unconfirmed = 0 } = state;
  const step = { kind: "keep", dueAt: now, unconfirmed, delayReport: false, delayReported } as const;
  return { state, step, finding: undefined, host: undefined, queue, attempted: 0 };
}

/** Without what was said at another next hop. */
export function routedAnew(state: RecipientState): RecipientState {
  const { lastError, ...others } = state;
  return lastError === undefined ? state : others;
}

export function waitingOf(claim: Claim, state: RecipientState): Waiting {
  const { envelope, arrivedAt } = claim.message;
  return {
    reversePath: envelope.reversePath,
    notify: envelope.recipients[state.index]?.notify,
    arrivedAt,
    delayReported: state.delayReported,
    unconfirmed: state.unconfirmed ?? 0,
  };
}

const removed = {
  status: "5.7.1",
  text: "550 5.7.1 removed from the queue by an administrator",
  fromPeer: false,
};

/** For a message an administrator gives up. */
export function decideRemoval(claim: Claim, withNdr: boolean): Decision[] {
  return claim.recipients.map((state) => removalOf(claim, state, withNdr));
}

/** The same for one recipient. */
export function removalOf(claim: Claim, state: RecipientState, withNdr: boolean): Decision {
  const report = withNdr && wantsFailureReport(waitingOf(claim, state));
  const step = { kind: "failed", finding: removed, report, expired: false, unconfirmed: 0 } as const;
  return { state, step, finding: removed, host: undefined, queue: claim.queue, attempted: 0, removed: true };
}

/** An error as it was kept with a recipient. RFC 3463 §3.1: 4.0.0 where it names no status. */
function findingOf(error: string | undefined): Finding | undefined {
  if (error === undefined) return undefined;
  const status = /(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?!\.?\d)/.exec(error)?.[1] ?? "4.0.0";
  return { status, text: error, fromPeer: false };
}

/** True when every recipient was delivered and nobody asked to be told: nothing is left to decide. */
export function isPlainSuccess(claim: Claim, outcomes: readonly RecipientOutcome[]): boolean {
  const { recipients } = claim.message.envelope;
  if (outcomes.length !== claim.recipients.length) return false;
  for (let i = 0; i < outcomes.length; i++) {
    const outcome = outcomes[i];
    if (outcome?.kind !== "delivered" || outcome.index !== claim.recipients[i]?.index) return false;
    if (recipients[outcome.index]?.notify?.success === true) return false;
  }
  return true;
}
