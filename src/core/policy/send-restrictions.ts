/**
 * Which mail may use a send connector: by its sender, by the receive connector it came in through, by its application.
 * A connector whose restrictions a message does not meet counts as one that does not match. Weir's own; Postfix:
 * sender_dependent_relayhost_maps.
 */
import { reportConnector, type Envelope, type Origin } from "../message/envelope.ts";

/** `*`, `contoso.com`, `*.contoso.com`, `invoices@contoso.com`, or `<>`. */
export type SenderSpace =
  /** As an address space: `domain` in lower case, A-labels, empty for `*`. No null reverse-path. */
  | { readonly kind: "domain"; readonly domain: string; readonly subdomains: boolean }
  /** `address`: in lower case, the domain as above. */
  | { readonly kind: "address"; readonly address: string }
  | { readonly kind: "nullSender" };

/** An empty list restricts nothing. */
export interface SendRestrictions {
  readonly senderSpaces: readonly SenderSpace[];
  /** Names; case does not matter. */
  readonly receiveConnectors: readonly string[];
  /** Names; case does not matter. */
  readonly applications: readonly string[];
}

/** The settings, in the order in which they are looked at. */
export const restrictionNames = ["senderSpaces", "receiveConnectors", "applications"] as const;
export type RestrictionName = (typeof restrictionNames)[number];

/** What restrictions look at of a message. */
export interface RestrictedMessage {
  readonly envelope: Pick<Envelope, "reversePath">;
  readonly origin: Origin;
}

/** What of a message is not in its record as restrictions ask for it. */
export interface SenderFacts {
  /** Of a sender, as recipients are routed by: lower case, A-labels. */
  domainOf(mailbox: string): string;
  /** Empty: nobody named its source. */
  applicationOf(origin: Origin): string;
}

/**
 * The first restriction that a message does not meet; undefined: it may use the connector. The null reverse-path meets
 * senderSpaces only where they name `<>`. A report made here came in through no receive connector and is no application's,
 * whatever it tells of. Cost: linear in the entries; nothing for connectors without restrictions.
 */
export function unmetRestriction(
  restrictions: SendRestrictions | undefined,
  message: RestrictedMessage,
  facts: SenderFacts,
): RestrictionName | undefined {
  if (restrictions === undefined) return undefined;
  const { senderSpaces, receiveConnectors, applications } = restrictions;
  if (senderSpaces.length > 0 && !holdsSender(senderSpaces, message.envelope.reversePath, facts))
    return "senderSpaces";
  const { origin } = message;
  const isReport = origin.connector === reportConnector;
  if (receiveConnectors.length > 0 && (isReport || !names(receiveConnectors, origin.connector)))
    return "receiveConnectors";
  if (applications.length > 0 && (isReport || !names(applications, facts.applicationOf(origin))))
    return "applications";
  return undefined;
}

function holdsSender(spaces: readonly SenderSpace[], reversePath: string, facts: SenderFacts): boolean {
  if (reversePath === "") return spaces.some(({ kind }) => kind === "nullSender");
  const domain = facts.domainOf(reversePath);
  const at = reversePath.lastIndexOf("@");
  const localPart = at < 0 ? reversePath : reversePath.slice(0, at);
  const address = `${localPart.toLowerCase()}@${domain}`;
  return spaces.some((space) => {
    switch (space.kind) {
      case "nullSender":
        return false;
      case "address":
        return space.address === address;
      case "domain":
        return (
          space.domain === "" ||
          space.domain === domain ||
          (space.subdomains && domain.endsWith(`.${space.domain}`))
        );
    }
  });
}

function names(list: readonly string[], name: string): boolean {
  const wanted = name.toLowerCase();
  return list.some((one) => one.toLowerCase() === wanted);
}

export function senderSpaceText(space: SenderSpace): string {
  switch (space.kind) {
    case "nullSender":
      return "<>";
    case "address":
      return space.address;
    case "domain":
      return space.domain === "" ? "*" : space.subdomains ? `*.${space.domain}` : space.domain;
  }
}
