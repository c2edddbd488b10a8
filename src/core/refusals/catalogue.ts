/**
 * Everything the receiving side refuses, as data: its class, code and text, the event that tells of it, the limit that
 * it is, and what was wrong in words. Texts are Exchange's where they are known; why a code is what it is:
 * docs/decisions/0029. Whoever refuses names a kind from here, so there is no refusal without an entry.
 */
import type { Reply } from "../smtp/reply.ts";

/** What kind of trouble it is, as the one who looks for its remedy would sort it. */
export const refusalClasses = {
  connector: "No receive connector serves it",
  connections: "Connection limits",
  rate: "Message rate",
  relay: "Why it may not relay",
  sender: "As whom it may send",
  recipient: "Recipients",
  authentication: "Why it could not log on",
  tls: "TLS",
  size: "Too large",
  content: "What its messages are like",
  hello: "Its name in EHLO",
  protocol: "How it speaks SMTP or HTTP",
  time: "Time-outs",
  resources: "Back pressure",
  fault: "Faults of this relay",
  service: "This relay stopped",
} as const;
export type RefusalClass = keyof typeof refusalClasses;

export interface RefusalDefinition {
  readonly class: RefusalClass;
  /** What the client is told; undefined where nothing can be said (TLS, a broken PROXY header). */
  readonly reply: Reply | undefined;
  /** A name of events/catalogue.ts; the compiler checks it where the event is told. */
  readonly event: string;
  /** What was wrong, in words; empty where the limit says it all. */
  readonly cause: string;
  /** The limit that it is. Which of several it was, whoever refuses knows. */
  readonly setting?: string;
  /** Behind an earlier refusal of the same message it is nothing new, and neither told nor counted by itself. */
  readonly follows?: true;
}

type Further = Partial<Pick<Reply, "close" | "protocolError">> &
  Pick<RefusalDefinition, "setting" | "follows">;

const closes = { close: true } as const;
const counts = { protocolError: true } as const;

/** Entries of one class and event. `protocolError` counts against maxProtocolErrors. */
const entries =
  <const Class extends RefusalClass, const Event extends string>(of: Class, event: Event) =>
  (code: number, status: string, text: string, cause: string, further: Further = {}) => {
    const { setting, follows, ...flags } = further;
    const reply: Reply = { code, status, text, ...flags };
    return {
      class: of,
      event,
      reply,
      cause,
      ...(setting === undefined ? undefined : { setting }),
      ...(follows === undefined ? undefined : { follows }),
    };
  };

const silent = <const Class extends RefusalClass, const Event extends string>(
  of: Class,
  event: Event,
  cause: string,
) => ({ class: of, event, cause, reply: undefined });

const protocol = entries("protocol", "CommandRefused");
const address = entries("recipient", "CommandRefused");
const recipient = entries("recipient", "RecipientRefused");
const logon = entries("authentication", "SmtpReceiveAuthenticationFailed");
const tls = entries("tls", "TlsRefused");
const sender = entries("sender", "SendAsDenied");
const request = entries("protocol", "HttpRequestRefused");
const content = entries("content", "SmtpReceiveMessageRejected");
const source = entries("connections", "SmtpReceiveMaxConnectionPerSourceReached");

const perSource =
  "The maximum number of concurrent server connections has exceeded a per-source limit, closing transmission channel";
const overRate = "Message submission rate for this client has exceeded the configured limit";
const tooManyErrors = "Too many errors on this connection, closing transmission channel";
const unsuccessful = "Authentication unsuccessful";
const tooLarge = "Message size exceeds fixed maximum message size";

