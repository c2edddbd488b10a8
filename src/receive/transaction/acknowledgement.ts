/** Holds the reply to a message back until its next hops have taken it (Exchange: delayed acknowledgement). */
import { acknowledgementOf } from "../../core/policy/acknowledgement.ts";
import type { DelayedAckEnd } from "../../logs/protocol-lines.ts";
import type { SpooledMessage } from "../../spool/spool.ts";
import type { TransactionServices } from "./services.ts";
import type { Submitter } from "./submitter.ts";

export interface HeldAcknowledgement {
  readonly ended: Promise<DelayedAckEnd>;
  /** Ends the wait: the connection closes, or the relay stops. */
  skip(): void;
}

/**
 * The wait before the message may be acknowledged; undefined where nothing has to be waited for, which costs
 * nothing. The message is durable already.
 */
export function holdAcknowledgement(
  message: SpooledMessage,
  submitter: Submitter,
  services: TransactionServices,
): HeldAcknowledgement | undefined {
  const { connector } = submitter;
  const decision = acknowledgementOf(connector, services.spool.size);
  switch (decision.kind) {
    case "now":
      return undefined;
    case "skipped":
      services.events.emit("DelayedAcknowledgementSkipped", {
        connector: connector.name,
        source: submitter.peer.address,
        id: message.id,
        queued: decision.queued,
      });
      return undefined;
    case "held":
      return settledWithin(message, decision.delayMs, services);
  }
}

function settledWithin(
  message: SpooledMessage,
  delayMs: number,
  { spool, clock }: TransactionServices,
): HeldAcknowledgement {
  let resolve: (end: DelayedAckEnd) => void = () => undefined;
  const ended = new Promise<DelayedAckEnd>((resolver) => (resolve = resolver));
  const end = (context: DelayedAckEnd): void => {
    timer.cancel();
    resolve(context);
  };
  const timer = clock.after(delayMs, () => end("Expired"));
  spool.whenFinished(message.id).then(
    () => end("Delivered"),
    () => end("Skipped"),
  );
  return { ended, skip: () => end("Skipped") };
}
