/**
 * Whether the reply to the end of data waits for the delivery. Source: Exchange 2010 MaxAcknowledgementDelay, delayed
 * acknowledgement and its skipping. The message is durable before any wait begins.
 */
import type { ReceiveConnectorSettings } from "./receive-connector.ts";

/** Messages in the submission queue from which on waiting would only make the backlog worse. */
export const skippingQueueLength = 100;

export type Acknowledgement =
  | { readonly kind: "now" }
  /** The connector would wait, but the queue is behind. */
  | { readonly kind: "skipped"; readonly queued: number }
  /** Until every recipient's next hop has taken the message, `delayMs` at most. */
  | { readonly kind: "held"; readonly delayMs: number };

const now: Acknowledgement = { kind: "now" };

/** `queued`: messages kept that are not delivered yet, this one included. */
export function acknowledgementOf(
  settings: Pick<ReceiveConnectorSettings, "maxAcknowledgementDelay">,
  queued: number,
): Acknowledgement {
  const delayMs = settings.maxAcknowledgementDelay;
  if (delayMs === 0) return now;
  return queued > skippingQueueLength ? { kind: "skipped", queued } : { kind: "held", delayMs };
}
