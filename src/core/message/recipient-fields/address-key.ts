/** Whether two addresses reach the same mailbox, as far as anybody but its own server can say. */
import { type Mailbox, routingDomain } from "../../smtp/address.ts";

/** UTS #46 ToASCII, `""` for failure: `domainToASCII` of `node:url`. */
export type ToAscii = (domain: string) => string;

/**
 * Equal for addresses that differ in case, in quotes that need not be, or in the form of their domain. Undefined where the
 * domain has no A-label form.
 */
export function addressKey(
  { localPart, domain }: Pick<Mailbox, "localPart" | "domain">,
  toAscii: ToAscii,
): string | undefined {
  const routed = routingDomain(domain, toAscii);
  return routed === undefined ? undefined : `${unquotedLocalPart(localPart).toLowerCase()}@${routed}`;
}

/** As it may stand in a header field (RFC 5322 §3.4.1), its domain in A-labels. */
export function headerAddress(mailbox: Mailbox, toAscii: ToAscii): string | undefined {
  const domain = routingDomain(mailbox.domain, toAscii);
  if (domain === undefined) return undefined;
  const { localPart } = mailbox;
  const isAtoms = localPart.startsWith('"') || !/^\.|\.\.|\.$/.test(localPart);
  return `${isAtoms ? localPart : `"${localPart}"`}@${domain}`;
}

/** What a quoted local part stands for (RFC 5321 §4.1.2). */
export function unquotedLocalPart(localPart: string): string {
  return localPart.startsWith('"') ? localPart.slice(1, -1).replaceAll(/\\(.)/gsu, "$1") : localPart;
}
