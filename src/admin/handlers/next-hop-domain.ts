/** The domain that mail is routed by, as a caller gives it. */
import { domainToASCII } from "node:url";
import { isPostmaster, parseMailbox, routingDomain } from "../../core/smtp/address.ts";
import { AdminRefusal } from "../refusal.ts";

/** A domain, with or without the root's dot, or that of a recipient's address. Throws AdminRefusal. */
export function nextHopDomainOf(given: string): string {
  const text = given.trim();
  if (text.includes("@")) return recipientDomainOf(text);
  const domain = routingDomain(text.replace(/(?<=[^.])\.$/, ""), domainToASCII);
  if (domain === undefined || domain === "")
    throw new AdminRefusal("invalidInput", `${text} is neither a domain nor a recipient's address`);
  return domain;
}

/** Empty for Postmaster alone. Throws AdminRefusal. */
export function recipientDomainOf(to: string): string {
  const text = to.trim();
  if (isPostmaster(text)) return "";
  const mailbox = parseMailbox(text);
  const domain = mailbox && routingDomain(mailbox.domain, domainToASCII);
  if (domain === undefined) throw new AdminRefusal("invalidInput", `${text} is not a recipient's address`);
  return domain;
}
