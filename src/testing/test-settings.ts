/** Whole settings for tests from the few values a test is about. Quick: no tarpit, no limits per source, short retries. */
import type { UserSettings, Settings } from "../config/settings.ts";
import type { AcceptedDomain } from "../core/policy/accepted-domain.ts";
import { usualLogging } from "../core/policy/log-place.ts";
import type { ReceiveConnectorSettings } from "../core/policy/receive-connector.ts";
import { splitLimits } from "../core/policy/report-only.ts";
import type { TransportSettings } from "../core/policy/retry-schedule.ts";
import type {
  SendConnectorSettings,
  GraphSendConnector,
  SmtpSendConnector,
} from "../core/policy/send-connector.ts";
import { ipRange } from "../core/units/ip-range.ts";

const kib = 1024;
const mib = 1024 * kib;
const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const everything = [{ domain: "", subdomains: true, cost: 1 }];

/**
 * A connector for loopback clients on a free port that lets anonymous clients relay. `reportOnly` and `candidate` as a file has
 * them.
 */
export function receiveConnector(given: Partial<ReceiveConnectorSettings> = {}): ReceiveConnectorSettings {
  const connector: ReceiveConnectorSettings = {
    name: "AppRelay",
    enabled: true,
    comment: "",
    profile: undefined,
    bindings: [{ address: "127.0.0.1", port: 0 }],
    implicitTlsBindings: [],
    httpBindings: [],
    allowPlainHttp: false,
    remoteIpRanges: [ipRange("127.0.0.0/8")],
    fqdn: "relay.test",
    banner: undefined,
    authMechanism: ["Tls"],
    permissionGroups: ["AnonymousUsers"],
    anonymousRelay: true,
    requireTls: false,
    requireEhloDomain: false,
    requireHello: true,
    tlsCertificateFile: [],
    tlsKeyFile: [],
    tlsMinVersion: "TLSv1.2",
    tlsCipherString: undefined,
    maxInboundConnection: 5000,
    maxInboundConnectionPerSource: Infinity,
    maxInboundConnectionPercentagePerSource: 100,
    messageRateLimit: Infinity,
    messageRateSource: "IPAddress",
    connectionTimeout: 10 * minute,
    connectionInactivityTimeout: 5 * minute,
    maxProtocolErrors: 5,
    maxLogonFailures: 3,
    tarpitInterval: 0,
    discreditInterval: 60_000,
    authTarpitInterval: 0,
    maxAcknowledgementDelay: 0,
    duplicateWindow: 0,
    maxMessageSize: 36 * mib,
    maxHeaderSize: 256 * kib,
    maxRecipientsPerMessage: 5000,
    maxHopCount: 60,
    protocolLoggingLevel: "None",
    sizeEnabled: "Enabled",
    legacyAuthLineEnabled: false,
    pipeliningEnabled: true,
    chunkingEnabled: true,
    binaryMimeEnabled: true,
    eightBitMimeEnabled: true,
    deliveryStatusNotificationEnabled: true,
    enhancedStatusCodesEnabled: true,
    smtpUtf8Enabled: true,
    requireTlsExtensionEnabled: true,
    bareLinefeedRejectionEnabled: false,
    bareCarriageReturnRejectionEnabled: false,
    rejectReservedTopLevelRecipientDomains: false,
    rejectReservedSecondLevelRecipientDomains: false,
    rejectSingleLabelRecipientDomains: false,
    defaultDomain: undefined,
    strictAddresses: false,
    nulRemovalEnabled: false,
    limitAction: "refuse",
    limitDelay: 30 * second,
    explainRefusals: false,
    capture: false,
    addMissingMessageId: false,
    addMissingDate: false,
    ...given,
  };
  const { reportOnly = [], candidate = {} } = connector;
  return { ...connector, ...watching(connector, reportOnly, candidate) };
}

