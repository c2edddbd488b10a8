/** The settings of a Send connector as a file may give them. Source: Set-SendConnector, New-SendConnector. */
import { z } from "zod";
import { ipPreferences } from "../core/policy/ip-preference.ts";
import { parseCustomFailure } from "../core/policy/custom-failure.ts";
import { mtaStsSettings, requireTlsPolicies } from "../core/policy/send-connector.ts";
import { presetNames } from "../core/policy/send-presets.ts";
import { parseAddressSpace } from "./address-space.ts";
import { errorPoliciesSchema } from "./error-policies.ts";
import { oauthSchema, parseGraphRoot } from "./oauth-schema.ts";
import { senderMailboxesSchema } from "./sender-mailboxes.ts";
import { parseSenderSpace } from "./sender-space.ts";
import { parseSmartHost, parseSourceAddress } from "./smart-host.ts";
import {
  choice,
  domain,
  duration,
  filePath,
  flag,
  hostName,
  integer,
  line,
  listOf,
  name,
  notASection,
  optionalSetting,
  parsedText,
  requiredSetting,
  setting,
  size,
} from "./value-type.ts";

const most = 2_147_483_647;
/** Longer than a restart of the next hop takes, and long before anybody is told of a delay. */
export const defaultFallbackAfterMs = 15 * 60_000;

export const credentialSchema = z.strictObject(
  {
    userName: requiredSetting(name(256), "Account at the smart host."),
    password: optionalSetting(
      line(1024),
      "none",
      "Its password, in clear; passwordFile and passwordEnv keep it out of this file.",
    ),
    passwordFile: optionalSetting(
      filePath(),
      "none",
      "File whose first line is the password; `credential:NAME` for one of systemd. Read again when it changes.",
    ),
    passwordEnv: optionalSetting(name(256), "none", "Environment variable that holds the password."),
  },
  { error: notASection },
);

