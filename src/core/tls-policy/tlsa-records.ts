/** Which TLSA records count for SMTP (RFC 7672 §3.1, RFC 7671 §4). */
import type { TlsaFact } from "./tls-facts.ts";

export const trustAnchor = 2;
export const domainIssued = 3;

/** Octets of a digest by matching type; type 0 is the certificate or the key itself. */
const digestBytes = new Map([
  [1, 32],
  [2, 64],
]);

/** Usages 0 and 1 (PKIX) are of no use in SMTP; nor is what no certificate can fit. */
export function isUsableTlsa({ usage, selector, matchingType, data }: TlsaFact): boolean {
  if (usage !== trustAnchor && usage !== domainIssued) return false;
  if (selector !== 0 && selector !== 1) return false;
  return matchingType === 0 ? data.length > 0 : digestBytes.get(matchingType) === data.length;
}
