/**
 * The settings of a Receive connector, by Exchange's names, and which connector answers a connection. Durations are milliseconds, sizes octets,
 * `unlimited` is Infinity. Source: Set-ReceiveConnector.
 */
import type { ListeningDoor } from "./door.ts";
import type { ReportableLimit, SomeLimitValues } from "./reportable-limits.ts";
import type { ProfileName } from "./receive-profiles.ts";
import { contains, rangeSize, type IpAddress, type IpRange } from "../units/ip-range.ts";

/** `OAuth` and `ClientCertificate` are Weir's own, the others Exchange's. */
export type AuthMechanism =
  | "None"
  | "Tls"
  | "BasicAuth"
  | "BasicAuthRequireTLS"
  | "OAuth"
  | "ClientCertificate"
  | "ExternalAuthoritative";
export type PermissionGroup =
  | "None"
  | "AnonymousUsers"
  | "ExchangeUsers"
  | "ExchangeServers"
  | "ExchangeLegacyServers"
  | "Partners";

/** In OpenSSL's words (MinProtocol). */
export const tlsVersions = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const;
export type TlsVersion = (typeof tlsVersions)[number];

export interface Endpoint {
  /** IP address in canonical form; `0.0.0.0` or `::` for all. */
  readonly address: string;
  readonly port: number;
}

/** A limit of connections that is only looked at, with the limits that would hold if it alone were enforced. */
export interface WatchedConnections {
  readonly limit: ReportableLimit;
  readonly limits: Pick<
    ReceiveConnectorSettings,
    "maxInboundConnection" | "maxInboundConnectionPerSource" | "maxInboundConnectionPercentagePerSource"
  >;
}

/** Limits that are only looked at (report-only.ts): each by itself. */
export interface WatchedLimits {
  readonly values: SomeLimitValues;
  readonly connections: readonly WatchedConnections[];
}

/** Limits hold what is enforced: of one in `reportOnly` that is not what the file says (`configuredLimit`). */
export interface ReceiveConnectorSettings {
  readonly name: string;
  readonly enabled: boolean;
  readonly comment: string;
  /** Weir's own: what its settings were filled up from. */
  readonly profile: ProfileName | undefined;
  readonly bindings: readonly Endpoint[];
  /** Weir's own: those of `bindings` where TLS begins with the first octet (RFC 8314 §3.3). */
  readonly implicitTlsBindings: readonly Endpoint[];
  /** Weir's own: where mail is handed in by HTTP. */
  readonly httpBindings: readonly Endpoint[];
  /** Weir's own: HTTP without TLS from other machines as well. */
  readonly allowPlainHttp: boolean;
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
  /** Weir's own; Postfix: smtpd_helo_required. */
  readonly requireHello: boolean;
  /** Absolute paths, each with the key in the same place of `tlsKeyFile`; none: the self-signed certificate. */
  readonly tlsCertificateFile: readonly string[];
  readonly tlsKeyFile: readonly string[];
  /** Weir's own; OpenSSL: MinProtocol. */
  readonly tlsMinVersion: TlsVersion;
  /** Weir's own; OpenSSL: CipherString. */
  readonly tlsCipherString: string | undefined;
  /** Absolute path of the CAs of client certificates. Undefined: clients are asked for none. */
  readonly tlsClientCaFile?: string | undefined;
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
  /** Weir's own: how long an address that hung up in a tarpit is held back. 0: never. */
  readonly discreditInterval: number;
  readonly maxAcknowledgementDelay: number;
  /** Weir's own: how long a copy of a message gets the first one's answer, ms. 0: it is another message. */
  readonly duplicateWindow: number;
  readonly maxMessageSize: number;
  readonly maxHeaderSize: number;
  readonly maxRecipientsPerMessage: number;
  readonly maxHopCount: number;
  readonly protocolLoggingLevel: "None" | "Verbose";
  readonly sizeEnabled: "Enabled" | "Disabled" | "EnabledwithoutValue";
  /** Weir's own; Postfix: broken_sasl_auth_clients. */
  readonly legacyAuthLineEnabled: boolean;
  readonly pipeliningEnabled: boolean;
  readonly chunkingEnabled: boolean;
  readonly binaryMimeEnabled: boolean;
  readonly eightBitMimeEnabled: boolean;
  readonly deliveryStatusNotificationEnabled: boolean;
  readonly enhancedStatusCodesEnabled: boolean;
  readonly smtpUtf8Enabled: boolean;
  /** Weir's own: REQUIRETLS, where TLS is. */
  readonly requireTlsExtensionEnabled: boolean;
  readonly bareLinefeedRejectionEnabled: boolean;
  /** Weir's own. False: a bare CR becomes CRLF before storing. */
  readonly bareCarriageReturnRejectionEnabled: boolean;
  readonly rejectReservedTopLevelRecipientDomains: boolean;
  readonly rejectReservedSecondLevelRecipientDomains: boolean;
  readonly rejectSingleLabelRecipientDomains: boolean;
  readonly defaultDomain: string | undefined;
  /** Weir's own: only addresses as RFC 5321 has them. */
  readonly strictAddresses: boolean;
  /** Weir's own: NUL octets are taken out of content, else content with them is refused. */
  readonly nulRemovalEnabled: boolean;
  /** Weir's own: whether a client at a connection or rate limit is refused or waits, for `limitDelay` at most. */
  readonly limitAction: "refuse" | "delay";
  readonly limitDelay: number;
  /** Weir's own: replies to refusals name connector, limit and value. Undefined: for private source addresses. */
  readonly explainRefusals: boolean | undefined;
  /** Weir's own: what it takes goes into the capture box and nowhere else. */
  readonly capture: boolean;
  /** Weir's own: limits that refuse nobody and are looked at. */
  readonly reportOnly?: readonly ReportableLimit[];
  /** Weir's own: other values, looked at beside those that are enforced. */
  readonly candidate?: SomeLimitValues | undefined;
  /** Weir's own: until when it is learned what its limits should be. Milliseconds since the epoch. */
  readonly learnUntil?: number | undefined;
  /** What reportOnly and candidate come to; undefined: nothing is only looked at. */
  readonly watched?: WatchedLimits | undefined;
  /** Weir's own, off by default. */
  readonly addMissingMessageId: boolean;
  readonly addMissingDate: boolean;
}

