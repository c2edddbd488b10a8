/** The whole configuration after parsing: every value typed, every default filled in. */
import type { CertificateName } from "../core/authentication/certificate-name.ts";
import type { DirectorySettings } from "../core/authentication/directory-settings.ts";
import type { TokenIssuer } from "../core/authentication/token-issuer.ts";
import type { PickupDirectories } from "./pickup-directories.ts";
import type { IpRange } from "../core/units/ip-range.ts";
import type { ClientRights } from "../core/policy/client-rights.ts";
import type { Application } from "../core/policy/application.ts";
import type { ApiKey } from "../core/authentication/api-key.ts";
import type { AddressRewriteEntry } from "../core/policy/address-rewriting.ts";
import type { AcceptedDomain } from "../core/policy/accepted-domain.ts";
import type { Endpoint, ReceiveConnectorSettings } from "../core/policy/receive-connector.ts";
import type { ClusterSettings } from "../core/policy/cluster-settings.ts";
import type { LoggingSettings } from "../core/policy/log-place.ts";
import type { WebhookSettings } from "../core/webhooks/webhook-settings.ts";
import type { BackPressureSettings } from "../core/policy/back-pressure-thresholds.ts";
import type { TransportSettings } from "../core/policy/retry-schedule.ts";
import type { DkimSettings } from "../dkim/dkim-settings.ts";
import type { SendConnectorSettings } from "../core/policy/send-connector.ts";

export type EventLevel = "Lowest" | "Low" | "Medium" | "High" | "Expert";

/** An account for AUTH; the password is a PHC string (`$scrypt$…`), undefined: it has none. */
export interface UserSettings extends ClientRights {
  readonly name: string;
  readonly passwordHash?: string | undefined;
  readonly certificates?: readonly CertificateName[];
}

/** TLS of what is served by HTTP; paths absolute, none for the self-signed certificate. */
export interface HttpTls {
  readonly tlsCertificateFile: readonly string[];
  readonly tlsKeyFile: readonly string[];
}

export interface Settings {
  readonly hostname: string;
  /** Absolute. */
  readonly dataDirectory: string;
  /** No start where the data directory does not outlive the container or a restart. */
  readonly requirePersistentSpool: boolean;
  readonly receiveConnectors: readonly ReceiveConnectorSettings[];
  readonly sendConnectors: readonly SendConnectorSettings[];
  readonly acceptedDomains: readonly AcceptedDomain[];
  readonly addressRewriteEntries: readonly AddressRewriteEntry[];
  readonly tokenIssuers: readonly TokenIssuer[];
  /** LDAP, Active Directory; undefined: none is asked. */
  readonly directory: DirectorySettings | undefined;
  readonly users: readonly UserSettings[];
  readonly apiKeys: readonly ApiKey[];
  readonly applications: readonly Application[];
  /** Load balancers that send a PROXY header. */
  readonly proxyProtocolFrom: readonly IpRange[];
  readonly transport: TransportSettings &
    BackPressureSettings & {
      /** Connection opens per minute for the whole service. */
      readonly maxConnectionRatePerMinute: number;
      /** Bits of an IPv6 address that make one source. */
      readonly ipv6SourcePrefixLength: number;
      /** Sender of DSNs; default `postmaster@<hostname>`. */
      readonly externalPostmasterAddress: string;
      /** Originals above this go into a DSN as headers only. */
      readonly dsnMaxMessageAttachSize: number;
      /** Address, or address and port; empty: those of the system. */
      readonly externalDnsServers: readonly string[];
      /** Policy hosts may have addresses that are not public. */
      readonly mtaStsAllowPrivateHosts: boolean;
      /** TLS reports are sent to domains that ask for them. */
      readonly tlsReportingEnabled: boolean;
      /** IP addresses in canonical form, and names in lower case. */
      readonly ownAddresses: readonly string[];
      readonly externalDnsServersTrusted: boolean;
      readonly dnssecBogusName?: string | undefined;
      readonly messageTrackingLogEnabled: boolean;
      readonly messageTrackingLogSubjectLoggingEnabled: boolean;
      readonly messageTrackingLogMaxAge: number;
      readonly messageTrackingLogMaxDirectorySize: number;
      readonly messageTrackingLogMaxFileSize: number;
      readonly trafficRecordEnabled: boolean;
      readonly trafficRecordMaxAge: number;
      readonly trafficRecordMaxDirectorySize: number;
      readonly captureMaxMessages: number;
      readonly captureMaxDirectorySize: number;
      readonly captureMaxAge: number;
      readonly receiveProtocolLogMaxAge: number;
      readonly receiveProtocolLogMaxDirectorySize: number;
      readonly receiveProtocolLogMaxFileSize: number;
      readonly sendProtocolLogMaxAge: number;
      readonly sendProtocolLogMaxDirectorySize: number;
      readonly sendProtocolLogMaxFileSize: number;
      /** Octets. */
      readonly pickupDirectoryMaxHeaderSize: number;
      readonly pickupDirectoryMaxMessagesPerMinute: number;
      readonly pickupDirectoryMaxRecipientsPerMessage: number;
    } & PickupDirectories;
  readonly dkim: DkimSettings;
  readonly webhooks: readonly WebhookSettings[];
  readonly diagnostics: {
    readonly levels: Readonly<Record<string, EventLevel>>;
  };
  readonly logging: LoggingSettings;
  /** Undefined: one machine. In force from the start on. */
  readonly cluster: ClusterSettings | undefined;
  readonly admin: {
    readonly console: Endpoint | undefined;
    /** Where other nodes ask this one. */
    readonly cluster: Endpoint | undefined;
    /** Undefined: in the clear. */
    readonly tls: HttpTls | undefined;
    /** Names the console may be called by, beside the host name, addresses and localhost. */
    readonly allowedHosts: readonly string[];
    /** Whose members may use the relay's socket; undefined: its user and root alone. */
    readonly socketGroup: string | undefined;
  };
  readonly metrics: {
    readonly listen: readonly Endpoint[];
    readonly allow: readonly IpRange[];
    readonly tls: HttpTls | undefined;
    readonly bySource: boolean;
  };
}
