/** What deliveries tell the message tracking log. Callers look at `tracking.enabled` first. */
import type { ReportKind, ReportRecipient } from "../../core/dsn/report-input.ts";
import type { TlsLevel } from "../../core/tls-policy/tls-demand.ts";
import type { Claim, SpooledMessage } from "../../spool/spool.ts";
import type { Tracking } from "../../tracking/tracking.ts";
import { unreachableQueue } from "../../spool/spool.ts";
import type { Decision } from "./decisions.ts";

/** All recipients of a claim were taken. Cost: one line. */
export function trackDelivered(
  tracking: Tracking,
  { message, recipients }: Claim,
  host: string,
  connector: string,
  status: string,
  tls?: TlsLevel,
): void {
  const all = message.envelope.recipients;
  tracking.track({
    eventId: "SEND",
    source: "SMTP",
    message,
    ...(recipients.length === all.length
      ? undefined
      : { recipients: recipients.map(({ index }) => all[index]?.forwardPath ?? "") }),
    status,
    connector,
    host,
    tls,
  });
}

/** The next hop cannot be reached. Cost: one line. */
export function trackDeferred(
  tracking: Tracking,
  claim: Claim,
  status: string,
  host: string | undefined,
  connector: string,
): void {
  const recipients = claim.recipients.map(
    ({ index }) => claim.message.envelope.recipients[index]?.forwardPath ?? "",
  );
  const { message } = claim;
  tracking.track({ eventId: "DEFER", source: "SMTP", message, recipients, status, connector, host });
}

/** A connector takes over from another. Cost: one line. */
export function trackTakenOver(
  tracking: Tracking,
  message: SpooledMessage,
  recipients: readonly string[],
  connector: string,
  from: string,
  status: string,
): void {
  const context = `in place of ${from}`;
  tracking.track({ eventId: "TRANSFER", source: "ROUTING", message, recipients, status, connector, context });
}

/** One recipient; waiting on without an attempt is no news, but for the first time unreachable. */
export function trackDecision(
  tracking: Tracking,
  claim: Claim,
  { state, step, finding, host, queue, attempted, removed, tls }: Decision,
  connector: string,
): void {
  const { message } = claim;
  const { envelope } = message;
  const common = {
    message,
    recipients: [envelope.recipients[state.index]?.forwardPath ?? ""],
    connector,
    host,
  } as const;
  if (removed) {
    tracking.track({ eventId: "DROP", source: "ADMIN", status: finding?.text, ...common });
    return;
  }
  switch (step.kind) {
    case "done":
      tracking.track({ eventId: "SEND", source: "SMTP", status: finding?.text, tls, ...common });
      return;
    case "failed":
      tracking.track({
        eventId: envelope.reversePath === "" ? "DROP" : step.expired ? "EXPIRE" : "FAIL",
        source: step.expired ? "QUEUE" : attempted === 1 ? "SMTP" : "ROUTING",
        status: step.finding.text,
        ...(envelope.reversePath === "" ? { context: "No report answers the null reverse-path" } : undefined),
        ...common,
      });
      return;
    case "keep":
      if (queue === unreachableQueue) {
        if (claim.queue === unreachableQueue) return;
        tracking.track({ eventId: "DEFER", source: "ROUTING", status: finding?.text, ...common });
      } else if (attempted === 1) {
        tracking.track({ eventId: "DEFER", source: "SMTP", status: finding?.text, ...common });
      }
  }
}

/** A report was made; its own way is told under the Message-ID in `reference`. */
export function trackReport(
  tracking: Tracking,
  { message }: Claim,
  kind: ReportKind,
  recipients: readonly ReportRecipient[],
  reportId: string,
): void {
  tracking.track({
    eventId: "DSN",
    source: "DSN",
    message,
    recipients: recipients.map(({ finalRecipient }) => finalRecipient),
    status: recipients.length === 1 ? recipients[0]?.diagnostic?.text : undefined,
    context: kind,
    reference: reportId,
  });
}