export const sendConnectorSchema = z.strictObject(
  {
    name: requiredSetting(name(64), "Its name, unique among send connectors."),
    enabled: setting(flag(), true, "False: takes no mail."),
    comment: setting(line(), "", "For people."),
    addressSpaces: requiredSetting(
      listOf(parsedText({ kind: "address space" }, parseAddressSpace), {
        kind: "list of address spaces",
      }).min(1, {
        error: 'is empty; give at least one address space, such as "*"',
      }),
      'Recipient domains it serves: `"*"`, `contoso.com` (that domain only), `"*.contoso.com"` (with subdomains), each with `;cost` behind it (1 to 100, lower wins). The most specific one wins, then the cost, then who has senderSpaces, receiveConnectors or applications, then the name.',
    ),
    senderSpaces: setting(
      listOf(parsedText({ kind: "sender" }, parseSenderSpace), { kind: "list of senders" }),
      [],
      'Senders that may use it: `invoices@contoso.com`, `contoso.com` (that domain only), `"*.contoso.com"` (with subdomains), `"*"` (any but the null reverse-path), `<>` (the null reverse-path: reports). Empty: all. Mail of others goes by the next connector that matches.',
    ),
    receiveConnectors: setting(
      listOf(name(64), { kind: "list of names" }),
      [],
      "Receive connectors whose mail may use it. Empty: all. Reports made here came in through none.",
    ),
    applications: setting(
      listOf(name(64), { kind: "list of names" }),
      [],
      "Applications whose mail may use it; what was one's when it came in stays so. Empty: all. Reports made here are none's.",
    ),
    fallbackConnector: optionalSetting(
      name(64),
      "none: mail waits",
      "The send connector that takes over what this one got rid of none of for fallbackAfter, whatever its address spaces; at once where recipients of a day are used up. What it may not carry (size, null reverse-path, restrictions) waits.",
    ),
    fallbackAfter: optionalSetting(
      duration({ min: 0, max: 86_400_000 }),
      "15m with fallbackConnector",
      "How long nothing can have been handed over before fallbackConnector takes over.",
    ),
    fallbackMayWeakenTls: setting(
      flag(),
      false,
      "True: fallbackConnector takes over mail, too, that has less sure TLS there: mail for domains with DANE or MTA-STS, mail with REQUIRETLS, all mail where this connector's settings demand more of TLS. Else such mail waits.",
    ),
    preset: optionalSetting(
      choice(presetNames),
      "none",
      "A provider: stands in for the settings that are not given here, and knows what its replies mean.",
    ),
    maxMessageSize: setting(
      size({ min: 0, max: most, unlimited: true }),
      "35MB",
      "Largest message it takes; unlimited unless given where dropDirectory is.",
    ),
    graphRoot: optionalSetting(
      parsedText({ kind: "URL" }, parseGraphRoot),
      "with preset graph the cloud's, such as https://graph.microsoft.com",
      "Microsoft Graph; for tests and clouds of their own.",
    ),
    overflowConnector: optionalSetting(
      name(64),
      "none",
      "With preset graph: the send connector for what Graph does not carry, messages above maxMessageSize and reports (null reverse-path), whatever its address spaces. Without one the next connector that matches has them.",
    ),
    smartHosts: optionalSetting(
      listOf(parsedText({ kind: "host:port" }, parseSmartHost), { kind: "list of hosts" }).min(1, {
        error: "is empty; give at least one host",
      }),
      "the preset's, or none: give this, dnsRoutingEnabled or dropDirectory",
      "Next hops: `[192.0.2.1]:25`, `smtp.example:587`, `[2001:db8::1]`. All are tried before the queue waits.",
    ),
    dnsRoutingEnabled: setting(
      flag(),
      false,
      "True: mail goes to the mail exchangers (MX records) of each recipient domain, with a queue for each; without smartHosts.",
    ),
    dropDirectory: optionalSetting(
      filePath(),
      "none: give this, smartHosts or dnsRoutingEnabled",
      "Writes each message as an .eml file there instead of sending it; relative to dataDirectory.",
    ),
    port: setting(
      integer({ min: 1, max: 65_535 }),
      25,
      "Port of smart hosts that name none, and of mail exchangers, which on the Internet listen on 25.",
    ),
    fqdn: optionalSetting(hostName(), "the relay's hostname", "Name given in EHLO."),
    requireTls: setting(flag(), false, "No mail without STARTTLS."),
    ignoreStartTls: setting(
      flag(),
      false,
      "STARTTLS is not used though offered. Not together with requireTls.",
    ),
    tlsAuthLevel: setting(
      choice(["EncryptionOnly", "CertificateValidation", "DomainValidation"]),
      "EncryptionOnly",
      "What must be true of the next hop's certificate. Needs requireTls; DomainValidation needs tlsDomain.",
    ),
    tlsDomain: optionalSetting(domain(), "none", "Name the certificate must carry under DomainValidation."),
    implicitTls: optionalSetting(
      flag(),
      "true where every smart host is at port 465",
      "TLS from the first octet on, without STARTTLS (RFC 8314).",
    ),
    daneEnabled: optionalSetting(
      flag(),
      "true with dnsRoutingEnabled, else false",
      "True: TLSA records (DANE, RFC 7672) of next hops are asked for and kept to: where there are some, mail goes within TLS to a host that they fit, or waits. Needs name servers that check signatures (DNSSEC).",
    ),
    requireTlsPolicy: optionalSetting(
      choice(requireTlsPolicies),
      "enforce with dnsRoutingEnabled, else opportunisticStartTls",
      "What becomes of messages that ask for REQUIRETLS (RFC 8689). enforce: only to hosts that offer it and show who they are, else they are returned (5.7.30); opportunisticStartTls: within TLS; opportunistic: as others. It is passed on to each next hop that offers it.",
    ),
    tlsCertificateFile: optionalSetting(
      filePath(),
      "none",
      "PEM file with the certificate chain that is shown to a next hop that asks for one.",
    ),
    tlsKeyFile: optionalSetting(filePath(), "none", "PEM file with the private key of tlsCertificateFile."),
    tlsCaFile: optionalSetting(
      filePath(),
      "the system's trusted roots",
      "PEM file with the certificates that issuers of the next hop's certificate are trusted by, in their place.",
    ),
    sourceIpAddress: optionalSetting(
      parsedText({ kind: "IP address" }, parseSourceAddress),
      "the system's choice",
      "Local address of connections; next hops are reached by addresses of its family only.",
    ),
    ipPreference: setting(
      choice(ipPreferences),
      "Automatic",
      "Of a next hop that has addresses of both families, those that are tried first, or the only ones that are. Automatic: IPv6 first where this machine has a public IPv6 address.",
    ),
    smartHostAuthMechanism: setting(
      choice(["None", "BasicAuth", "BasicAuthRequireTLS", "XOAUTH2", "OAUTHBEARER"]),
      "None",
      "How to log on to the smart host. BasicAuth (AUTH PLAIN or LOGIN) needs authenticationCredential, XOAUTH2 and OAUTHBEARER need oauth and TLS.",
    ),
    authenticationCredential: optionalSetting(
      credentialSchema,
      "none",
      "userName and one of password, passwordFile, passwordEnv.",
    ),
    oauth: optionalSetting(
      oauthSchema,
      "none",
      "Where the tokens of XOAUTH2, OAUTHBEARER and preset graph come from.",
    ),
    senderMailboxes: setting(
      senderMailboxesSchema,
      {},
      "XOAUTH2 and OAUTHBEARER: the mailbox to log on as, by sender address, `*@contoso.com`, `*` or `<>` (reports); without an entry the sender is the mailbox. With preset graph the address in From is looked up first.",
    ),
    connectionInactivityTimeOut: setting(
      duration({ min: 1000, max: 86_400_000 }),
      "10m",
      "How long an idle connection is kept.",
    ),
    smtpMaxMessagesPerConnection: setting(
      integer({ min: 1, max: most, unlimited: true }),
      20,
      "Messages after which a connection is closed.",
    ),
    maxConcurrentConnections: setting(
      integer({ min: 1, max: most, unlimited: true }),
      20,
      "Most connections to this connector's next hop at once (Exchange: MaxPerDomainOutboundConnections), of several nodes together, not with dnsRoutingEnabled; with XOAUTH2 and OAUTHBEARER for each mailbox. With preset graph: requests at once for each mailbox, 4 at most.",
    ),
    maxPerDomainOutboundConnections: setting(
      integer({ min: 1, max: most, unlimited: true }),
      20,
      "With dnsRoutingEnabled: most connections at once to one site, of several nodes together. Domains that have the same mail exchangers are one site.",
    ),
    mtaSts: setting(
      choice(mtaStsSettings),
      "enforce",
      "With dnsRoutingEnabled: how far MTA-STS policies of recipient domains are kept to (RFC 8461). enforce: mail goes to the hosts that a policy in mode enforce names, within TLS and with a trusted certificate, or waits; testing: what would fail is counted only; none: no policies are asked for. Issuers in tlsCaFile are trusted for the hosts that serve policies, too.",
    ),
    siteMessageRateLimit: setting(
      integer({ min: 1, max: most, unlimited: true }),
      "unlimited",
      "With dnsRoutingEnabled: messages a minute to one site; what waits for its turn has no attempt counted.",
    ),
    mxAddressLimit: setting(
      integer({ min: 1, max: most, unlimited: true }),
      10,
      "With dnsRoutingEnabled: most addresses of a domain's mail hosts that are tried for one connection (Postfix: smtp_mx_address_limit). The first half goes by preference, the others to those that were not tried for longest.",
    ),
    mxSessionLimit: setting(
      integer({ min: 1, max: most, unlimited: true }),
      5,
      "With dnsRoutingEnabled: most mail hosts' addresses that are asked in one attempt to take a message that others put off by 4xx (Postfix: smtp_mx_session_limit).",
    ),
    mxAllowPrivateHosts: setting(
      flag(),
      false,
      "With dnsRoutingEnabled: mail hosts may have private, loopback and link-local addresses. Whoever owns a recipient domain chooses these hosts; for connectors to domains of your own network.",
    ),
    maxRecipientsPerTransaction: setting(
      integer({ min: 1, max: most, unlimited: true }),
      100,
      "Most recipients given to the next hop at once; a message with more goes in several transactions. Every server takes 100 (RFC 5321); fewer are learned from LIMITS (RFC 9422) and from refusals.",
    ),
    messageRateLimit: setting(
      integer({ min: 1, max: most, unlimited: true }),
      "unlimited",
      "Messages a minute over this connector. They leave evenly, a few at once after a pause; what waits for its turn has no attempt counted.",
    ),
    recipientRateLimit: setting(
      integer({ min: 1, max: most, unlimited: true }),
      "unlimited",
      "Recipients in any 24 hours over this connector, counted over restarts; mail beyond waits until some are free again.",
    ),
    mailboxMessageRateLimit: setting(
      integer({ min: 1, max: most, unlimited: true }),
      "unlimited",
      "messageRateLimit for each mailbox: the one that is logged on as, else the sender. Connectors that log on as the same mailbox share it.",
    ),
    mailboxRecipientRateLimit: setting(
      integer({ min: 1, max: most, unlimited: true }),
      "unlimited",
      "recipientRateLimit for each mailbox; Get-SendBudget shows what is left.",
    ),
    forceHelo: setting(flag(), false, "Greets with HELO, so that no extension is used."),
    chunkingEnabled: setting(flag(), true, "Sends with BDAT where offered (RFC 3030)."),
    pipeliningEnabled: setting(flag(), true, "Sends commands ahead of replies where offered (RFC 2920)."),
    errorPolicies: setting(
      errorPoliciesSchema,
      "Default",
      "DowngradeAuthFailures: a 5xx about authentication is tried again instead of returned. DowngradeDnsFailures: with dnsRoutingEnabled mail for domains that DNS does not have is tried again, too; failures of DNS are anyway. DowngradeCustomFailures: a 5xx among customFailures is tried again; UpgradeCustomFailures: a 4xx among them is returned. RejectUnconvertible: 8-bit content that cannot be converted (signed parts, header) for a next hop without 8BITMIME fails instead of being sent as it is.",
    ),
    customFailures: setting(
      listOf(parsedText({ kind: "reply" }, parseCustomFailure), { kind: "list of replies" }),
      [],
      'Replies that errorPolicies treats otherwise than their class says, to MAIL, RCPT, DATA and the content: `"5.7.64"`, `"550"`, or `"550 5.7.1 *blocked*"` with words behind the codes, `*` for any others. They go before what the preset knows.',
    ),
    dkimSigning: setting(
      flag(),
      true,
      "Signs mail whose author's domain has a key under dkim. False where the next hop signs by itself, as Microsoft 365 does.",
    ),
    protocolLoggingLevel: setting(
      choice(["None", "Verbose"]),
      "None",
      "Verbose: the SMTP dialogue is logged.",
    ),
  },
  { error: notASection },
);

