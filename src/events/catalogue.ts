/**
 * Every event Weir can tell, as data. Exchange's ids, names and texts where they are known (exchange events
 * 1003..15007); Weir's own stand from 20001 on. `%name` in a text is a field.
 *
 * `level` is the diagnostic logging level from which on the event is told (0 Lowest, 1 Low, 3 Medium, 5 High,
 * 7 Expert); errors are always told.
 */
export type Severity = "Error" | "Warning" | "Information";
export type EventLevelNumber = 0 | 1 | 3 | 5 | 7;

export interface EventDefinition {
  readonly id: number;
  readonly category: Category;
  readonly severity: Severity;
  readonly level: EventLevelNumber;
  readonly text: string;
  /**
   * A client met a limit: it may happen thousands of times a second, so it is kept as one entry for each connector,
   * source and minute, and singly only at Expert.
   */
  readonly limitHit?: true;
}

/** Categories of the source MSExchangeTransport. */
export const categories = [
  "SmtpReceive",
  "SmtpSend",
  "DSN",
  "Routing",
  "Storage",
  "Configuration",
  "TransportService",
  "ResourceManager",
  "PoisonMessage",
] as const;
export type Category = (typeof categories)[number];

export const catalogue = {
  SmtpReceiveConfigurationInvalid: {
    id: 1003,
    category: "SmtpReceive",
    severity: "Error",
    level: 0,
    text: "The configuration of one of the SMTP Receive connectors is invalid. The configuration change will be ignored. The description of the configuration error is: %error.",
  },
  SmtpReceiveMaxConnectionReached: {
    id: 1009,
    category: "SmtpReceive",
    severity: "Warning",
    level: 0,
    text: "Receive connector %connector rejected an incoming connection. The maximum number of connections (%limit) for this connector has been reached.",
    limitHit: true,
  },
  SmtpReceiveMessageRejected: {
    id: 1010,
    category: "SmtpReceive",
    severity: "Error",
    level: 0,
    text: "Receive connector %connector rejected a message at SMTP end of data with %reply.",
  },
  SmtpReceiveAuthenticationFailedTooManyErrors: {
    id: 1012,
    category: "SmtpReceive",
    severity: "Warning",
    level: 0,
    text: "Receive connector %connector: Authentication failures have exceeded the maximum of %limit for the connection from %source. Disconnecting.",
    limitHit: true,
  },
  SmtpReceiveAuthorizationSubmitRejected: {
    id: 1018,
    category: "SmtpReceive",
    severity: "Warning",
    level: 0,
    text: "The account '%user' provided valid credentials, but it does not have submit permissions on SMTP Receive connector '%connector'; failing authentication.",
  },
  SmtpReceiveMaxConnectionPerSourceReached: {
    id: 1021,
    category: "SmtpReceive",
    severity: "Warning",
    level: 0,
    text: "Receive connector %connector rejected an incoming connection from IP address %source. The maximum number of connections per source (%limit) for this connector has been reached by this source IP address.",
    limitHit: true,
  },
  SmtpReceiveMessageRateLimitExceeded: {
    id: 1031,
    category: "SmtpReceive",
    severity: "Error",
    level: 0,
    text: "The connection for user [%user] with IP address [%source] is being dropped. The rate of message submissions from this connection has exceeded the throttling policy of %limit per minute.",
    limitHit: true,
  },
  SmtpReceiveAuthenticationFailed: {
    id: 1035,
    category: "SmtpReceive",
    severity: "Warning",
    level: 0,
    text: "Inbound authentication failed with error %error for Receive connector %connector. The authentication mechanism is %mechanism. The source IP address of the client who tried to authenticate to Microsoft Exchange is [%source].",
  },
  SmtpSendTlsRequiredFailed: {
    id: 2015,
    category: "SmtpSend",
    severity: "Error",
    level: 0,
    text: "Send connector %connector couldn't connect to remote domain %domain. The send connector requires TLS authentication, but is unable to establish TLS with the receiving server. Check this connector's authentication setting and the EHLO response from the remote server %host.",
  },
  RelayStarted: {
    id: 20001,
    category: "TransportService",
    severity: "Information",
    level: 0,
    text: "Weir %version started as %hostname; %recovered messages were waiting from before.",
  },
  RelayStopping: {
    id: 20002,
    category: "TransportService",
    severity: "Information",
    level: 0,
    text: "Weir is stopping: %reason. Waiting up to %seconds s for %sessions sessions and %deliveries deliveries.",
  },
  RelayStopped: {
    id: 20003,
    category: "TransportService",
    severity: "Information",
    level: 0,
    text: "Weir stopped; %queued messages wait for the next start.",
  },
  RelayFault: {
    id: 20004,
    category: "TransportService",
    severity: "Error",
    level: 0,
    text: "A fault in Weir itself in %where: %error. Please report it.",
  },
  AdminOpened: {
    id: 20005,
    category: "TransportService",
    severity: "Information",
    level: 1,
    text: "The admin API listens on %socket.",
  },
  AdminFault: {
    id: 20006,
    category: "TransportService",
    severity: "Error",
    level: 0,
    text: "The admin API of %directory cannot be opened: %error. Mail goes on; commands cannot reach this relay.",
  },
  ListenerOpened: {
    id: 20011,
    category: "SmtpReceive",
    severity: "Information",
    level: 0,
    text: "Listening on %endpoint for receive connectors %connectors.",
  },
  ListenerFailed: {
    id: 20012,
    category: "SmtpReceive",
    severity: "Error",
    level: 0,
    text: "Cannot listen on %endpoint for receive connectors %connectors: %error.",
  },
  ListenerClosed: {
    id: 20013,
    category: "SmtpReceive",
    severity: "Information",
    level: 0,
    text: "No longer listening on %endpoint; %sessions open sessions go on.",
  },
  NoConnectorMatched: {
    id: 20014,
    category: "SmtpReceive",
    severity: "Warning",
    level: 0,
    text: "A connection from %source to %endpoint was refused: no receive connector's remoteIpRanges hold this address.",
    limitHit: true,
  },
  OpenRelayWarning: {
    id: 20015,
    category: "SmtpReceive",
    severity: "Warning",
    level: 0,
    text: "Receive connector %connector relays for the whole Internet: anonymous clients from %ranges may send to any recipient. Narrow its remoteIpRanges.",
  },
  SmtpReceiveRelayDenied: {
    id: 20016,
    category: "SmtpReceive",
    severity: "Warning",
    level: 1,
    text: "Receive connector %connector refused recipient %recipient from %source: not an accepted domain, and the client may not relay.",
  },
  TlsCertificateProblem: {
    id: 20017,
    category: "SmtpReceive",
    severity: "Error",
    level: 0,
    text: "TLS certificate %file cannot be used: %error.",
  },
  TlsCertificateLoaded: {
    id: 20018,
    category: "SmtpReceive",
    severity: "Information",
    level: 1,
    text: "TLS certificate %file loaded: %subject, valid until %validTo.",
  },
  ConnectionRateExceeded: {
    id: 20019,
    category: "SmtpReceive",
    severity: "Warning",
    level: 0,
    text: "A connection from %source to receive connector %connector was refused: more than %limit connections a minute (maxConnectionRatePerMinute).",
    limitHit: true,
  },
  MessageReceived: {
    id: 20021,
    category: "SmtpReceive",
    severity: "Information",
    level: 5,
    text: "Receive connector %connector took message %id from %source: %sizeBytes octets from <%sender> for %recipients recipients.",
  },
  ConnectionHeld: {
    id: 20023,
    category: "SmtpReceive",
    severity: "Warning",
    level: 0,
    limitHit: true,
    text: "Receive connector %connector lets a connection from %source wait up to %delaySeconds s for a place: %setting (%limit) is reached.",
  },
  MessageHeld: {
    id: 20024,
    category: "SmtpReceive",
    severity: "Warning",
    level: 0,
    limitHit: true,
    text: "Receive connector %connector lets a message from %source wait up to %delaySeconds s: messageRateLimit (%limit a minute) is reached.",
  },
  SessionLimitReached: {
    id: 20026,
    category: "SmtpReceive",
    severity: "Warning",
    level: 0,
    limitHit: true,
    text: "Receive connector %connector refused a command from %source: %setting (%limit) is reached. The client was told: %reply",
  },
  ProxyHeaderRefused: {
    id: 20025,
    category: "SmtpReceive",
    severity: "Warning",
    level: 0,
    limitHit: true,
    text: "A connection from load balancer %source was closed: it did not begin with a PROXY header.",
  },
  DelayedAcknowledgementSkipped: {
    id: 20022,
    category: "SmtpReceive",
    severity: "Information",
    level: 3,
    text: "Receive connector %connector acknowledged message %id from %source at once: %queued messages are queued, more than delayed acknowledgement is meant for.",
  },
  MessageDelivered: {
    id: 20101,
    category: "SmtpSend",
    severity: "Information",
    level: 5,
    text: "Message %id was taken by %host for %recipients recipients over send connector %connector: %reply",
  },
  DeliveryDeferred: {
    id: 20102,
    category: "SmtpSend",
    severity: "Warning",
    level: 3,
    text: "Message %id waits for %recipient over send connector %connector; next attempt %nextAttempt: %error",
  },
  DeliveryFailed: {
    id: 20103,
    category: "SmtpSend",
    severity: "Warning",
    level: 0,
    text: "Message %id from <%sender> could not be delivered to %recipient: %error",
  },
  QueueRetry: {
    id: 20104,
    category: "SmtpSend",
    severity: "Warning",
    level: 0,
    text: "Queue %queue cannot be delivered now; attempt %attempt, next one %nextAttempt: %error",
  },
  QueueActive: {
    id: 20105,
    category: "SmtpSend",
    severity: "Information",
    level: 0,
    text: "Queue %queue is being delivered again.",
  },
  PeerFeatureDisabled: {
    id: 20106,
    category: "SmtpSend",
    severity: "Warning",
    level: 1,
    text: "%host announces %feature but does not keep to it; it is not used there until restart: %error",
  },
  RecipientUnreachable: {
    id: 20111,
    category: "Routing",
    severity: "Warning",
    level: 0,
    text: "A matching connector cannot be found to route the external recipient %recipient of message %id; it waits in the unreachable queue.",
  },
  DsnSent: {
    id: 20121,
    category: "DSN",
    severity: "Information",
    level: 1,
    text: "A %kind report on message %id goes to <%sender> as message %reportId.",
  },
  DsnSuppressed: {
    id: 20122,
    category: "DSN",
    severity: "Warning",
    level: 0,
    text: "Message %id has the null reverse-path and could not be delivered to %recipient; it was dropped without a report: %error",
  },
  MessageDamaged: {
    id: 20201,
    category: "Storage",
    severity: "Error",
    level: 0,
    text: "Message %id is damaged (%what) and was set aside at %setAside; the other messages go on.",
  },
  SpoolFault: {
    id: 20202,
    category: "Storage",
    severity: "Error",
    level: 0,
    text: "The spool could not keep a message: %error. Clients get a 4xx reply and should try again.",
  },
  SpoolOrphansSwept: {
    id: 20203,
    category: "Storage",
    severity: "Information",
    level: 1,
    text: "%files files of messages that were never acknowledged were removed.",
  },
  ConfigurationApplied: {
    id: 20301,
    category: "Configuration",
    severity: "Information",
    level: 0,
    text: "The configuration of %file was applied: %changes.",
  },
  ConfigurationRejected: {
    id: 20302,
    category: "Configuration",
    severity: "Error",
    level: 0,
    text: "The configuration of %file has %count faults and was not applied; the running one stays. %faults",
  },
  LimitHitsNotWrittenSingly: {
    id: 20401,
    category: "SmtpReceive",
    severity: "Warning",
    level: 7,
    text: "%count more refusals within a second were not written one by one; the entry of their connector, source and minute counts them.",
  },
  LogFault: {
    id: 20402,
    category: "TransportService",
    severity: "Error",
    level: 0,
    text: "The %log cannot be written: %error. Mail goes on; lines that find no room are counted.",
  },
  LogLinesLost: {
    id: 20403,
    category: "TransportService",
    severity: "Warning",
    level: 0,
    text: "%count lines of the %log were lost: %error",
  },
} as const satisfies Record<string, EventDefinition>;

export type EventName = keyof typeof catalogue;
