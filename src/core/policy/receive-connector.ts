/**
 * The settings of a Receive connector, by Exchange's names. Durations are milliseconds, sizes octets,
 * `unlimited` is Infinity. Source: Set-ReceiveConnector.
 */
import type { IpRange } from "../units/ip-range.ts";

export type AuthMechanism = "None" | "Tls" | "BasicAuth" | "BasicAuthRequireTLS" | "ExternalAuthoritative";
export type PermissionGroup =
  "None" | "AnonymousUsers" | "ExchangeUsers" | "ExchangeServers" | "ExchangeLegacyServers" | "Partners";

export interface Endpoint {
  /** IP address in canonical form; `0.0.0.0` or `::` for all. */
  readonly address: string;
  readonly port: number;
}

export interface ReceiveConnectorSettings {
  readonly name: string;
  readonly enabled: boolean;
  readonly comment: string;
  readonly bindings: readonly Endpoint[];
  readonly remoteIpRanges: readonly IpRange[];
  readonly fqdn: string;
  /** The whole text behind `220 `; undefined: `<fqdn> Weir ESMTP MAIL Service ready at <date>`. */
  readonly banner: string | undefined;
  readonly authMechanism: readonly AuthMechanism[];
  readonly permissionGroups: readonly PermissionGroup[];
  /** Grants ms-Exch-SMTP-Accept-Any-Recipient to anonymous clients. */
  readonly anonymousRelay: boolean;
  readonly requireTls: boolean;
  readonly requireEhloDomain: boolean;
  readonly tlsCertificateFile: string | undefined;
  readonly tlsKeyFile: string | undefined;
  readonly maxInboundConnection: number;
  readonly maxInboundConnectionPerSource: number;
  readonly maxInboundConnectionPercentagePerSource: number;
  readonly messageRateLimit: number;
  readonly messageRateSource: "None" | "IPAddress" | "User" | "All";
  readonly connectionTimeout: number;
  readonly connectionInactivityTimeout: number;
  readonly maxProtocolErrors: number;
  /** 0: never. */
  readonly maxLogonFailures: number;
  readonly tarpitInterval: number;
  readonly authTarpitInterval: number;
  readonly maxAcknowledgementDelay: number;
  readonly maxMessageSize: number;
  readonly maxHeaderSize: number;
  readonly maxRecipientsPerMessage: number;
  readonly maxHopCount: number;
  readonly protocolLoggingLevel: "None" | "Verbose";
  readonly sizeEnabled: "Enabled" | "Disabled" | "EnabledwithoutValue";
  readonly pipeliningEnabled: boolean;
  readonly chunkingEnabled: boolean;
  readonly binaryMimeEnabled: boolean;
  readonly eightBitMimeEnabled: boolean;
  readonly deliveryStatusNotificationEnabled: boolean;
  readonly enhancedStatusCodesEnabled: boolean;
  readonly smtpUtf8Enabled: boolean;
  readonly bareLinefeedRejectionEnabled: boolean;
  /** Weir's own. False: a bare CR becomes CRLF before storing. */
  readonly bareCarriageReturnRejectionEnabled: boolean;
  readonly rejectReservedTopLevelRecipientDomains: boolean;
  readonly rejectReservedSecondLevelRecipientDomains: boolean;
  readonly rejectSingleLabelRecipientDomains: boolean;
  readonly defaultDomain: string | undefined;
  /** Weir's own: replies to refusals name connector, limit and value. Undefined: for private source addresses. */
  readonly explainRefusals: boolean | undefined;
  /** Weir's own, off by default. */
  readonly addMissingMessageId: boolean;
  readonly addMissingDate: boolean;
}
