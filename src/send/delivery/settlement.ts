/**
 * Ends claims: carries decisions into the spool, with the reports they call for, and tells the events. Settles
 * are not waited for before the next claim is carried; the spool keeps their order.
 */
import type { TlsLevel } from "../../core/tls-policy/tls-demand.ts";
import type { ReportKind, ReportRecipient } from "../../core/dsn/report-input.ts";
import type { MessageId } from "../../core/message/envelope.ts";
import type { Events } from "../../events/events.ts";
import type { Clock } from "../../ports/ports.ts";
import type { Metrics } from "../../metrics/metrics.ts";
import {
  SpoolError,
  suspendedDueAt,
  type Claim,
  type QueueName,
  type RecipientChange,
  type Report,
  type SettleOutcome,
  type Spool,
} from "../../spool/spool.ts";
import type { Tracking } from "../../tracking/tracking.ts";
import { isReport, type ReportWriter } from "../dsn/report-writer.ts";
import { changeFor, keptAs, reportKind, reportRecipient } from "./decided-changes.ts";
import type { Decision } from "./decisions.ts";
import type { Verdict } from "./delivery.ts";
import { lossOf, replaceReport } from "./lost-report.ts";
import { tellDecision } from "./decision-events.ts";
import { trackDecision, trackDelivered, trackReport } from "./track-delivery.ts";
import type { SchedulerSettings } from "./scheduler-contract.ts";
import type { SettleWatch } from "./settle-watch.ts";

export interface Settlement {
  /** Every recipient was delivered and nobody is to be told. Cost: one settle, no allocation for one recipient. */
  delivered(
    claim: Claim,
    host: string,
    connector: string,
    outcome: { readonly verdict: Verdict; readonly tls?: TlsLevel },
  ): void;
  /** Does what was decided. With reports it takes as long as reading the original does. */
  conclude(claim: Claim, decisions: readonly Decision[], connector: string): void;
  /** Moves a claim's recipients to a queue unchanged, due now or suspended as before. Resolves when that is durable. */
  move(claim: Claim, queue: QueueName): Promise<void>;
  /** Leaves them where they are, suspended. Resolves when that is durable. */
  suspend(claim: Claim): Promise<SettleOutcome>;
  setAside(claim: Claim, what: string): void;
  /** Resolves when everything begun has ended. */
  idle(): Promise<void>;
}

export interface SettlementOptions {
  readonly spool: Pick<Spool, "settle" | "release" | "setAside">;
  readonly events: Events;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly tracking: Tracking;
  readonly settings: () => SchedulerSettings;
  readonly reports: () => ReportWriter;
  readonly readFaultMs: number;
  /** Hears of each settle. */
  readonly watch: Pick<SettleWatch, "begun" | "ended">;
  /** Recipients stand in a queue from now on, due at `dueAt`. */
  readonly onKept: (queue: QueueName, dueAt: number) => void;
  /** Not told where all were delivered. `keptIn`: where its recipients stand from now on. */
  readonly onDecided?: (id: MessageId, keptIn: readonly QueueName[]) => void;
  /** What a claim held of a queue is settled. */
  readonly onSettled: (queue: QueueName) => void;
  /** A message could not be decided upon because its content cannot be read now. */
  readonly onUndecided: () => void;
}

/** The usual claim has one recipient, the first. */
const onlyFirstDone: readonly RecipientChange[] = [{ kind: "done", index: 0 }];

