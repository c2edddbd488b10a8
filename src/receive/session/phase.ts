/**
 * What a session is doing, as one value, and what a wish to close does to it. A phase is left by naming the next one;
 * who waited for something looks whether its phase still stands, so that nothing runs once closing began.
 */
import type { ToldRefusal } from "../../core/refusals/refusal.ts";
import type { GrantingReply } from "../../core/smtp/reply.ts";
import type { Timer } from "../../ports/ports.ts";

export type Phase =
  /** Commands or content are read as they come. */
  | { readonly kind: "reading" }
  /** The answer to a command is not ready (AUTH, a rate). */
  | { readonly kind: "working" }
  /** Content waits until the spool takes more. */
  | { readonly kind: "blocked" }
  /** The content is whole and its reply outstanding: the message may be kept already. `since`: `Clock.now()`. */
  | { readonly kind: "storing"; readonly since: number; readonly content: { hurry(): void } }
  /** A reply is held back; `blameless`: not for what the client did. */
  | {
      readonly kind: "tarpit";
      readonly reply: GrantingReply | ToldRefusal;
      readonly timer: Timer;
      readonly blameless: boolean;
    }
  | { readonly kind: "handshake" }
  /** The last reply is on its way; what the client sends is not heard any more. */
  | { readonly kind: "closing"; readonly by: "relay" | "client" }
  | { readonly kind: "closed" };

export const reading: Phase = { kind: "reading" };

/** Where a wish to close meets a session: its phase, and whether it reads content. */
export type Place = Phase["kind"] | "content";

/**
 * `timedOut`: its time is over; `away`: other nodes are about to count its place as free; `stop`: the relay stops, with
 * grace; `abort`: the grace is over.
 */
export type CloseReason = "timedOut" | "away" | "stop" | "abort";

export type CloseStep =
  /** Say so and close. */
  | "close"
  /** The reply that is held back goes at once, then close. */
  | "heldReplyFirst"
  /** The reply to the content goes as soon as it is known whether the message is kept, then close. */
  | "outstandingReplyFirst"
  /** Close behind the reply under way, or behind the content under way. */
  | "later"
  /** Close without a word: none can be said. */
  | "breakOff"
  | "nothing";

/**
 * A 421 in place of the reply to content would be false for a message that is kept: the client sends it again. A 421 in
 * place of any other reply is true.
 */
const steps: Readonly<Record<Place, Readonly<Record<CloseReason, CloseStep>>>> = {
  reading: { timedOut: "close", away: "close", stop: "close", abort: "close" },
  content: { timedOut: "close", away: "close", stop: "later", abort: "close" },
  blocked: { timedOut: "close", away: "close", stop: "later", abort: "close" },
  working: { timedOut: "close", away: "close", stop: "later", abort: "close" },
  storing: {
    timedOut: "outstandingReplyFirst",
    away: "outstandingReplyFirst",
    stop: "outstandingReplyFirst",
    abort: "outstandingReplyFirst",
  },
  tarpit: { timedOut: "heldReplyFirst", away: "heldReplyFirst", stop: "later", abort: "heldReplyFirst" },
  handshake: { timedOut: "breakOff", away: "breakOff", stop: "later", abort: "breakOff" },
  closing: { timedOut: "nothing", away: "nothing", stop: "nothing", abort: "breakOff" },
  closed: { timedOut: "nothing", away: "nothing", stop: "nothing", abort: "nothing" },
};

export function closeStep(place: Place, reason: CloseReason): CloseStep {
  return steps[place][reason];
}
