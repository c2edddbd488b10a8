/**
 * The settings of a Send connector, by Exchange's names, and the choice among them. Durations are
 * milliseconds, sizes octets, `unlimited` is Infinity. Sources: Set-SendConnector; "Connector selection in
 * external message routing".
 */

import type { OAuthSettings } from "./oauth-settings.ts";
import type { SendLimitSettings } from "./send-limits.ts";
import type { PresetName } from "./send-presets.ts";

/** `*`, `contoso.com` (that domain only) or `*.contoso.com` (the domain and its subdomains). */
export interface AddressSpace {
  /** Lower case, A-labels; without the `*.` prefix; empty for `*`. */
  readonly domain: string;
  readonly subdomains: boolean;
  /** 1..100, lower wins. */
  readonly cost: number;
}

export interface SmartHost {
  /** IP address in canonical form, or host name (lower case, A-labels). */
  readonly host: string;
  readonly port: number;
}

interface SendConnectorCommon {
  readonly name: string;
  readonly enabled: boolean;
  readonly comment: string;
  readonly addressSpaces: readonly AddressSpace[];
  readonly maxMessageSize: number;
}

/**
 * Exchange: ErrorPolicies. DowngradeAuthFailures: a 5xx about authentication in a transaction is tried again.
 * DowngradeDnsFailures is taken and changes nothing: failures of names are tried again anyway. `RejectUnconvertible` is
 * Weir's own: 8-bit content that the next hop does not take and that cannot be converted fails; by default it is sent as
 * it is.
 */
export const errorPolicyNames = [
  "Default",
  "DowngradeAuthFailures",
  "DowngradeDnsFailures",
  "RejectUnconvertible",
] as const;
export type ErrorPolicy = Exclude<(typeof errorPolicyNames)[number], "Default">;

/** Exchange's, and two of SASL (RFC 7628; XOAUTH2 is Google's and Microsoft's). */
export type SmartHostAuthMechanism = "None" | "BasicAuth" | "BasicAuthRequireTLS" | "XOAUTH2" | "OAUTHBEARER";

export interface TlsClientCertificate {
  readonly tlsCertificateFile: string;
  readonly tlsKeyFile: string;
  /** PEM, the chain included. */
  readonly certificate: string;
  /** PEM. */
  readonly privateKey: string;
  /** The certificate's `notAfter`, milliseconds. */
  readonly expiresAt: number;
}

export interface SmtpSendConnector extends SendConnectorCommon, SendLimitSettings {
  readonly kind: "smartHost";
  readonly smartHosts: readonly SmartHost[];
  readonly fqdn: string;
  readonly requireTls: boolean;
  readonly ignoreStartTls: boolean;
  readonly tlsAuthLevel: "EncryptionOnly" | "CertificateValidation" | "DomainValidation";
  readonly tlsDomain: string | undefined;
  /** Weir's own: TLS from the first octet (RFC 8314 §3.3), for hosts that do not begin in clear text. */
  readonly implicitTls: boolean;
  /** Shown where the next hop asks for it (Exchange: TlsCertificateName). */
  readonly tlsClient: TlsClientCertificate | undefined;
  /** Weir's own; PEM, in place of the system's trusted roots. */
  readonly tlsCa: { readonly tlsCaFile: string; readonly certificates: readonly string[] } | undefined;
  /** Undefined: the system's choice. */
  readonly sourceIpAddress: string | undefined;
  readonly smartHostAuthMechanism: SmartHostAuthMechanism;
  readonly authenticationCredential: { readonly userName: string; readonly password: string } | undefined;
  /** Set where the mechanism is XOAUTH2 or OAUTHBEARER. */
  readonly oauth: OAuthSettings | undefined;
  /** By sender, in lower case, or `*@domain`, `*`, `<>`: the mailbox that is logged on as. */
  readonly senderMailboxes: Readonly<Record<string, string>>;
  /** What its settings were filled up from; how its replies are read. */
  readonly preset: PresetName | undefined;
  readonly connectionInactivityTimeOut: number;
  readonly smtpMaxMessagesPerConnection: number;
  /** Exchange: MaxPerDomainOutboundConnections, here per send connector's next hop. */
  readonly maxConcurrentConnections: number;
  /** Weir's own; Postfix: smtp_destination_recipient_limit. */
  readonly maxRecipientsPerTransaction: number;
  readonly forceHelo: boolean;
  /** Weir's own: offer BDAT where the peer does. */
  readonly chunkingEnabled: boolean;
  readonly pipeliningEnabled: boolean;
  /** Empty: Default. */
  readonly errorPolicies: readonly ErrorPolicy[];
  /** Weir's own: what goes out is signed where the author's domain has a key. */
  readonly dkimSigning: boolean;
  readonly protocolLoggingLevel: "None" | "Verbose";
}

export interface DropSendConnector extends SendConnectorCommon {
  readonly kind: "drop";
  /** Absolute path. Each message becomes one `.eml` file. */
  readonly dropDirectory: string;
}

/** Weir's own: `sendMail` of Microsoft Graph over HTTPS. */
export interface GraphSendConnector extends SendConnectorCommon {
  readonly kind: "graph";
  readonly preset: "graph";
  /** `https://graph.microsoft.com`, without a slash at its end. */
  readonly graphRoot: string;
  readonly oauth: OAuthSettings;
  /** As for SMTP; the author (From) is looked up first. */
  readonly senderMailboxes: Readonly<Record<string, string>>;
  /** Name of the connector for what Graph does not carry: messages that are too large, the null reverse-path. */
  readonly overflowConnector: string | undefined;
  /** Requests at once for each mailbox. */
  readonly maxConcurrentConnections: number;
  /** In one request. */
  readonly maxRecipientsPerTransaction: number;
}

