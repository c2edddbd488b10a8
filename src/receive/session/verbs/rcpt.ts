/** RCPT (RFC 5321 §4.1.1.3): one more recipient, if the client may send there. */
import { domainToASCII } from "node:url";
import type { Recipient } from "../../../core/message/envelope.ts";
import { recipientPath } from "../../../core/policy/bare-address.ts";
import { refuseRecipientDomain } from "../../../core/policy/recipient-domain.ts";
import { mayRelayTo } from "../../../core/policy/relay-permission.ts";
import { routingDomain } from "../../../core/smtp/address.ts";
import type { Command } from "../../../core/smtp/command.ts";
import { replies, type Reply } from "../../../core/smtp/reply.ts";
import type { Conversation } from "../conversation.ts";

export function rcpt(session: Conversation, command: Extract<Command, { verb: "RCPT" }>): Reply {
  const { state } = session;
  const { connector, transaction } = state;
  if (state.hello === undefined) return replies.sendHelloFirst;
  if (transaction === undefined) return replies.needMail;
  if (transaction.chunking) return replies.badSequence;
  if (!command.ascii && !transaction.smtpUtf8) return replies.utf8NotOffered;
  const path = recipientPath(command, connector);
  if (path === undefined) return replies.invalidRecipient;
  if (path.domain !== "") {
    const domain = routingDomain(path.domain, domainToASCII);
    if (domain === undefined) return replies.invalidRecipient;
    const refused = refuseRecipientDomain(connector, domain);
    if (refused !== undefined) return replies[refused];
    if (!mayRelayTo(state.rights, domain, state.acceptedDomains)) {
      tellDenied(session, path.forwardPath);
      return replies.unableToRelay;
    }
  }
  if (transaction.recipients.length >= connector.maxRecipientsPerMessage) {
    const limit = connector.maxRecipientsPerMessage;
    return session.services.limitReached(state, replies.tooManyRecipients, "maxRecipientsPerMessage", limit);
  }
  const { notify, orcpt } = command.parameters;
  const recipient: Recipient = {
    forwardPath: path.forwardPath,
    ...(notify !== undefined ? { notify } : {}),
    ...(orcpt !== undefined ? { orcpt } : {}),
  };
  transaction.recipients.push(recipient);
  return replies.recipientOk;
}

function tellDenied(session: Conversation, recipient: string): void {
  const { events } = session.services;
  if (!events.wants("SmtpReceiveRelayDenied")) return;
  const { connector, peer } = session.state;
  events.emit("SmtpReceiveRelayDenied", { connector: connector.name, recipient, source: peer.address });
}
