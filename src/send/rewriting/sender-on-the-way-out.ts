/** Whom a connector lets a sender be: for who sends a message that no spool holds. */
import { domainToASCII } from "node:url";
import { senderRewriting, type AddressRewriteEntry } from "../../core/policy/address-rewriting.ts";
import { mailboxOf } from "../../core/smtp/address.ts";

export function senderOnTheWayOut(
  entries: readonly AddressRewriteEntry[],
  connector: string,
  sender: string,
): string {
  if (sender === "") return sender;
  return senderRewriting(entries, connector, domainToASCII)?.(mailboxOf(sender))?.address ?? sender;
}