type Bound = Pick<ReceiveConnectorSettings, "bindings"> &
  Partial<Pick<ReceiveConnectorSettings, "httpBindings">>;

const nowhere: readonly Endpoint[] = [];

/** Where a connector listens for what comes by this door. */
export function bindingsOf({ bindings, httpBindings = nowhere }: Bound, door: ListeningDoor) {
  return door === "HTTP" ? httpBindings : bindings;
}

/**
 * The connector that answers: among enabled ones bound to the local endpoint, the one whose range holds the
 * peer and is the smallest. Exchange: "Receive connectors", connector selection. Cost: one pass over all ranges.
 */
export function chooseReceiveConnector<
  Connector extends Bound & Pick<ReceiveConnectorSettings, "enabled" | "remoteIpRanges">,
>(
  connectors: readonly Connector[],
  local: Endpoint,
  peer: IpAddress,
  door: ListeningDoor = "SMTP",
): Connector | undefined {
  let chosen: Connector | undefined;
  let chosenSize: bigint | undefined;
  for (const connector of connectors) {
    if (!connector.enabled || !bindingsOf(connector, door).some((binding) => covers(binding, local)))
      continue;
    for (const range of connector.remoteIpRanges) {
      if (!contains(range, peer)) continue;
      const size = rangeSize(range);
      if (chosenSize === undefined || size < chosenSize) {
        chosen = connector;
        chosenSize = size;
      }
    }
  }
  return chosen;
}

/**
 * What answers a load balancer that checks the relay in its own name, from an address no connector is for: a
 * connector of that endpoint without its rights. It greets, and takes no mail. Undefined: none is bound there.
 */
export function healthCheckConnector(
  connectors: readonly ReceiveConnectorSettings[],
  local: Endpoint,
  door: ListeningDoor = "SMTP",
): ReceiveConnectorSettings | undefined {
  const connector = connectors.find(
    (one) => one.enabled && bindingsOf(one, door).some((binding) => covers(binding, local)),
  );
  return (
    connector && {
      ...connector,
      authMechanism: [],
      permissionGroups: [],
      anonymousRelay: false,
      requireTls: false,
    }
  );
}

/** Whether TLS begins with the first octet of a connection to `local`. */
export function beginsWithTls(
  { implicitTlsBindings }: Pick<ReceiveConnectorSettings, "implicitTlsBindings">,
  local: Endpoint,
): boolean {
  return implicitTlsBindings.some((binding) => covers(binding, local));
}

/** Whether a connector bound there answers at `local`. */
export function covers(binding: Endpoint, local: Endpoint): boolean {
  if (binding.port !== local.port) return false;
  if (binding.address === local.address) return true;
  return binding.address === (local.address.includes(":") ? "::" : "0.0.0.0");
}
