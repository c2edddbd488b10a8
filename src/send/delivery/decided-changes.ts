/** What decisions write into the spool, and what reports tell of them. Pure but for the time of day. */
import type { ReportKind, ReportRecipient } from "../../core/dsn/report-input.ts";
import { deadlineOf } from "../../core/policy/retry-schedule.ts";
import type { Clock } from "../../ports/ports.ts";
import { suspendedDueAt, type Claim, type QueueName, type RecipientChange } from "../../spool/spool.ts";
import { routedAnew, waitingOf, type Decision } from "./decisions.ts";
import type { SchedulerSettings } from "./scheduler-contract.ts";

/** A claim's recipients in a queue, suspended as before. */
export function keptAs(
  { recipients, queue: before }: Claim,
  queue: QueueName,
  dueAt: number,
): RecipientChange[] {
  return recipients.map((state): RecipientChange => ({
    kind: "keep",
    queue,
    dueAt: state.suspended ? suspendedDueAt : dueAt,
    ...(queue === before ? state : routedAnew(state)),
  }));
}

/** What a decision writes. */
export function changeFor({
  state,
  step,
  finding,
  host,
  queue,
  attempted,
  uncounted,
}: Decision): RecipientChange {
  if (step.kind !== "keep") return { kind: "done", index: state.index };
  const { unconfirmed } = step;
  const lastError =
    attempted === 1 && finding !== undefined && host !== undefined
      ? `${finding.text} (${host})`
      : (state.lastError ?? finding?.text);
  return {
    kind: "keep",
    index: state.index,
    queue,
    dueAt: state.suspended ? suspendedDueAt : step.dueAt,
    attempts: state.attempts + (uncounted ? 0 : attempted),
    ...(lastError === undefined ? undefined : { lastError }),
    ...(unconfirmed === 0 ? undefined : { unconfirmed }),
    delayReported: step.delayReported,
  };
}

/** Who is told by a report of which kind; undefined: nobody. */
export function reportKind({ step }: Decision): ReportKind | undefined {
  switch (step.kind) {
    case "done":
      return step.report;
    case "failed":
      return step.report ? "failed" : undefined;
    case "keep":
      return step.delayReport ? "delayed" : undefined;
  }
}

/** What the report says of a recipient. */
export function reportRecipient(
  claim: Claim,
  { state, step, finding, host, attempted }: Decision,
  clock: Clock,
  { transport }: SchedulerSettings,
): ReportRecipient {
  const recipient = claim.message.envelope.recipients[state.index];
  const said = step.kind === "failed" ? step.finding : finding;
  const wallMs = clock.wall().getTime();
  const untilDeadlineMs = deadlineOf(waitingOf(claim, state).arrivedAt, transport) - clock.now();
  return {
    finalRecipient: recipient?.forwardPath ?? "",
    orcpt: recipient?.orcpt,
    status: said?.status ?? "4.4.7",
    diagnostic: said,
    remoteHost: host,
    lastAttempt: attempted === 1 ? new Date(wallMs) : undefined,
    willRetryUntil: new Date(wallMs + untilDeadlineMs),
  };
}