function watching(...limits: Parameters<typeof splitLimits>): Partial<ReceiveConnectorSettings> {
  const { enforced, watched } = splitLimits(...limits);
  return watched === undefined ? {} : { ...enforced, watched };
}

/** Everything to the SMTP server on `port` of 127.0.0.1. */
export function smartHostConnector(
  port: number | readonly number[],
  given: Partial<SmtpSendConnector> = {},
): SmtpSendConnector {
  const ports = typeof port === "number" ? [port] : port;
  return {
    kind: "smartHost",
    name: "Out",
    enabled: true,
    comment: "",
    addressSpaces: everything,
    maxMessageSize: Infinity,
    smartHosts: ports.map((each) => ({ host: "127.0.0.1", port: each })),
    fqdn: "relay.test",
    requireTls: false,
    ignoreStartTls: false,
    tlsAuthLevel: "EncryptionOnly",
    tlsDomain: undefined,
    implicitTls: false,
    tlsClient: undefined,
    tlsCa: undefined,
    sourceIpAddress: undefined,
    ipPreference: "Automatic",
    smartHostAuthMechanism: "None",
    authenticationCredential: undefined,
    oauth: undefined,
    senderMailboxes: {},
    preset: undefined,
    connectionInactivityTimeOut: 10 * minute,
    smtpMaxMessagesPerConnection: Infinity,
    port: 25,
    maxConcurrentConnections: 20,
    mtaSts: "none",
    siteMessageRateLimit: Infinity,
    mxAddressLimit: 10,
    mxSessionLimit: 5,
    // Sinks are on loopback.
    mxAllowPrivateHosts: true,
    maxRecipientsPerTransaction: 100,
    messageRateLimit: Infinity,
    recipientRateLimit: Infinity,
    mailboxMessageRateLimit: Infinity,
    mailboxRecipientRateLimit: Infinity,
    forceHelo: false,
    chunkingEnabled: true,
    pipeliningEnabled: true,
    errorPolicies: [],
    customFailures: [],
    dkimSigning: true,
    daneEnabled: false,
    requireTlsPolicy: "opportunisticStartTls",
    protocolLoggingLevel: "None",
    ...given,
  };
}

/** Everything to the Graph at `graphRoot`; it has to be given `oauth`. */
export function graphConnector(
  graphRoot: string,
  given: Partial<GraphSendConnector> & Pick<GraphSendConnector, "oauth">,
): GraphSendConnector {
  return {
    kind: "graph",
    preset: "graph",
    name: "Graph",
    enabled: true,
    comment: "",
    addressSpaces: everything,
    maxMessageSize: 3_100_000,
    graphRoot,
    senderMailboxes: {},
    overflowConnector: undefined,
    maxConcurrentConnections: 4,
    maxRecipientsPerTransaction: 500,
    messageRateLimit: Infinity,
    recipientRateLimit: Infinity,
    mailboxMessageRateLimit: Infinity,
    mailboxRecipientRateLimit: Infinity,
    ...given,
  };
}

export interface TestSettings {
  readonly dataDirectory: string;
  readonly receiveConnectors?: readonly ReceiveConnectorSettings[];
  readonly sendConnectors?: readonly SendConnectorSettings[];
  readonly acceptedDomains?: readonly AcceptedDomain[];
  readonly users?: readonly UserSettings[];
  readonly tokenIssuers?: Settings["tokenIssuers"];
  readonly directory?: Settings["directory"];
  readonly apiKeys?: Settings["apiKeys"];
  readonly applications?: Settings["applications"];
  readonly addressRewriteEntries?: Settings["addressRewriteEntries"];
  readonly proxyProtocolFrom?: Settings["proxyProtocolFrom"];
  readonly transport?: Partial<TransportSettings & Settings["transport"]>;
  readonly metrics?: Settings["metrics"];
  readonly dkim?: Settings["dkim"];
  readonly cluster?: Settings["cluster"];
  readonly webhooks?: Settings["webhooks"];
}

