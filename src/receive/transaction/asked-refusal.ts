/** What a captured recipient asks for in place of being taken (core/policy/captured-address.ts). */
import { askedBehaviour, askedStatus } from "../../core/policy/captured-address.ts";
import { refused, type Refused } from "../../core/refusals/refusal.ts";
import type { TransactionServices } from "./services.ts";
import type { Submitter, Transaction } from "./submitter.ts";

/** Undefined: it is taken. A refusal of the content is kept with the transaction. */
export function askedRefusal(
  { connector, peer }: Submitter,
  transaction: Transaction,
  forwardPath: string,
  { greylist }: Pick<TransactionServices, "greylist">,
): Refused | undefined {
  if (!connector.capture) return undefined;
  const asked = askedBehaviour(forwardPath);
  switch (asked?.kind) {
    case undefined:
    case "slow":
      return undefined;
    case "greylist":
      return greylist.putsOff(peer.source, transaction.reversePath, forwardPath, asked.delayMs)
        ? refusalAsked(forwardPath, 451)
        : undefined;
    case "refuse":
      if (asked.at === "recipient") return refusalAsked(forwardPath, asked.code);
      transaction.refusedContent ??= refusalAsked(forwardPath, asked.code);
      return undefined;
  }
}

/** How long the answer to RCPT is to take. */
export function askedDelayMs({ connector }: Submitter, forwardPath: string): number {
  if (!connector.capture) return 0;
  const asked = askedBehaviour(forwardPath);
  return asked?.kind === "slow" ? asked.delayMs : 0;
}

function refusalAsked(recipient: string, code: number): Refused {
  return {
    ...refused(code < 500 ? "putOffAsAsked" : "refusedAsAsked", { recipient, about: recipient }),
    said: { code, status: askedStatus(code) },
    ...(code === 421 ? { close: true } : {}),
  };
}
