/** Lets a message wait at MAIL until its source's minute allows it (limitAction `delay`). */
import type { Reply } from "../../core/smtp/reply.ts";
import type { Clock } from "../../ports/ports.ts";
import type { Client, Door } from "./admission.ts";

/** The ledger counts in seconds, so asking more often finds nothing new. */
const askAgainMs = 1_000;

/**
 * Resolves with undefined when the message is admitted, else with the refusing reply once `limitDelay` is over or
 * `isGone()`.
 */
export async function waitForRate(
  door: Door,
  client: Client,
  user: string | undefined,
  clock: Clock,
  isGone: () => boolean,
): Promise<Reply | undefined> {
  door.tellMessageHeld(client);
  const until = clock.now() + client.connector.limitDelay;
  for (;;) {
    const left = until - clock.now();
    const last = left <= askAgainMs;
    await new Promise<void>((resolve) => {
      clock.after(Math.max(0, Math.min(left, askAgainMs)), resolve);
    });
    const outcome = door.admitMessage(client, user, last || isGone());
    if (outcome === "admitted") return undefined;
    if (outcome !== "held") return outcome;
  }
}
