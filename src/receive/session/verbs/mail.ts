/** MAIL (RFC 5321 §4.1.1.2): begins a mail transaction, if the client may send and the rate allows. */
import type { Command } from "../../../core/smtp/command.ts";
import { senderPath } from "../../../core/policy/bare-address.ts";
import type { MailParameters } from "../../../core/smtp/parameters.ts";
import { replies, type Reply } from "../../../core/smtp/reply.ts";
import type { Conversation } from "../conversation.ts";
import type { SessionState } from "../state.ts";

export function mail(
  session: Conversation,
  command: Extract<Command, { verb: "MAIL" }>,
): Reply | Promise<Reply> {
  const { state, services } = session;
  const { connector } = state;
  const { parameters } = command;
  if (state.hello === undefined) return replies.sendHelloFirst;
  if (state.transaction !== undefined) return replies.senderAlreadySpecified;
  if (connector.requireTls && state.tls === undefined) return replies.tlsRequired;
  if (!state.rights.submit) return replies.notAuthenticated;
  const reversePath = senderPath(command, connector);
  if (reversePath === undefined) return replies.invalidSender;
  if (!command.ascii && !parameters.smtpUtf8) return replies.utf8NotOffered;
  if (
    parameters.sizeBytes !== undefined &&
    parameters.sizeBytes > connector.maxMessageSize &&
    !state.rights.bypassMessageSizeLimit
  ) {
    return replies.messageTooLarge;
  }
  if (services.spool.misplaced !== undefined) return replies.localError;
  const pressure = services.pressure();
  if (pressure !== undefined) {
    // Externally secured clients are Exchange servers; only they have this right.
    const trusted = state.authenticatedUser !== undefined || state.rights.bypassMessageSizeLimit;
    if (pressure.refuse === "everyone" || (pressure.refuse === "anonymous" && !trusted))
      return services.refusedByPressure(state, pressure);
    if (!trusted) session.holdBack(pressure.mailTarpitMs, "Back Pressure");
  }
  const refused = services.refuseMessage(state, session);
  if (refused instanceof Promise)
    return refused.then((reply) => reply ?? begin(state, reversePath, parameters));
  return refused ?? begin(state, reversePath, parameters);
}

function begin(state: SessionState, reversePath: string, parameters: MailParameters): Reply {
  state.transaction = {
    reversePath,
    body: parameters.body,
    smtpUtf8: parameters.smtpUtf8,
    ret: parameters.ret,
    envid: parameters.envid,
    recipients: [],
    chunking: false,
  };
  return replies.senderOk;
}
