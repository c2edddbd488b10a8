/** The settings of a Receive connector as a file may give them. Source: Set-ReceiveConnector, New-ReceiveConnector. */
import { mostConnectionsPerSource } from "../core/policy/connection-limits.ts";
import { z } from "zod";
import { parseEndpoint } from "../core/units/endpoint.ts";
import { profileNames } from "../core/policy/receive-profiles.ts";
import { parseIpRange } from "../core/units/ip-range.ts";
import { reportableLimits } from "../core/policy/reportable-limits.ts";
import { tlsVersions } from "../core/policy/receive-connector.ts";
import { parseDate } from "./oauth-schema.ts";
import {
  choice,
  domain,
  duration,
  filePath,
  flag,
  hostName,
  integer,
  kinds,
  line,
  listOf,
  name,
  notASection,
  oneOrMore,
  optionalSetting,
  parsedText,
  percentage,
  requiredSetting,
  setting,
  size,
} from "./value-type.ts";

const most = 2_147_483_647;
const minute = 60_000;
const day = 86_400_000;
const second = 1000;

export const usages = ["custom", "client", "internal", "internet", "partner", "default"] as const;
export type Usage = (typeof usages)[number];

const bindings = listOf(parsedText({ kind: "address:port" }, parseEndpoint), {
  kind: "list of address:port",
});

const remoteIpRanges = listOf(parsedText({ kind: "IP range" }, parseIpRange), {
  kind: "list of IP ranges",
}).min(1, { error: "is empty; give at least one address or range" });

const authMechanisms = choice([
  "None",
  "Tls",
  "BasicAuth",
  "BasicAuthRequireTLS",
  "OAuth",
  "ClientCertificate",
  "ExternalAuthoritative",
]);
const permissionGroups = choice([
  "None",
  "AnonymousUsers",
  "ExchangeUsers",
  "ExchangeServers",
  "ExchangeLegacyServers",
  "Partners",
]);

const banner = line(500)
  .refine((text) => /^[\x20-\x7e]*$/.test(text), { error: "contains characters outside ASCII" })
  .transform((text) => text.replace(/^220 ?/, ""))
  .register(kinds, { kind: "text", range: "up to 500 ASCII characters" });

/** Limits that can be looked at without being enforced as well (reportOnly, candidate). */
const limits = {
  maxInboundConnection: integer({ min: 1, max: most, unlimited: true }),
  maxInboundConnectionPerSource: integer({ min: 1, max: mostConnectionsPerSource, unlimited: true }),
  maxInboundConnectionPercentagePerSource: percentage({ min: 1, max: 100 }),
  messageRateLimit: integer({ min: 1, max: most, unlimited: true }),
  maxProtocolErrors: integer({ min: 0, max: most, unlimited: true }),
  maxMessageSize: size({ min: 65_536, max: most }),
  maxHeaderSize: size({ min: 1, max: most }),
  maxRecipientsPerMessage: integer({ min: 1, max: 512_000 }),
  maxHopCount: integer({ min: 1, max: 500 }),
} as const satisfies Record<(typeof reportableLimits)[number], z.ZodType>;

const lookedAt = <Limit extends z.ZodType>(limit: Limit) =>
  limit.optional().describe("The value that is looked at.");

const candidate = z
  .strictObject(
    {
      maxInboundConnection: lookedAt(limits.maxInboundConnection),
      maxInboundConnectionPerSource: lookedAt(limits.maxInboundConnectionPerSource),
      maxInboundConnectionPercentagePerSource: lookedAt(limits.maxInboundConnectionPercentagePerSource),
      messageRateLimit: lookedAt(limits.messageRateLimit),
      maxProtocolErrors: lookedAt(limits.maxProtocolErrors),
      maxMessageSize: lookedAt(limits.maxMessageSize),
      maxHeaderSize: lookedAt(limits.maxHeaderSize),
      maxRecipientsPerMessage: lookedAt(limits.maxRecipientsPerMessage),
      maxHopCount: lookedAt(limits.maxHopCount),
    },
    { error: notASection },
  )
  .register(kinds, { kind: "limits" });

