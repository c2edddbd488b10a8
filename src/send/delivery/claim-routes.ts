/** Where the recipients of a claim go next: all to one queue, the usual case, or to several places. */
import { barredText } from "../../core/policy/send-connector-choice.ts";
import { wantsFailureReport, type Finding } from "../../core/policy/delivery-outcome.ts";
import { unreachableQueue, type Claim, type QueueName, type SpooledMessage } from "../../spool/spool.ts";
import type { Routing } from "../routing/routing.ts";
import {
  decideWaiting,
  keptUntried,
  routedAnew,
  waitingOf,
  type Decision,
  type DecisionContext,
} from "./decisions.ts";

/** Exchange's LastError of recipients in the unreachable queue. */
export const unreachableError = "A matching connector cannot be found to route the external recipient";
/** RFC 3463 §3.5: unable to route. */
export const unreachableFinding: Finding = { status: "4.4.4", text: unreachableError, fromPeer: false };

/** The paths of a claim's recipients. */
export function forwardPathsOf({ message: { envelope }, recipients }: Claim): readonly string[] {
  return recipients.map(({ index }) => envelope.recipients[index]?.forwardPath ?? "");
}

/** The one queue all recipients of a new message are routed to; undefined when there is more to decide. No allocation. */
export function soleQueueOfAll(message: SpooledMessage, routing: Routing): QueueName | undefined {
  let queue: QueueName | undefined;
  for (const { forwardPath } of message.envelope.recipients) {
    const route = routing.route(forwardPath, message);
    if (route.kind !== "queue" || (queue !== undefined && queue !== route.queue)) return undefined;
    queue = route.queue;
  }
  return queue;
}

/** The same for the recipients of a claim. */
export function soleQueueOf(claim: Claim, routing: Routing): QueueName | undefined {
  const { message } = claim;
  const { envelope } = message;
  let queue: QueueName | undefined;
  for (const { index } of claim.recipients) {
    const recipient = envelope.recipients[index];
    if (recipient === undefined) return undefined;
    const route = routing.route(recipient.forwardPath, message);
    if (route.kind !== "queue" || (queue !== undefined && queue !== route.queue)) return undefined;
    queue = route.queue;
  }
  return queue;
}

/**
 * Routes each recipient on its own. Those a queue exists for are kept in it, due now: untried where that queue
 * `isWorkedOn`, else by their age. What was said of them elsewhere is forgotten.
 */
export function decideRoutes(
  claim: Claim,
  routing: Pick<Routing, "route">,
  isWorkedOn: (queue: QueueName) => boolean,
  context: DecisionContext,
): Decision[] {
  const { message } = claim;
  const { envelope, content } = message;
  return claim.recipients.map(routedAnew).flatMap((state): Decision[] => {
    const route = routing.route(envelope.recipients[state.index]?.forwardPath ?? "", message);
    switch (route.kind) {
      case "queue":
        if (isWorkedOn(route.queue)) return [keptUntried(state, route.queue, context.now)];
        return decideWaiting(claim, [state], route.queue, context.now, undefined, undefined, context);
      case "none":
      case "barred": {
        const finding =
          route.kind === "none" ? unreachableFinding : { ...unreachableFinding, text: barredText(route.why) };
        return decideWaiting(claim, [state], unreachableQueue, context.now, finding, undefined, context);
      }
      case "tooLarge": {
        const finding = {
          status: "5.3.4",
          text: `552 5.3.4 Message size ${content.sizeBytes} exceeds the maximum message size ${route.maxMessageSizeBytes} of every matching send connector`,
          fromPeer: false,
        };
        const report = wantsFailureReport(waitingOf(claim, state));
        const step = { kind: "failed", finding, report, expired: false, unconfirmed: 0 } as const;
        return [{ state, step, finding, host: undefined, queue: claim.queue, attempted: 0 }];
      }
    }
  });
}
