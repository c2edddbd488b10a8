/** Whether a client may send to this recipient: what RCPT decides, and every other door with it. */
import { domainToASCII } from "node:url";
import type { Recipient } from "../../core/message/envelope.ts";
import { recipientPath } from "../../core/policy/bare-address.ts";
import { refuseRecipientDomain } from "../../core/policy/recipient-domain.ts";
import { mayRelayTo } from "../../core/policy/relay-permission.ts";
import { refusedRecipientRate } from "../../core/refusals/limit-refusals.ts";
import { refused, type Refused } from "../../core/refusals/refusal.ts";
import { routingDomain } from "../../core/smtp/address.ts";
import type { RcptParameters } from "../../core/smtp/parameters.ts";
import { askedRefusal } from "./asked-refusal.ts";
import type { TransactionServices } from "./services.ts";
import { accountOf, type Submitter, type Transaction } from "./submitter.ts";

/** A recipient as it was given: the path of RCPT, or what a door without commands has instead. */
export interface GivenRecipient {
  readonly forwardPath: string;
  /** Of the mailbox; empty where none was given. */
  readonly domain: string;
  readonly ascii: boolean;
  readonly conforming: boolean;
  readonly parameters: RcptParameters;
}

/** Adds it to the transaction, or says what refuses it. */
export function addRecipient(
  submitter: Submitter,
  services: Pick<TransactionServices, "recipientDays" | "greylist" | "wouldRefuse">,
  transaction: Transaction,
  given: GivenRecipient,
): Refused | undefined {
  const { connector } = submitter;
  if (!given.ascii && !transaction.smtpUtf8)
    return refused("utf8NotOffered", { recipient: given.forwardPath, fields: rcptCommand });
  const path = recipientPath(given, connector);
  if (path === undefined) return invalidRecipient(given, connector.strictAddresses);
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
    if (!mayRelayTo(submitter.rights, domain, submitter.acceptedDomains)) {
      return refused("unableToRelay", {
        recipient: path.forwardPath,
        about: domain,
        detail: `${domain} is no accepted domain, and ${rightWanted(submitter)}`,
      });
    }
  }
  const isFull = transaction.recipients.length >= connector.maxRecipientsPerMessage;
  const watched = submitter.watch?.valueOf("maxRecipientsPerMessage");
  if (watched !== undefined && transaction.recipients.length >= watched) {
    const facts = { configured: watched, seen: transaction.recipients.length + 1 };
    services.wouldRefuse(submitter, refused("tooManyRecipients", facts), isFull);
  }
  if (isFull) {
    const seen = transaction.recipients.length + ++transaction.recipientsOverLimit;
    return refused("tooManyRecipients", { configured: connector.maxRecipientsPerMessage, seen });
  }
  const { recipientRates } = submitter.limits;
  if (recipientRates.length > 0) {
    const over = services.recipientDays.over(recipientRates, transaction.recipients.length + 1);
    if (over !== undefined) return refusedRecipientRate(over);
  }
  const asked = askedRefusal(submitter, transaction, path.forwardPath, services);
  if (asked !== undefined) return asked;
  const { notify, orcpt } = given.parameters;
  const recipient: Recipient = {
    forwardPath: path.forwardPath,
    ...(notify !== undefined ? { notify } : {}),
    ...(orcpt !== undefined ? { orcpt } : {}),
  };
  transaction.recipients.push(recipient);
  return undefined;
}

const rcptCommand = { command: "RCPT" } as const;

/** Why the client may not relay. */
function rightWanted(submitter: Submitter): string {
  const { connector } = submitter;
  if (accountOf(submitter) !== undefined) return "the account may not relay";
  return connector.permissionGroups.includes("AnonymousUsers")
    ? "anonymousRelay is off"
    : "the client did not log on";
}

function invalidRecipient(
  { conforming, forwardPath: recipient }: GivenRecipient,
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