/** With a reply of its own. */
export const spokenRefusals = {
  noConnector: entries("connector", "NoConnectorMatched")(
    421,
    "4.3.2",
    "Service not available: no receive connector serves this address",
    "no connector's remoteIpRanges hold this address",
    closes,
  ),
  connectionLimit: entries("connections", "SmtpReceiveMaxConnectionReached")(
    421,
    "4.3.2",
    "The maximum number of concurrent server connections has exceeded a limit, closing transmission channel",
    "",
    { ...closes, setting: "maxInboundConnection" },
  ),
  connectionLimitPerSource: source(421, "4.3.2", perSource, "", {
    ...closes,
    setting: "maxInboundConnectionPerSource",
  }),
  connectionPercentagePerSource: source(421, "4.3.2", perSource, "", {
    ...closes,
    setting: "maxInboundConnectionPercentagePerSource",
  }),
  connectionRate: entries("connections", "ConnectionRateExceeded")(
    421,
    "4.3.2",
    "The rate of new connections has exceeded a limit, closing transmission channel",
    "",
    { ...closes, setting: "maxConnectionRatePerMinute" },
  ),
  messageRate: entries("rate", "SmtpReceiveMessageRateLimitExceeded")(421, "4.4.2", overRate, "", {
    ...closes,
    setting: "messageRateLimit",
  }),

  /** Nobody hears it. */
  leftWaiting: entries("time", "SessionTimedOut")(
    421,
    "4.4.2",
    overRate,
    "the client left while its message waited for its minute",
    closes,
  ),

  unableToRelay: entries("relay", "SmtpReceiveRelayDenied")(
    550,
    "5.7.54",
    "SMTP; Unable to relay recipient in non-accepted domain",
    "the recipient's domain is no accepted domain, and this client may not relay",
  ),
  sendAsDenied: sender(
    550,
    "5.7.60",
    "SMTP; Client does not have permissions to send as this sender",
    "the sender is not in the sendAs of the user or application",
  ),
  connectorDenied: entries("sender", "ReceiveConnectorDenied")(
    550,
    "5.7.1",
    "Client does not have permissions to submit to this server",
    "its receiveConnectors do not name this one",
  ),
  clientMessageRate: entries("rate", "ClientRateExceeded")(421, "4.4.2", overRate, "", {
    ...closes,
    setting: "messageRateLimit",
  }),
  clientRecipientRate: entries("rate", "ClientRateExceeded")(
    452,
    "4.5.3",
    "Recipient rate of this client has exceeded the configured limit of 24 hours",
    "",
    { setting: "recipientRateLimit" },
  ),
  notAuthenticated: entries("authentication", "ClientNotAuthenticated")(
    530,
    "5.7.57",
    "SMTP; Client was not authenticated to send anonymous mail during MAIL FROM",
    "the connector takes no mail from clients that have not logged on",
    counts,
  ),
  tooManyRecipients: entries("recipient", "SessionLimitReached")(
    452,
    "4.5.3",
    "Too many recipients",
    "the rest must be sent in another message",
    { setting: "maxRecipientsPerMessage" },
  ),
  reservedTopLevelDomain: recipient(
    550,
    "5.1.4",
    "Recipient address reserved by RFC 2606",
    "rejectReservedTopLevelRecipientDomains is on",
  ),
  reservedSecondLevelDomain: recipient(
    550,
    "5.1.5",
    "Recipient address reserved by RFC 2606",
    "rejectReservedSecondLevelRecipientDomains is on",
  ),
  singleLabelDomain: recipient(
    550,
    "5.1.6",
    "Recipient addresses in single label domains not accepted",
    "rejectSingleLabelRecipientDomains is on",
  ),
  refusedAsAsked: recipient(
    550,
    "5.1.1",
    "Refused, as this recipient asks",
    "the connector captures mail, and the recipient's address asks to be refused",
  ),
  putOffAsAsked: recipient(
    451,
    "4.7.1",
    "Try again later, as this recipient asks",
    "the connector captures mail, and the recipient's address asks to be put off",
  ),
  invalidSender: address(501, "5.1.7", "Invalid address", "the sender's address cannot be read"),
  invalidRecipient: address(501, "5.1.3", "Invalid address", "the recipient's address cannot be read"),
  addressTooLong: address(501, "5.1.3", "Address too long", "longer than RFC 5321 allows"),
  utf8NotOffered: address(
    553,
    "5.6.7",
    "Address needs SMTPUTF8",
    "an address that is not ASCII, and MAIL did not say SMTPUTF8",
  ),

  declaredTooLarge: entries("size", "MessageSizeRefused")(552, "5.3.4", tooLarge, "", {
    setting: "maxMessageSize",
  }),
  messageTooLarge: entries("size", "SmtpReceiveMessageRejected")(552, "5.3.4", tooLarge, "", {
    setting: "maxMessageSize",
  }),
  headerTooLarge: entries("size", "SmtpReceiveMessageRejected")(
    552,
    "5.3.4",
    "Header size exceeds fixed maximum size",
    "",
    { ...closes, setting: "maxHeaderSize" },
  ),
  hopCountExceeded: content(554, "5.4.6", "Hop count exceeded - possible mail loop", "", {
    setting: "maxHopCount",
  }),
  bareLinefeed: content(
    550,
    "5.6.11",
    "Message contains a line feed that no carriage return precedes",
    "bareLinefeedRejectionEnabled is on",
  ),
  bareCarriageReturn: content(
    550,
    "5.6.11",
    "Message contains a carriage return that no line feed follows",
    "bareCarriageReturnRejectionEnabled is on",
  ),
  nulInContent: content(
    550,
    "5.6.0",
    "Message contains a NUL octet, which only BODY=BINARYMIME may carry",
    "nulRemovalEnabled is off",
  ),
  endOfDataNeedsCrlf: content(
    550,
    "5.6.11",
    "SMTP; lines must end in CR and LF: the message's end was not found, and it was not taken",
    "the line with the single dot does not end in CR and LF, or the line before it does not",
    closes,
  ),

  authenticationFailed: logon(535, "5.7.3", unsuccessful, "user name, password or key is wrong"),
  accountMayNotSubmit: entries("authentication", "SmtpReceiveAuthorizationSubmitRejected")(
    535,
    "5.7.3",
    unsuccessful,
    "the password was right, but permissionGroups has no ExchangeUsers",
  ),
  accountNotOnConnector: entries("authentication", "SmtpReceiveAuthorizationSubmitRejected")(
    535,
    "5.7.3",
    unsuccessful,
    "the logon was right, but the account's receiveConnectors do not name this one",
  ),
  tooManyLogonFailures: entries("authentication", "SmtpReceiveAuthenticationFailedTooManyErrors")(
    421,
    "4.7.0",
    tooManyErrors,
    "",
    { ...closes, setting: "maxLogonFailures" },
  ),
  authenticationCancelled: logon(
    501,
    "5.7.0",
    "Authentication cancelled",
    "the client broke its logon off",
    counts,
  ),
  authenticationMalformed: logon(
    501,
    "5.5.2",
    "Cannot decode response",
    "what the client sent is not what AUTH asks for",
    counts,
  ),
  authenticationMechanismUnknown: logon(
    504,
    "5.7.4",
    "Unrecognized authentication type",
    "no mechanism that this connector offers",
    counts,
  ),
  authenticationNeedsTls: logon(
    538,
    "5.7.11",
    "Encryption required for requested authentication mechanism",
    "authMechanism has BasicAuthRequireTLS, and the client did not begin TLS",
    counts,
  ),
  authenticationNotOffered: logon(
    502,
    "5.3.3",
    "Command not implemented",
    "authMechanism has neither BasicAuth nor OAuth nor ClientCertificate, so nobody can log on",
    counts,
  ),
  authenticationTemporary: logon(
    454,
    "4.7.0",
    "Temporary authentication failure",
    "the log-on could not be checked now",
  ),
  alreadyAuthenticated: protocol(
    503,
    "5.5.2",
    "Already authenticated",
    "AUTH a second time in one session",
    counts,
  ),

  tlsRequired: tls(
    451,
    "5.7.3",
    "STARTTLS is required to send mail",
    "requireTls is on, and the client did not begin TLS",
    counts,
  ),
  tlsNotAvailable: tls(
    454,
    "4.7.0",
    "TLS not available due to temporary reason",
    "the connector's certificate cannot be used",
  ),
  tlsBeforeGreeting: tls(
    500,
    "5.3.3",
    "Unrecognized command",
    "it began TLS at once (SMTPS, as on port 465); here TLS begins by STARTTLS (implicitTlsBindings)",
    { ...closes, ...counts },
  ),
  startTlsNotOffered: tls(502, "5.3.3", "Command not implemented", "authMechanism has no Tls", counts),

  ehloDomainRequired: entries("hello", "CommandRefused")(
    501,
    "5.5.4",
    "Invalid domain name",
    "EHLO or HELO came without a name, and requireEhloDomain is on",
    { ...closes, ...counts },
  ),
  unrecognizedCommand: protocol(500, "5.3.3", "Unrecognized command", "no command of SMTP", counts),
  webClient: protocol(500, "5.3.3", "Unrecognized command", "a web client: this port speaks SMTP", {
    ...closes,
    ...counts,
  }),
  lineTooLong: protocol(500, "5.5.6", "Line too long", "a command longer than any may be", counts),
  bareLinefeedInCommand: protocol(
    500,
    "5.5.2",
    "A command line must end in CRLF, not in a bare line feed",
    "a command ended in a line feed alone, behind others that ended in CR and LF",
    counts,
  ),
  invalidCharacters: protocol(
    500,
    "5.5.2",
    "Command contains characters that are not allowed",
    "control characters in a command, or octets that are not UTF-8",
    counts,
  ),
  syntaxError: protocol(501, "5.5.4", "Invalid arguments", "what stands behind the command", counts),
  unrecognizedParameter: protocol(
    555,
    "5.5.4",
    "Unsupported option",
    "a parameter of an extension that is not offered",
    counts,
  ),
  invalidParameterValue: protocol(501, "5.5.4", "Invalid parameter value", "a parameter's value", counts),
  commandNotImplemented: protocol(502, "5.3.3", "Command not implemented", "not done here", counts),
  chunkingNotOffered: protocol(502, "5.3.3", "Command not implemented", "chunkingEnabled is off", counts),
  badSequence: protocol(503, "5.5.2", "Bad sequence of commands", "out of place here", counts),
  sendHelloFirst: protocol(503, "5.5.2", "Send hello first", "no EHLO or HELO was taken before", counts),
  senderAlreadySpecified: protocol(
    503,
    "5.5.2",
    "Sender already specified",
    "MAIL a second time without RSET",
    counts,
  ),
  needMail: protocol(503, "5.5.2", "Need mail command", "no MAIL was taken before", {
    ...counts,
    follows: true,
  }),
  noValidRecipients: protocol(554, "5.5.1", "No valid recipients", "no RCPT was taken before", {
    ...counts,
    follows: true,
  }),
  binaryNeedsBdat: protocol(503, "5.5.2", "BODY=BINARYMIME needs BDAT", "DATA for binary content", counts),
  tooManyErrors: entries("protocol", "SessionLimitReached")(421, "4.7.0", tooManyErrors, "", {
    ...closes,
    setting: "maxProtocolErrors",
  }),

  requestMalformed: request(501, "5.5.4", "Invalid request", "a request of HTTP that cannot be read"),
  requestInvalid: request(501, "5.5.4", "Invalid request", "what a request of HTTP asks for"),
  requestNotServed: request(502, "5.3.3", "Not served here", "no request that is answered here"),
  requestUnderWay: request(
    451,
    "4.5.0",
    "The first request of this key is under way",
    "a request with the same Idempotency-Key is being handled",
  ),
  // As RFC 3207 §4 answers a client that did not begin TLS: nothing gets better by waiting.
  httpsRequired: tls(
    530,
    "5.7.0",
    "HTTPS is required to send mail",
    "HTTP without TLS from another machine, and allowPlainHttp is off",
    closes,
  ),

  timedOut: entries("time", "SessionTimedOut")(
    421,
    "4.4.1",
    "Connection timed out",
    "the client was idle, or connected, for too long",
    closes,
  ),
  messageTimedOut: entries("time", "MessageTimedOut")(
    421,
    "4.4.1",
    "Connection timed out",
    "the client fell silent in the middle of a message",
    closes,
  ),
  insufficientResources: entries("resources", "MessageRefusedByBackPressure")(
    452,
    "4.3.1",
    "Insufficient system resources",
    "a resource runs short",
  ),
  diskFull: entries("fault", "RefusedByFault")(
    452,
    "4.3.1",
    "Insufficient system resources",
    "there was no room to keep the message",
  ),
  localError: entries("fault", "RefusedByFault")(
    451,
    "4.3.0",
    "Local error, the message was not kept; try again later",
    "the message could not be written to disk",
  ),
  databaseAway: entries("fault", "RefusedByFault")(
    451,
    "4.3.2",
    "Service not available: the database that keeps the mail does not answer; try again later",
    "the database of all nodes does not answer, so that nothing can be kept",
  ),
  databaseAwayAtDoor: entries("fault", "RefusedByFault")(
    421,
    "4.3.2",
    "Service not available: the database that keeps the mail does not answer; try another server, or later",
    "the database of all nodes does not answer, so that nothing can be kept and no limit be counted",
    closes,
  ),
  fault: entries("fault", "RefusedByFault")(
    421,
    "4.3.0",
    "Local error, closing transmission channel; try again later",
    "a fault in the relay, told in event 20004",
    closes,
  ),
  serviceSuspended: entries("service", "RefusedWhileSuspended")(
    421,
    "4.3.2",
    "Service not active",
    "an administrator suspended the service, or this node: no new mail is taken (Resume-Service or Resume-Node ends that)",
    closes,
  ),
  shuttingDown: entries("service", "RefusedByStop")(
    421,
    "4.3.2",
    "Service not active: shutting down, try again later",
    "the relay was told to stop",
    closes,
  ),
} as const satisfies Readonly<Record<string, RefusalDefinition>>;

/** Refusals that no reply can tell of. */
export const silentRefusals = {
  proxyHeaderInvalid: silent(
    "connector",
    "ProxyHeaderRefused",
    "the load balancer's connection did not begin with a PROXY header",
  ),
  tlsVersionTooOld: silent(
    "tls",
    "TlsHandshakeFailed",
    "the client speaks no TLS as new as tlsMinVersion asks",
  ),
  tlsNoCommonCipher: silent("tls", "TlsHandshakeFailed", "client and relay have no cipher in common"),
  tlsCertificateRefused: silent("tls", "TlsHandshakeFailed", "the client did not accept the certificate"),
  tlsHandshakeFailed: silent("tls", "TlsHandshakeFailed", "the handshake failed"),
} as const satisfies Readonly<Record<string, RefusalDefinition>>;

export const refusalCatalogue = { ...spokenRefusals, ...silentRefusals } as const;

export type SpokenKind = keyof typeof spokenRefusals;
export type SilentKind = keyof typeof silentRefusals;
export type RefusalKind = SpokenKind | SilentKind;

export function isRefusalKind(name: unknown): name is RefusalKind {
  return typeof name === "string" && Object.hasOwn(refusalCatalogue, name);
}
