/** MAIL (RFC 5321 §4.1.1.2): begins a mail transaction, if the client may send and the rate allows. */
import { refused, type Refused } from "../../../core/refusals/refusal.ts";
import type { Command } from "../../../core/smtp/command.ts";
import { replies } from "../../../core/smtp/reply.ts";
import { beginTransaction } from "../../transaction/begin-transaction.ts";
import type { Conversation, Verdict } from "../conversation.ts";
import { beginWithoutHello } from "./helo.ts";

export function mail(
  session: Conversation,
  command: Extract<Command, { verb: "MAIL" }>,
): Verdict | Promise<Verdict> {
  const { state, services } = session;
  if (state.hello === undefined && state.connector.requireHello) return refused("sendHelloFirst");
  if (state.hello === undefined) beginWithoutHello(state, services);
  if (state.transaction !== undefined) return refused("senderAlreadySpecified");
  const answer = (refusal: Refused | undefined): Verdict => {
    if (refusal !== undefined) return refusal;
    state.lastRefusal = undefined;
    return replies.senderOk;
  };
  const refusal = beginTransaction(state, services, command, session);
  return refusal instanceof Promise ? refusal.then(answer) : answer(refusal);
}
