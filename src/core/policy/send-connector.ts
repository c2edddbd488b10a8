/**
 * The settings of a Send connector, by Exchange's names; the choice among them is send-connector-choice.ts. Durations are
 * milliseconds, sizes octets, `unlimited` is Infinity. Source: Set-SendConnector.
 */

import type { CustomFailure } from "./custom-failure.ts";
import type { IpPreference } from "./ip-preference.ts";
import type { OAuthSettings } from "./oauth-settings.ts";
import type { SendLimitSettings } from "./send-limits.ts";
import type { PresetName } from "./send-presets.ts";
import type { SendRestrictions } from "./send-restrictions.ts";

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
  /** Absent: any mail may use it. */
  readonly restrictions?: SendRestrictions;
  /** Absent: its mail waits for it. */
  readonly fallback?: SendFallback;
}

/** Weir's own; Postfix: smtp_fallback_relay. The way of mail that this connector does not get rid of. */
export interface SendFallback {
  /** A send connector's name; its address spaces do not matter. */
  readonly connector: string;
  /** So long nothing was handed over, milliseconds. */
  readonly afterMs: number;
  /** Also mail that must have better TLS than that connector has. Absent: it waits. */
  readonly mayWeakenTls?: true;
}

/**
 * Exchange: ErrorPolicies. DowngradeAuthFailures: a 5xx about authentication in a transaction is tried again.
 * DowngradeDnsFailures: domains that DNS denies are tried again, too; failures of DNS, and of smart hosts' names, are anyway.
 * DowngradeCustomFailures: a 5xx among `customFailures` is tried again; UpgradeCustomFailures: a 4xx among them is returned.
 * `RejectUnconvertible` is Weir's own: 8-bit content that the next hop does not take and that cannot be converted fails; by
 * default it is sent as it is.
 */
export const errorPolicyNames = [
  "Default",
  "DowngradeAuthFailures",
  "DowngradeDnsFailures",
  "DowngradeCustomFailures",
  "UpgradeCustomFailures",
  "RejectUnconvertible",
] as const;
export type ErrorPolicy = Exclude<(typeof errorPolicyNames)[number], "Default">;

/** Exchange's, and two of SASL (RFC 7628; XOAUTH2 is Google's and Microsoft's). */
export type SmartHostAuthMechanism = "None" | "BasicAuth" | "BasicAuthRequireTLS" | "XOAUTH2" | "OAUTHBEARER";

/**
 * Weir's own; Postfix: smtp_requiretls_policy. What REQUIRETLS of a message means (RFC 8689). `enforce`: only to hosts that offer
 * it and show who they are; `opportunisticStartTls`: within TLS, the rest where it is offered; `opportunistic`: it is passed on
 * where it is offered.
 */
export const requireTlsPolicies = ["enforce", "opportunisticStartTls", "opportunistic"] as const;
export type RequireTlsPolicy = (typeof requireTlsPolicies)[number];

/** The strictest mode that is kept to: `testing` counts only what would fail, `none` asks for no policies. */
export const mtaStsSettings = ["enforce", "testing", "none"] as const;
export type MtaStsSetting = (typeof mtaStsSettings)[number];

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
  /** `dns`: to the mail exchangers of each recipient domain (Exchange: DNSRoutingEnabled); it has no smart hosts. */
  readonly kind: "smartHost" | "dns";
  readonly smartHosts: readonly SmartHost[];
  /** Of mail exchangers. */
  readonly port: number;
  readonly fqdn: string;
  readonly requireTls: boolean;
  readonly ignoreStartTls: boolean;
  readonly tlsAuthLevel: "EncryptionOnly" | "CertificateValidation" | "DomainValidation";
  readonly tlsDomain: string | undefined;
  /** Weir's own: TLSA records of its hosts are asked for and kept to (RFC 7672). */
  readonly daneEnabled: boolean;
  readonly requireTlsPolicy: RequireTlsPolicy;
  /** Weir's own: TLS from the first octet (RFC 8314 §3.3), for hosts that do not begin in clear text. */
  readonly implicitTls: boolean;
  /** Shown where the next hop asks for it (Exchange: TlsCertificateName). */
  readonly tlsClient: TlsClientCertificate | undefined;
  /** Weir's own; PEM, in place of the system's trusted roots. */
  readonly tlsCa: { readonly tlsCaFile: string; readonly certificates: readonly string[] } | undefined;
  /** Undefined: the system's choice. */
  readonly sourceIpAddress: string | undefined;
  readonly ipPreference: IpPreference;
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
  /**
   * To the connector's smart hosts; of kind `dns` to one site, the mail exchangers that domains have in common (Exchange:
   * MaxPerDomainOutboundConnections).
   */
  readonly maxConcurrentConnections: number;
  /** Weir's own, of kind `dns`: how far MTA-STS policies of recipient domains are kept to (RFC 8461). */
  readonly mtaSts: MtaStsSetting;
  /** Weir's own: messages a minute to one site. */
  readonly siteMessageRateLimit: number;
  /** Weir's own, of kind `dns`: addresses that are tried for one connection (Postfix: smtp_mx_address_limit). */
  readonly mxAddressLimit: number;
  /** Weir's own, of kind `dns`: addresses that are asked to take a message in one attempt (Postfix: smtp_mx_session_limit). */
  readonly mxSessionLimit: number;
  /** Weir's own, of kind `dns`: mail hosts may have private addresses, and this machine's (Exim: ignore_target_hosts). */
  readonly mxAllowPrivateHosts: boolean;
  /** Weir's own; Postfix: smtp_destination_recipient_limit. */
  readonly maxRecipientsPerTransaction: number;
  readonly forceHelo: boolean;
  /** Weir's own: offer BDAT where the peer does. */
  readonly chunkingEnabled: boolean;
  readonly pipeliningEnabled: boolean;
  /** Empty: Default. */
  readonly errorPolicies: readonly ErrorPolicy[];
  /** Weir's own: which failures the policies about custom ones mean. */
  readonly customFailures: readonly CustomFailure[];
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
export interface GraphSendConnector extends SendConnectorCommon, SendLimitSettings {
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
