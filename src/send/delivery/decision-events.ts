/** The events that decisions on recipients tell. */
import type { Events } from "../../events/events.ts";
import type { Clock } from "../../ports/ports.ts";
import { unreachableQueue, type Claim } from "../../spool/spool.ts";
import { isReport } from "../dsn/report-writer.ts";
import type { Decision } from "./decisions.ts";

/** Tells what was decided on one recipient. Cost: nothing to build when nobody listens. */
export function tellDecision(
  events: Events,
  clock: Clock,
  claim: Claim,
  { state, step, finding, host, queue, attempted, removed }: Decision,
  connector: string,
): void {
  // Told once for all that an administrator removes: MessagesRemoved.
  if (removed) return;
  const { id, envelope } = claim.message;
  const recipient = envelope.recipients[state.index]?.forwardPath ?? "";
  if (step.kind !== "done" && attempted === 1 && step.unconfirmed > (state.unconfirmed ?? 0)) {
    const { unconfirmed } = step;
    events.emit("DeliveryUnconfirmed", {
      id,
      recipient,
      connector,
      host,
      times: unconfirmed,
      error: finding?.text,
    });
  }
  switch (step.kind) {
    case "done":
      if (!events.wants("MessageDelivered")) return;
      events.emit("MessageDelivered", {
        id,
        host,
        recipients: 1,
        connector,
        reply: finding?.text,
        sender: envelope.reversePath,
        sizeBytes: claim.message.content.sizeBytes,
        recipient,
      });
      return;
    case "failed": {
      const error = step.finding.text;
      events.emit("DeliveryFailed", { id, sender: envelope.reversePath, recipient, error, connector, host });
      // Of a report made here more is to be told, or tried: lost-report.ts.
      if (envelope.reversePath === "" && !isReport(claim))
        events.emit("DsnSuppressed", { id, recipient, error, about: "" });
      return;
    }
    case "keep":
      if (queue === unreachableQueue && claim.queue !== unreachableQueue) {
        events.emit("RecipientUnreachable", { id, recipient, reason: finding?.text });
      } else if (attempted === 1 && events.wants("DeliveryDeferred")) {
        const nextAttempt = timeText(clock, step.dueAt);
        events.emit("DeliveryDeferred", {
          id,
          recipient,
          connector,
          nextAttempt,
          error: finding?.text,
          host,
        });
      }
  }
}

/** A `Clock.now()` instant as ISO 8601 wall time. */
export function timeText(clock: Clock, at: number): string {
  return new Date(clock.wall().getTime() + (at - clock.now())).toISOString();
}
