/**
 * Recipient domains that a connector may refuse outright. Sources: Exchange
 * RejectReservedTopLevelRecipientDomains, RejectReservedSecondLevelRecipientDomains,
 * RejectSingleLabelRecipientDomains; RFC 2606.
 */
import type { ReceiveConnectorSettings } from "./receive-connector.ts";

export type RecipientDomainRefusal =
  | "reservedTopLevelDomain"
  | "reservedSecondLevelDomain"
  | "singleLabelDomain";

const reservedTopLevel = /(?:^|\.)(?:test|example|invalid|localhost)$/;
const reservedSecondLevel = /(?:^|\.)example\.(?:com|net|org)$/;

/** `domain` is lower case, in A-labels. Names the reply, or undefined. */
export function refuseRecipientDomain(
  settings: Pick<
    ReceiveConnectorSettings,
    | "rejectReservedTopLevelRecipientDomains"
    | "rejectReservedSecondLevelRecipientDomains"
    | "rejectSingleLabelRecipientDomains"
  >,
  domain: string,
): RecipientDomainRefusal | undefined {
  if (settings.rejectReservedTopLevelRecipientDomains && reservedTopLevel.test(domain))
    return "reservedTopLevelDomain";
  if (settings.rejectReservedSecondLevelRecipientDomains && reservedSecondLevel.test(domain))
    return "reservedSecondLevelDomain";
  if (settings.rejectSingleLabelRecipientDomains && !domain.includes(".") && !domain.startsWith("["))
    return "singleLabelDomain";
  return undefined;
}
