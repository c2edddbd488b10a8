import { domainToASCII } from "node:url";

/**
 * The domain a mailbox is routed by: lower case, A-labels, without a trailing dot; an address literal stays as
 * it is; empty for a bare `postmaster` and for a domain no A-label form exists of.
 * Cost: a few string steps; IDNA only for domains with other than ASCII letters.
 */
export function recipientDomain(forwardPath: string): string {
  const at = forwardPath.lastIndexOf("@");
  if (at < 0) return "";
  let domain = forwardPath.slice(at + 1);
  if (!isAscii(domain)) domain = domainToASCII(domain);
  if (domain.endsWith(".")) domain = domain.slice(0, -1);
  return domain.toLowerCase();
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}
