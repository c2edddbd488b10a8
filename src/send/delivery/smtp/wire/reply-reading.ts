/** How the replies of a provider are read, for its carrier's transactions. */
import type { Hold, ReplyStep, ReplyTreatment, Throttle } from "../../../../core/policy/reply-policy.ts";
import type { Verdict } from "../../delivery.ts";
import type { PeerReply } from "./reply-reader.ts";

export interface ReplyReading {
  /** What a refusal means beyond its class; undefined: nothing. */
  treat(step: ReplyStep, reply: PeerReply): ReplyTreatment | undefined;
  /** Holds the sender's mail, or slows it down. Returns when it may be tried again, milliseconds from now. */
  apply(treatment: Hold | Throttle, reversePath: string, verdict: Verdict, host: string): number;
  /** The verdict on a sender that may not send so, with those whom it concerns. */
  naming(verdict: Verdict, reversePath: string): Verdict;
  delivered(reversePath: string): void;
}