export type SendConnectorSettings = SmtpSendConnector | DropSendConnector | GraphSendConnector;

/** The connectors that serve a domain, best first; sizes are not looked at. */
export type RankedConnectors = readonly SendConnectorSettings[];

/** What to do with one recipient. `tooLarge`: connectors match, but each one's maxMessageSize is smaller. */
export type Selection =
  | { readonly kind: "connector"; readonly connector: SendConnectorSettings }
  | { readonly kind: "none" }
  /** Connectors match, but none that carries mail with the null reverse-path. */
  | { readonly kind: "nullSender" }
  | { readonly kind: "tooLarge"; readonly maxMessageSizeBytes: number };

const none: Selection = { kind: "none" };
const nullSender: Selection = { kind: "nullSender" };

/**
 * Orders the enabled connectors whose address spaces hold `domain` (lower case, A-labels; empty for a bare
 * `postmaster`): most specific address space, lowest cost, alphanumerically lowest name.
 * Cost: linear in address spaces; keep the result per domain.
 */
export function rankSendConnectors(
  connectors: readonly SendConnectorSettings[],
  domain: string,
): RankedConnectors {
  const matches: { connector: SendConnectorSettings; specificity: number; cost: number }[] = [];
  for (const connector of connectors) {
    if (!connector.enabled) continue;
    let best: { connector: SendConnectorSettings; specificity: number; cost: number } | undefined;
    for (const space of connector.addressSpaces) {
      const specificity = specificityFor(space, domain);
      if (specificity < 0) continue;
      const better =
        best === undefined ||
        specificity > best.specificity ||
        (specificity === best.specificity && space.cost < best.cost);
      if (better) best = { connector, specificity, cost: space.cost };
    }
    if (best !== undefined) matches.push(best);
  }
  matches.sort(
    (a, b) =>
      b.specificity - a.specificity || a.cost - b.cost || compareNames(a.connector.name, b.connector.name),
  );
  return matches.map((match) => match.connector);
}

/**
 * The first of the ranked connectors that takes `sizeBytes`. A connector that is too small counts as if it did
 * not match, so a large message may go by a less specific one. Source: Exchange, "Connector selection in
 * external message routing".
 */
export function pickForSize(ranked: RankedConnectors, sizeBytes: number): Selection {
  let largest = -1;
  for (const connector of ranked) {
    if (sizeBytes <= connector.maxMessageSize) return { kind: "connector", connector };
    if (connector.maxMessageSize > largest) largest = connector.maxMessageSize;
  }
  return largest < 0 ? none : { kind: "tooLarge", maxMessageSizeBytes: largest };
}

/** What decides, beside its domain, which connector a recipient's message goes by. */
export interface RoutedMessage {
  readonly envelope: { readonly reversePath: string };
  readonly content: { readonly sizeBytes: number };
}

/**
 * As `pickForSize`, by what kinds of connectors carry. Graph has no envelope: mail with the null reverse-path (reports)
 * would come from a mailbox, and reports on it go there. Where it cannot go by Graph, and where it is too large, it goes by
 * that connector's `overflowConnector`, if there is one that takes it; else by the next of the ranked.
 */
export function pickConnector(
  ranked: RankedConnectors,
  message: RoutedMessage,
  connectorCalled: (name: string) => SendConnectorSettings | undefined,
): Selection {
  const { sizeBytes } = message.content;
  const hasNullSender = message.envelope.reversePath === "";
  const carries = ({ kind }: SendConnectorSettings): boolean => !(hasNullSender && kind === "graph");
  let isBarred = false;
  let largest = -1;
  for (const connector of ranked) {
    const overflow =
      connector.kind === "graph" && connector.overflowConnector !== undefined
        ? connectorCalled(connector.overflowConnector)
        : undefined;
    for (const candidate of overflow?.enabled === true ? [connector, overflow] : [connector]) {
      if (!carries(candidate)) isBarred = true;
      else if (sizeBytes <= candidate.maxMessageSize) return { kind: "connector", connector: candidate };
      else largest = Math.max(largest, candidate.maxMessageSize);
    }
  }
  if (largest >= 0) return { kind: "tooLarge", maxMessageSizeBytes: largest };
  return isBarred ? nullSender : none;
}

/** Chooses the Send connector for one recipient: ranking and size in one step. */
export function selectSendConnector(
  connectors: readonly SendConnectorSettings[],
  { domain, sizeBytes }: { readonly domain: string; readonly sizeBytes: number },
): Selection {
  return pickForSize(rankSendConnectors(connectors, domain), sizeBytes);
}

/** -1: no match. An exact domain outranks the same domain with subdomains, longer suffixes outrank shorter. */
function specificityFor(space: AddressSpace, domain: string): number {
  if (space.domain === "") return 0;
  if (space.domain === domain) return space.domain.length * 2 + (space.subdomains ? 0 : 1);
  return space.subdomains && domain.endsWith(`.${space.domain}`) ? space.domain.length * 2 : -1;
}

function compareNames(a: string, b: string): number {
  const left = a.toLowerCase();
  const right = b.toLowerCase();
  return left < right ? -1 : left > right ? 1 : 0;
}