/** Settings that mean nothing where messages are written to a directory. */
export const sendingSettings = [
  "oauth",
  "senderMailboxes",
  "preset",
  "maxConcurrentConnections",
  "maxRecipientsPerTransaction",
  "messageRateLimit",
  "recipientRateLimit",
  "mailboxMessageRateLimit",
  "mailboxRecipientRateLimit",
] as const satisfies readonly SettingName[];

/** Settings of delivery by MX record alone. */
export const dnsOnlySettings = [
  "maxPerDomainOutboundConnections",
  "mtaSts",
  "siteMessageRateLimit",
  "mxAddressLimit",
  "mxSessionLimit",
  "mxAllowPrivateHosts",
] as const satisfies readonly SettingName[];

/** Settings that mean nothing where the recipients' domains choose the next hop. */
export const oneNextHopSettings = [
  "preset",
  "implicitTls",
  "authenticationCredential",
  "oauth",
  "senderMailboxes",
  "maxConcurrentConnections",
  "messageRateLimit",
  "recipientRateLimit",
  "mailboxMessageRateLimit",
  "mailboxRecipientRateLimit",
] as const satisfies readonly SettingName[];

/** Settings of Microsoft Graph's connectors alone. */
export const graphOnlySettings = ["graphRoot", "overflowConnector"] as const satisfies readonly SettingName[];

/** Settings that mean nothing where no SMTP is spoken. */
export const smtpOnlySettings = [
  "port",
  "fqdn",
  "requireTls",
  "ignoreStartTls",
  "tlsAuthLevel",
  "tlsDomain",
  "implicitTls",
  "daneEnabled",
  "requireTlsPolicy",
  "tlsCertificateFile",
  "tlsKeyFile",
  "tlsCaFile",
  "sourceIpAddress",
  "ipPreference",
  "smartHostAuthMechanism",
  "authenticationCredential",
  "connectionInactivityTimeOut",
  "smtpMaxMessagesPerConnection",
  "forceHelo",
  "chunkingEnabled",
  "pipeliningEnabled",
  "errorPolicies",
  "customFailures",
  "dkimSigning",
  "protocolLoggingLevel",
] as const satisfies readonly SettingName[];

type SettingName = keyof typeof sendConnectorSchema.shape;

export type GivenSendConnector = z.output<typeof sendConnectorSchema>;