export const receiveConnectorSchema = z.strictObject(
  {
    name: requiredSetting(name(64), "Its name, unique among receive connectors."),
    usage: optionalSetting(
      choice(usages),
      "`default` for a connector named `Default …`, else `custom`",
      "What it is for. Presets permissionGroups, authMechanism, bindings and remoteIpRanges; `default` also the higher limits of Exchange's Default connector. Whatever is given beside it wins.",
    ),
    profile: optionalSetting(
      choice(profileNames),
      "none",
      "Tolerances as a bundle of settings: what the standards have and no more, what applications do wrong, printers and scanners, or devices that know TLS 1.0 only. Whatever is given beside it wins.",
    ),
    enabled: setting(flag(), true, "False: does not listen."),
    comment: setting(line(), "", "For people."),
    bindings: requiredSetting(
      bindings,
      "Local addresses and ports it listens on; `0.0.0.0` and `[::]` are all addresses, port 0 is any free one.",
    ),
    implicitTlsBindings: optionalSetting(
      listOf(parsedText({ kind: "address:port" }, parseEndpoint), { kind: "list of address:port" }),
      "those of bindings on port 465, where authMechanism has Tls",
      "Those of bindings where TLS begins with the first octet (SMTPS, “SSL”), not by STARTTLS.",
    ),
    httpBindings: setting(
      listOf(parsedText({ kind: "address:port" }, parseEndpoint), { kind: "list of address:port" }),
      [],
      "Local addresses and ports where mail is handed in by HTTPS (docs/http-submission.md), with the limits and rights of this connector. Without TLS from this machine alone, unless allowPlainHttp. With them bindings may be empty.",
    ),
    allowPlainHttp: setting(
      flag(),
      false,
      "httpBindings take HTTP without TLS from other machines too: keys, passwords and mail can be read on the way.",
    ),
    remoteIpRanges: requiredSetting(
      remoteIpRanges,
      "Client addresses it serves: one address, `a-b`, CIDR or netmask. Among connectors with the same binding the smallest range that holds the client wins.",
    ),
    fqdn: optionalSetting(
      hostName(),
      "the relay's hostname",
      "Name in banner, EHLO reply, Received header and TLS.",
    ),
    banner: optionalSetting(
      banner,
      "`<fqdn> Weir ESMTP MAIL Service ready at <date>`",
      "The greeting behind `220 `.",
    ),
    authMechanism: setting(
      listOf(authMechanisms, {
        kind: "list",
        range: "None, Tls, BasicAuth, BasicAuthRequireTLS, OAuth, ClientCertificate, ExternalAuthoritative",
      }),
      ["Tls"],
      "Offered ways of authentication; Tls offers STARTTLS. OAuth: XOAUTH2 and OAUTHBEARER with tokens of tokenIssuers, under TLS. ClientCertificate: AUTH EXTERNAL, needs tlsClientCaFile. ExternalAuthoritative (Externally Secured) trusts every client in remoteIpRanges and lets it relay.",
    ),
    permissionGroups: setting(
      listOf(permissionGroups, {
        kind: "list",
        range: "None, AnonymousUsers, ExchangeUsers, ExchangeServers, ExchangeLegacyServers, Partners",
      }),
      ["None"],
      "Who may submit. AnonymousUsers: anybody, to acceptedDomains; ExchangeUsers: logged-on users, to anywhere.",
    ),
    anonymousRelay: setting(
      flag(),
      false,
      "Anonymous clients may send to any recipient, not only to acceptedDomains (Exchange: the right ms-Exch-SMTP-Accept-Any-Recipient). remoteIpRanges is then the only gate.",
    ),
    requireTls: setting(flag(), false, "No mail before STARTTLS. Needs Tls in authMechanism."),
    requireEhloDomain: setting(
      flag(),
      false,
      "The client must name a domain in EHLO, else the connection is closed.",
    ),
    requireHello: setting(
      flag(),
      true,
      "The client must say EHLO or HELO before MAIL; false takes its mail without.",
    ),
    tlsCertificateFile: optionalSetting(
      oneOrMore(filePath(), { kind: "list of paths" }),
      "a self-signed certificate",
      "PEM file with the certificate chain; several, in the order of preference, for other names (SNI) and for RSA beside ECDSA. Read again when it changes.",
    ),
    tlsKeyFile: optionalSetting(
      oneOrMore(filePath(), { kind: "list of paths" }),
      "none",
      "PEM file with the private key of tlsCertificateFile; as many as there.",
    ),
    tlsMinVersion: setting(
      choice(tlsVersions),
      "TLSv1.2",
      "The oldest TLS a client may speak. Below TLSv1.2 (RFC 8996) only for devices that know no better: what they send can be read and changed on the way.",
    ),
    tlsClientCaFile: optionalSetting(
      filePath(),
      "none: no client is asked for a certificate",
      "PEM file of who may issue certificates of clients, for ClientCertificate in authMechanism.",
    ),
    tlsCipherString: optionalSetting(
      line(500),
      "Node.js's own; below TLSv1.2 with `@SECLEVEL=0`, which OpenSSL needs for it",
      "Ciphers, as OpenSSL writes them, such as `DEFAULT@SECLEVEL=0`. TLS 1.3 has its own.",
    ),
    maxInboundConnection: setting(
      limits.maxInboundConnection,
      5000,
      "Most open connections of this connector.",
    ),
    maxInboundConnectionPerSource: setting(
      limits.maxInboundConnectionPerSource,
      20,
      "Most open connections from one client address.",
    ),
    maxInboundConnectionPercentagePerSource: setting(
      limits.maxInboundConnectionPercentagePerSource,
      2,
      "Most open connections from one client address, in percent of those that other clients leave free on the connector.",
    ),
    messageRateLimit: setting(
      limits.messageRateLimit,
      "unlimited",
      "Most messages per minute from one source.",
    ),
    messageRateSource: setting(
      choice(["None", "IPAddress", "User", "All"]),
      "IPAddress",
      "What messageRateLimit counts by: client address, user, both, or nothing.",
    ),
    connectionTimeout: setting(
      duration({ min: second, max: day }),
      "10m",
      "Longest life of a connection, busy or not.",
    ),
    connectionInactivityTimeout: setting(
      duration({ min: second, max: day }),
      "5m",
      "Longest silence of a client. Must be less than connectionTimeout.",
    ),
    maxProtocolErrors: setting(
      limits.maxProtocolErrors,
      5,
      "Protocol errors after which the connection is closed.",
    ),
    maxLogonFailures: setting(
      integer({ min: 0, max: 10 }),
      3,
      "Failed logons after which it is closed; 0 is never.",
    ),
    tarpitInterval: setting(
      duration({ min: 0, max: 10 * minute }),
      "5s",
      "Delay of refusals to clients that are not logged on; 0 is none.",
    ),
    authTarpitInterval: setting(
      duration({ min: 0, max: 10 * minute }),
      "5s",
      "Delay of the reply to a failed logon.",
    ),
    discreditInterval: setting(
      duration({ min: 0, max: 60 * minute }),
      "1m",
      "How long an address that hung up while a refusal was held back waits tarpitInterval for each of its replies on this connector; its first message that is taken ends it. 0 is never.",
    ),
    maxAcknowledgementDelay: setting(
      duration({ min: 0, max: 10 * minute }),
      "0s",
      "How long the 250 waits for delivery to the next hop; 0 acknowledges as soon as the message is safe on disk (Exchange 2010: 30 s).",
    ),
    duplicateWindow: setting(
      duration({ min: 0, max: 7 * 24 * 60 * minute }),
      "0s",
      "How long a copy of a message (its Message-ID, envelope and content) is answered as the first one was and not taken again, for clients that lost a 250; 0 takes it twice.",
    ),
    maxMessageSize: setting(limits.maxMessageSize, "36MB", "Largest message."),
    maxHeaderSize: setting(limits.maxHeaderSize, "256KB", "Largest message header."),
    maxRecipientsPerMessage: setting(limits.maxRecipientsPerMessage, 200, "Most recipients of one message."),
    maxHopCount: setting(limits.maxHopCount, 60, "Most Received fields; more is taken for a loop."),
    protocolLoggingLevel: setting(
      choice(["None", "Verbose"]),
      "None",
      "Verbose: the SMTP dialogue is logged.",
    ),
    sizeEnabled: setting(
      choice(["Enabled", "Disabled", "EnabledwithoutValue"]),
      "Enabled",
      "SIZE in the EHLO reply (RFC 1870): with the limit, not at all, or without it.",
    ),
    legacyAuthLineEnabled: setting(
      flag(),
      false,
      "AUTH= beside AUTH in the EHLO reply, for clients from before RFC 2554 that log on by it only.",
    ),
    pipeliningEnabled: setting(flag(), true, "PIPELINING (RFC 2920)."),
    chunkingEnabled: setting(flag(), true, "CHUNKING: BDAT (RFC 3030)."),
    binaryMimeEnabled: optionalSetting(
      flag(),
      "as chunkingEnabled",
      "BINARYMIME (RFC 3030). Needs chunkingEnabled.",
    ),
    eightBitMimeEnabled: setting(flag(), true, "8BITMIME (RFC 6152)."),
    deliveryStatusNotificationEnabled: setting(flag(), true, "DSN (RFC 3461)."),
    enhancedStatusCodesEnabled: setting(flag(), true, "ENHANCEDSTATUSCODES (RFC 2034)."),
    smtpUtf8Enabled: setting(flag(), true, "SMTPUTF8 (RFC 6531)."),
    requireTlsExtensionEnabled: setting(
      flag(),
      true,
      "REQUIRETLS (RFC 8689), offered within TLS: a client may ask that a message goes on only where it is protected all the way. Not to be confused with requireTls.",
    ),
    bareLinefeedRejectionEnabled: setting(
      flag(),
      false,
      "Refuse messages with an LF that has no CR before it; false turns it into CRLF.",
    ),
    bareCarriageReturnRejectionEnabled: setting(
      flag(),
      true,
      "Refuse messages with a CR that has no LF behind it; false turns it into CRLF.",
    ),
    nulRemovalEnabled: setting(
      flag(),
      false,
      "Take NUL octets out of content; false refuses messages that hold one.",
    ),
    rejectReservedTopLevelRecipientDomains: setting(
      flag(),
      false,
      "Refuse recipients in .test, .example, .invalid and .localhost.",
    ),
    rejectReservedSecondLevelRecipientDomains: setting(
      flag(),
      false,
      "Refuse recipients in example.com, example.net and example.org.",
    ),
    rejectSingleLabelRecipientDomains: setting(flag(), false, "Refuse recipients such as user@contoso."),
    defaultDomain: optionalSetting(
      domain(),
      "none",
      "Domain that completes an address without one: MAIL FROM:<root>, RCPT TO:<bob>; without it only Postmaster is taken so. Also the domain of Message-IDs that are added here, else the connector's fqdn.",
    ),
    strictAddresses: setting(
      flag(),
      false,
      "Take only addresses as RFC 5321 has them: in angle brackets without blanks, no local part over 64 octets, no dots at odd places.",
    ),
    limitAction: setting(
      choice(["refuse", "delay"]),
      "refuse",
      "At a connection or message rate limit: refuse at once as Exchange does, or let the client wait up to limitDelay for a place.",
    ),
    limitDelay: setting(
      duration({ min: second, max: 10 * minute }),
      "30s",
      "How long limitAction delay lets a client wait before it is refused after all.",
    ),
    reportOnly: setting(
      listOf(choice(reportableLimits), { kind: "list", range: reportableLimits.join(", ") }),
      [],
      "Limits that refuse nobody and are looked at: what they would have refused is counted and told (docs/know-before-you-change.md). With maxInboundConnection its percentage refuses nobody either. A ceiling still holds: headers 4 MB, 50,000 recipients, 500 hops, messages 2 GB.",
    ),
    candidate: optionalSetting(
      candidate,
      "none",
      "Other values of limits, looked at beside those that are enforced: what each would have refused, were it enforced in place of that one. A limit of reportOnly has none.",
    ),
    learnUntil: optionalSetting(
      parsedText({ kind: "date" }, parseDate),
      "no end is set",
      "Until when it is learned what its limits should be (New-ReceiveConnector -Learn), such as `2026-12-06T10:00:00Z`. It is told then; reportOnly stays as it is until somebody changes it.",
    ),
    explainRefusals: optionalSetting(
      flag(),
      "for private client addresses only",
      "Replies to refusals name the connector, the limit and its value.",
    ),
    capture: setting(
      flag(),
      false,
      "For developers and tests: answers as any connector, and what it takes goes into the capture box, never out of this relay. `refuse-550@…`, `refuse-data-554@…`, `slow-10s@…` and `greylist-30s@…` are answered as they ask.",
    ),
    addMissingMessageId: setting(flag(), false, "Add a Message-ID where there is none."),
    addMissingDate: setting(flag(), false, "Add a Date where there is none."),
  },
  { error: notASection },
);

export type GivenReceiveConnector = z.output<typeof receiveConnectorSchema>;