export function createSettlement(options: SettlementOptions): Settlement {
  const {
    spool,
    events,
    clock,
    metrics,
    tracking,
    settings,
    reports,
    readFaultMs,
    watch,
    onKept,
    onDecided,
    onSettled,
    onUndecided,
  } = options;
  let pending = 0;
  let idleWaiters: (() => void)[] = [];

  const ended = (): void => {
    if (--pending > 0) return;
    for (const resolve of idleWaiters) resolve();
    idleWaiters = [];
  };
  const faulted = (error: unknown): void => {
    if (!(error instanceof SpoolError && error.code === "closed")) {
      events.emit("RelayFault", { where: "settling a message", error: String(error) });
    }
    ended();
  };
  const settle = (
    claim: Claim,
    changes: readonly RecipientChange[],
    made?: readonly Report[],
  ): Promise<SettleOutcome> => {
    pending++;
    watch.begun();
    return spool.settle(claim, changes, made).then(
      (outcome) => {
        watch.ended();
        onSettled(claim.queue);
        if (outcome === "lost") events.emit("ClaimLost", { id: claim.message.id, queue: claim.queue });
        ended();
        return outcome;
      },
      (error: unknown) => {
        watch.ended();
        faulted(error);
        return "lost";
      },
    );
  };

  const tellKept = (changes: readonly RecipientChange[]): void => {
    let queue: QueueName | undefined;
    let dueAt = 0;
    for (const change of changes) {
      if (change.kind !== "keep" || (change.queue === queue && change.dueAt >= dueAt)) continue;
      ({ queue, dueAt } = change);
      onKept(queue, dueAt);
    }
  };

  const report = async (
    claim: Claim,
    changes: readonly RecipientChange[],
    due: ReadonlyMap<ReportKind, ReportRecipient[]>,
  ): Promise<void> => {
    const made: Report[] = [];
    const tell: (() => void)[] = [];
    for (const [kind, recipients] of due) {
      const { report: one, messageId } = await reports().write(claim, kind, recipients);
      made.push(one);
      tell.push(() => tellReport(claim, kind, recipients, messageId));
    }
    if ((await settle(claim, changes, made)) !== "settled") return;
    // Only now: writing a large report may take longer than those who are kept have to wait.
    tellKept(changes);
    for (const one of tell) one();
  };

  const tellReport = (
    claim: Claim,
    kind: ReportKind,
    recipients: ReportRecipient[],
    messageId: string,
  ): void => {
    metrics.reported(kind);
    if (tracking.enabled) trackReport(tracking, claim, kind, recipients, messageId);
    events.emit("DsnSent", {
      kind,
      id: claim.message.id,
      sender: claim.message.envelope.reversePath,
      reportId: messageId,
    });
  };

  const reportFailed = (claim: Claim, error: unknown): void => {
    if (error instanceof SpoolError && error.code === "damaged") return setAside(claim, error.message);
    // The message stays as it was and is decided upon again.
    spool.release(claim, clock.now() + readFaultMs);
    onKept(claim.queue, clock.now() + readFaultMs);
    onUndecided();
    events.emit("RelayFault", { where: "making a report", error: String(error) });
  };

  const setAside = (claim: Claim, what: string): void => {
    pending++;
    void spool.setAside(claim, what).then(ended, faulted);
  };

  return {
    delivered(claim, host, connector, { verdict, tls }) {
      const { message, recipients } = claim;
      metrics.delivered(recipients.length, message.content.sizeBytes, clock.now() - message.arrivedAt);
      if (tracking.enabled) trackDelivered(tracking, claim, host, connector, verdict.text, tls);
      if (events.wants("MessageDelivered")) {
        events.emit("MessageDelivered", {
          id: message.id,
          host,
          recipients: recipients.length,
          connector,
          reply: verdict.text,
          sender: message.envelope.reversePath,
          sizeBytes: message.content.sizeBytes,
        });
      }
      const first = recipients[0];
      void settle(
        claim,
        recipients.length === 1 && first?.index === 0
          ? onlyFirstDone
          : recipients.map(({ index }): RecipientChange => ({ kind: "done", index })),
      );
    },
    conclude(claim, decisions, connector) {
      const changes: RecipientChange[] = [];
      const due = new Map<ReportKind, ReportRecipient[]>();
      count(metrics, claim, decisions, connector, clock.now());
      for (const decision of decisions) {
        changes.push(changeFor(decision));
        tellDecision(events, clock, claim, decision, connector);
        if (tracking.enabled) trackDecision(tracking, claim, decision, connector);
        const kind = reportKind(decision);
        if (kind === undefined) continue;
        const recipient = reportRecipient(claim, decision, clock, settings());
        const others = due.get(kind);
        if (others === undefined) due.set(kind, [recipient]);
        else others.push(recipient);
      }
      onDecided?.(
        claim.message.id,
        changes.flatMap((change) => (change.kind === "keep" ? [change.queue] : [])),
      );
      const loss = lossOf(claim, decisions);
      if (loss !== undefined) {
        pending++;
        replaceReport(claim, loss, reports(), events)
          .then((smaller) => settle(claim, changes, smaller))
          .catch((error: unknown) => reportFailed(claim, error))
          .finally(ended);
        return;
      }
      if (due.size === 0) {
        void settle(claim, changes);
        tellKept(changes);
        return;
      }
      pending++;
      report(claim, changes, due)
        .catch((error: unknown) => reportFailed(claim, error))
        .finally(ended);
    },
    move(claim, queue) {
      const dueAt = clock.now();
      onDecided?.(claim.message.id, [queue]);
      const durable = settle(claim, keptAs(claim, queue, dueAt));
      onKept(queue, dueAt);
      return durable.then(() => undefined);
    },
    suspend: (claim) => settle(claim, keptAs(claim, claim.queue, suspendedDueAt)),
    setAside,
    idle: () => (pending === 0 ? Promise.resolve() : new Promise((resolve) => idleWaiters.push(resolve))),
  };
}

function count(
  metrics: Metrics,
  claim: Claim,
  decisions: readonly Decision[],
  connector: string,
  nowMs: number,
): void {
  const { message } = claim;
  let delivered = 0;
  for (const { step, attempted, removed, host } of decisions) {
    if (removed) continue;
    if (step.kind === "done") delivered++;
    else if (step.kind === "failed") {
      const source = isReport(claim) ? undefined : message.origin.sourceAddress;
      metrics.failed({ connector, host, source, error: step.finding.text }, nowMs);
    } else if (attempted === 1) metrics.deferred();
  }
  if (delivered > 0) metrics.delivered(delivered, message.content.sizeBytes, nowMs - message.arrivedAt);
}
