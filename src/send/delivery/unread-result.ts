/** An attempt that ends because the message cannot be read. */
import type { Claim, SpoolError } from "../../spool/spool.ts";
import type { AttemptResult } from "./delivery.ts";
import { failureWords } from "./smtp/wire/failure-words.ts";
import { localVerdict } from "./smtp/wire/peer-verdict.ts";

/** `host`: who was to have it. */
export function unreadResult(claim: Claim, error: SpoolError, host: string): AttemptResult {
  if (error.code === "damaged") return { kind: "damaged", what: error.message };
  const verdict = localVerdict("4.3.0", `451 4.3.0 Cannot read the message: ${failureWords(error)}`);
  const outcomes = claim.recipients.map(({ index }) => ({ kind: "transient", index, verdict }) as const);
  return { kind: "attempted", host, outcomes };
}
