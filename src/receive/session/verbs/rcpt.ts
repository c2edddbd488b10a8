/** RCPT (RFC 5321 §4.1.1.3): one more recipient, if the client may send there. */
import { domainToASCII } from "node:url";
import type { Recipient } from "../../../core/message/envelope.ts";
import { recipientPath } from "../../../core/policy/bare-address.ts";
import { refuseRecipientDomain } from "../../../core/policy/recipient-domain.ts";
import { mayRelayTo } from "../../../core/policy/relay-permission.ts";
import { routingDomain } from "../../../core/smtp/address.ts";
import type { Command } from "../../../core/smtp/command.ts";
import { refused, type Refused } from "../../../core/refusals/refusal.ts";
import { replies } from "../../../core/smtp/reply.ts";
import type { Conversation, Verdict } from "../conversation.ts";

export function rcpt(session: Conversation, command: Extract<Command, { verb: "RCPT" }>): Verdict {
  const { state } = session;
  const { connector, transaction } = state;
  if (state.hello === undefined) return refused("sendHelloFirst");
  if (transaction === undefined) return refused("needMail");
  if (transaction.chunking) return refused("badSequence", { detail: "RCPT among the chunks of BDAT" });
  if (!command.ascii && !transaction.smtpUtf8)
    return refused("utf8NotOffered", { recipient: command.forwardPath, fields: rcptCommand });
  const path = recipientPath(command, connector);
  if (path === undefined) return invalidRecipient(command, connector.strictAddresses);
  if (path.domain !== "") {
    const domain = routingDomain(path.domain, domainToASCII);
    if (domain === undefined)
      return refused("invalidRecipient", {
        recipient: path.forwardPath,
        fields: rcptCommand,
        detail: "the recipient's domain is no domain name",
      });
    const reserved = refuseRecipientDomain(connector, domain);
    if (reserved !== undefined) return refused(reserved, { recipient: path.forwardPath, about: domain });
    if (!mayRelayTo(state.rights, domain, state.acceptedDomains)) {
      return refused("unableToRelay", {
        recipient: path.forwardPath,
        about: domain,
        detail: `${domain} is no accepted domain, and ${rightWanted(state)}`,
      });
    }
  }
  if (transaction.recipients.length >= connector.maxRecipientsPerMessage) {
    const seen = transaction.recipients.length + ++transaction.recipientsOverLimit;
    return refused("tooManyRecipients", { configured: connector.maxRecipientsPerMessage, seen });
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

const rcptCommand = { command: "RCPT" } as const;

/** Why the client may not relay. */
function rightWanted({ connector, authenticatedUser }: Conversation["state"]): string {
  if (authenticatedUser !== undefined) return "the account may not relay";
  return connector.permissionGroups.includes("AnonymousUsers")
    ? "anonymousRelay is off"
    : "the client did not log on";
}

function invalidRecipient(
  { conforming, forwardPath: recipient }: Extract<Command, { verb: "RCPT" }>,
  strictAddresses: boolean,
): Refused {
  const isStrict = strictAddresses && !conforming;
  return refused("invalidRecipient", {
    recipient,
    fields: rcptCommand,
    about: isStrict ? "strictAddresses" : "defaultDomain",
    detail: isStrict
      ? "the recipient's address is not as RFC 5321 has it, and strictAddresses is on"
      : "the recipient's address has no domain, and the connector no defaultDomain",
  });
}
