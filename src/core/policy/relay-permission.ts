/**
 * Who may send what to whom through a Receive connector: Exchange's permission groups and extended rights
 * (permissionGroups, authMechanism, anonymousRelay). Sources: "Receive connectors"; "Allow anonymous relay on
 * Exchange servers".
 */
import { isAcceptedDomain, type AcceptedDomain } from "./accepted-domain.ts";
import type { ReceiveConnectorSettings } from "./receive-connector.ts";

/** A session's rights, by the part of Exchange's names behind `ms-Exch-`. */
export interface Rights {
  /** SMTP-Submit: without it MAIL FROM is refused. */
  readonly submit: boolean;
  /** SMTP-Accept-Any-Recipient: the relay right. */
  readonly acceptAnyRecipient: boolean;
  /** SMTP-Accept-Any-Sender: without it the sender has to be the authenticated user's own. */
  readonly acceptAnySender: boolean;
  /** Bypass-Message-Size-Limit: maxMessageSize does not apply. */
  readonly bypassMessageSizeLimit: boolean;
}

type RightName = keyof Rights;

/** Names as Exchange's protocol log writes them, for the session's permissions line. */
export const rightLogNames: Readonly<Record<RightName, string>> = {
  submit: "SMTPSubmit",
  acceptAnyRecipient: "SMTPAcceptAnyRecipient",
  acceptAnySender: "SMTPAcceptAnySender",
  bypassMessageSizeLimit: "BypassMessageSizeLimit",
};

/**
 * What a client is granted, the union of these rows:
 *
 * | client                                          | by group         | rights                                   |
 * |-------------------------------------------------|------------------|------------------------------------------|
 * | anonymous                                       | AnonymousUsers   | submit, any sender                       |
 * | anonymous, `anonymousRelay`                     | AnonymousUsers   | and any recipient                        |
 * | authenticated by AUTH                           | ExchangeUsers    | submit, any recipient                    |
 * | any, authMechanism has ExternalAuthoritative    | ExchangeServers  | submit, any recipient, any sender, no size limit |
 *
 * As in Exchange an authenticated client is no anonymous one any more: without ExchangeUsers its good credentials
 * carry no right to submit (event 1018). ExchangeServers without ExternalAuthoritative, ExchangeLegacyServers and
 * Partners name principals that no client of this relay can prove to be: they grant nothing.
 */
export function rightsOf(
  settings: Pick<ReceiveConnectorSettings, "permissionGroups" | "authMechanism" | "anonymousRelay">,
  session: { readonly authenticated: boolean },
): Rights {
  const groups = settings.permissionGroups;
  const anonymous = !session.authenticated && groups.includes("AnonymousUsers");
  const user = session.authenticated && groups.includes("ExchangeUsers");
  const secured =
    settings.authMechanism.includes("ExternalAuthoritative") && groups.includes("ExchangeServers");
  return {
    submit: anonymous || user || secured,
    acceptAnyRecipient: (anonymous && settings.anonymousRelay) || user || secured,
    acceptAnySender: anonymous || secured,
    bypassMessageSizeLimit: secured,
  };
}

/**
 * Whether a recipient may be taken. `domain` is in the form of `routingDomain`; empty for `<Postmaster>`, who is
 * always accepted (RFC 5321 §4.5.1).
 */
export function mayRelayTo(
  rights: Pick<Rights, "acceptAnyRecipient">,
  domain: string,
  acceptedDomains: readonly AcceptedDomain[],
): boolean {
  return rights.acceptAnyRecipient || domain === "" || isAcceptedDomain(acceptedDomains, domain);
}