const noDkim: Settings["dkim"] = {
  keys: [],
  headerCanonicalization: "relaxed",
  bodyCanonicalization: "relaxed",
  oversign: "default",
  signatureLifetime: 240 * hour,
};

export function testSettings(given: TestSettings): Settings {
  return {
    hostname: "relay.test",
    dataDirectory: given.dataDirectory,
    requirePersistentSpool: false,
    receiveConnectors: given.receiveConnectors ?? [receiveConnector()],
    sendConnectors: given.sendConnectors ?? [],
    acceptedDomains: given.acceptedDomains ?? [],
    users: given.users ?? [],
    tokenIssuers: given.tokenIssuers ?? [],
    directory: given.directory,
    apiKeys: given.apiKeys ?? [],
    applications: given.applications ?? [],
    addressRewriteEntries: given.addressRewriteEntries ?? [],
    proxyProtocolFrom: given.proxyProtocolFrom ?? [],
    dkim: given.dkim ?? noDkim,
    webhooks: given.webhooks ?? [],
    transport: {
      pickupDirectoryPath: undefined,
      replayDirectoryPath: undefined,
      pickupConnector: undefined,
      pickupDirectoryMaxHeaderSize: 65_536,
      pickupDirectoryMaxMessagesPerMinute: 100,
      pickupDirectoryMaxRecipientsPerMessage: 100,
      queueGlitchRetryCount: 4,
      queueGlitchRetryInterval: 50,
      transientFailureRetryCount: 6,
      transientFailureRetryInterval: 100,
      outboundConnectionFailureRetryInterval: 100,
      messageRetryInterval: 100,
      delayNotificationTimeout: 4 * hour,
      messageExpirationTimeout: 48 * hour,
      maxOutboundConnections: 1000,
      externalDnsServers: [],
      mtaStsAllowPrivateHosts: false,
      tlsReportingEnabled: false,
      ownAddresses: [],
      externalDnsServersTrusted: false,
      retryJitter: 0,
      maxConnectionRatePerMinute: 1_000_000,
      ipv6SourcePrefixLength: 64,
      externalPostmasterAddress: "postmaster@relay.test",
      dsnMaxMessageAttachSize: 10 * mib,
      backPressureEnabled: false,
      backPressureDiskMedium: undefined,
      backPressureDiskHigh: undefined,
      backPressureMemoryMedium: 72,
      backPressureMemoryHigh: 75,
      backPressureQueueMedium: 1_000_000,
      backPressureQueueHigh: 2_000_000,
      backPressureLagMedium: second,
      backPressureLagHigh: 5 * second,
      messageTrackingLogEnabled: true,
      messageTrackingLogSubjectLoggingEnabled: true,
      messageTrackingLogMaxAge: 30 * 24 * hour,
      messageTrackingLogMaxDirectorySize: 1000 * mib,
      messageTrackingLogMaxFileSize: 10 * mib,
      trafficRecordEnabled: true,
      trafficRecordMaxAge: 35 * 24 * hour,
      trafficRecordMaxDirectorySize: 1024 * mib,
      captureMaxMessages: 1000,
      captureMaxDirectorySize: 256 * mib,
      captureMaxAge: 7 * 24 * hour,
      receiveProtocolLogMaxAge: Infinity,
      receiveProtocolLogMaxDirectorySize: Infinity,
      receiveProtocolLogMaxFileSize: 10 * mib,
      sendProtocolLogMaxAge: Infinity,
      sendProtocolLogMaxDirectorySize: Infinity,
      sendProtocolLogMaxFileSize: 10 * mib,
      ...given.transport,
    },
    diagnostics: { levels: {} },
    logging: usualLogging,
    cluster: given.cluster,
    admin: {
      console: undefined,
      cluster: undefined,
      tls: undefined,
      allowedHosts: [],
      socketGroup: undefined,
    },
    metrics: given.metrics ?? { listen: [], allow: [], tls: undefined, bySource: false },
  };
}
