/** Holds the reply to a message back until its next hops have taken it (Exchange: delayed acknowledgement). */
import { acknowledgementOf } from "../../core/policy/acknowledgement.ts";
import type { SpooledMessage } from "../../spool/spool.ts";
import type { SessionServices } from "./services.ts";
import type { SessionState } from "./state.ts";

/** How a wait ended, as Exchange's protocol log says it; `Skipped`: the relay stops. */
export type AcknowledgementEnd = "Delivered" | "Expired" | "Skipped";

/**
 * Resolves when the message may be acknowledged; undefined where nothing has to be waited for, which costs
 * nothing. The message is durable already.
 */
export function holdAcknowledgement(
  message: SpooledMessage,
  state: SessionState,
  services: SessionServices,
): Promise<AcknowledgementEnd> | undefined {
  const { connector } = state;
  const decision = acknowledgementOf(connector, services.spool.size);
  switch (decision.kind) {
    case "now":
      return undefined;
    case "skipped":
      services.events.emit("DelayedAcknowledgementSkipped", {
        connector: connector.name,
        source: state.peer.address,
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
  { spool, clock, stopping }: SessionServices,
): Promise<AcknowledgementEnd> {
  return new Promise((resolve) => {
    const end = (context: AcknowledgementEnd) => (): void => {
      timer.cancel();
      stopping.removeEventListener("abort", stop);
      resolve(context);
    };
    const stop = end("Skipped");
    const timer = clock.after(delayMs, end("Expired"));
    stopping.addEventListener("abort", stop);
    void spool.whenSettled(message.id).then(end("Delivered"));
  });
}
