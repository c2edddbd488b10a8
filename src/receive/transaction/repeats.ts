/** Mail that is handed in again: who is first, what was answered before, and whom it is told to. */
import type { Envelope } from "../../core/message/envelope.ts";
import { atMost } from "../../ports/at-most.ts";
import type { Clock } from "../../ports/ports.ts";
import type { AnswerKey, Answers, Asked, KeptAnswer, NewAnswer } from "../../spool/spool-answers.ts";
import type { TrackedMessage } from "../../tracking/tracking.ts";
import type { TransactionServices } from "./services.ts";
import type { Submitter } from "./submitter.ts";

/** What a content that is whole comes to: it is the first, or was answered before. */
export type FirstOrKept =
  | { readonly kind: "first"; readonly answer: NewAnswer }
  | { readonly kind: "answered"; readonly kept: KeptAnswer };

/** Keeps a message from being taken twice, while its content comes in. */
export interface OnceOnly {
  /** Takes octets of the content as the client sent it; nothing of ours is among them. */
  update(octets: Buffer): void;
  /**
   * The content is whole, and nothing refuses it. Undefined: it may be taken as often as it comes. Rejects with
   * SpoolError.
   */
  ask(messageId: string | undefined, id: number): FirstOrKept | undefined | Promise<FirstOrKept | undefined>;
}

/** What asking comes to in the end. */
export type Answered = Exclude<Asked, { kind: "running" }> | { readonly kind: "running" };

/** Asks until one is first or answered; `running` when that takes longer than `waitMs`. Rejects with SpoolError. */
export async function askForAnswer(
  answers: Answers,
  key: AnswerKey,
  clock: Clock,
  waitMs: number,
): Promise<Answered> {
  const until = clock.now() + waitMs;
  for (;;) {
    const asked = await answers.ask(key);
    if (asked.kind !== "running") return asked;
    const leftMs = until - clock.now();
    if (leftMs <= 0) return { kind: "running" };
    await (leftMs === Infinity ? asked.ended : atMost(clock, leftMs, asked.ended));
  }
}

/** A message came again, and the first one's answer was given. */
export function tellRepeated(
  { events, metrics, tracking }: Pick<TransactionServices, "events" | "metrics" | "tracking">,
  { door, connector, peer, hello, id: sessionId }: Submitter,
  { id }: KeptAnswer,
  envelope: Pick<Envelope, "reversePath" | "recipients">,
  content?: TrackedMessage["content"],
): void {
  metrics.repeated(door);
  const origin = {
    connector: connector.name,
    sourceAddress: peer.address,
    helloName: hello?.name ?? "",
    sessionId,
  };
  if (tracking.enabled)
    tracking.track({
      eventId: "DUPLICATE",
      source: door,
      message: { id, envelope, origin, ...(content === undefined ? undefined : { content }) },
    });
  if (!events.wants("MessageRepeated")) return;
  events.emit("MessageRepeated", {
    connector: connector.name,
    door,
    id,
    source: peer.address,
    sender: envelope.reversePath,
    recipients: envelope.recipients.length,
  });
}
