/** A message as it was read from a request, into the spool; and how the outcome is said. */

import type { SubmissionRefusal, SubmittedContent, SubmittedEnvelope } from "../submission/submission.ts";
import { askedDelayMs } from "../transaction/asked-refusal.ts";
import type { HttpExchange } from "./http-exchange.ts";
import type { HttpServices } from "./http-services.ts";

/** The answer to a message that was taken. */
export interface Taken {
  /** The message's id, as `Get-Message` and the logs have it. */
  readonly id: string;
  /** Of its header; null where it has none. */
  readonly message_id: string | null;
  readonly recipients: readonly {
    readonly address: string;
    readonly status: "queued" | "refused";
    readonly smtp?: string;
    readonly reference?: string;
  }[];
}

export async function handIn(
  exchange: HttpExchange,
  services: HttpServices,
  envelope: SubmittedEnvelope,
  content: SubmittedContent,
): Promise<void> {
  const { submitter, connection } = exchange;
  const outcome = await services.submissions.submit(submitter, envelope, content, {
    presence: exchange.presence,
  });
  if (outcome.kind === "refused") return answerRefusals(exchange, outcome.refusals);
  connection.messages++;
  const { message } = outcome;
  const delayMs = Math.max(0, ...envelope.recipients.map(({ address }) => askedDelayMs(submitter, address)));
  if (delayMs > 0) await exchange.pause(delayMs);
  const taken: Taken = {
    id: `${message.id}`,
    message_id: message.content.messageId ?? null,
    recipients: message.envelope.recipients.map(({ forwardPath }) => ({
      address: forwardPath,
      status: "queued",
    })),
  };
  exchange.answer(202, taken, [["location", `/v1/emails/${message.id}`]]);
}

/** All recipients or none: what refuses for good says the status. */
function answerRefusals(exchange: HttpExchange, refusals: readonly SubmissionRefusal[]): Promise<void> {
  const [first] = refusals;
  if (first === undefined) throw new Error("a refusal without a reason");
  const { reply } = refusals.find(({ reply: { code } }) => code >= 500) ?? first;
  const recipients = refusals.flatMap(({ recipient, reply: own }) =>
    recipient === undefined ? [] : [{ address: recipient.replace(/^<(.*)>$/, "$1"), reply: own }],
  );
  return exchange.answerRefusal(reply, { recipients });
}
