/** docs/limits.md, from the schema and the event catalogue. */
import { refusalsTable } from "./refusals.ts";
import { settingFacts, type SettingFact } from "../../src/config/setting-facts.ts";
import { spokenRefusals, type SpokenKind } from "../../src/core/refusals/catalogue.ts";
import { replyLine } from "../../src/core/smtp/reply.ts";
import { catalogue, type EventName } from "../../src/events/catalogue.ts";

interface Limit {
  readonly setting: string;
  readonly reply?: SpokenKind;
  readonly event?: EventName;
}

const limits: readonly Limit[] = [
  { setting: "maxInboundConnection", reply: "connectionLimit", event: "SmtpReceiveMaxConnectionReached" },
  {
    setting: "maxInboundConnectionPerSource",
    reply: "connectionLimitPerSource",
    event: "SmtpReceiveMaxConnectionPerSourceReached",
  },
  {
    setting: "maxInboundConnectionPercentagePerSource",
    reply: "connectionPercentagePerSource",
    event: "SmtpReceiveMaxConnectionPerSourceReached",
  },
  { setting: "messageRateLimit", reply: "messageRate", event: "SmtpReceiveMessageRateLimitExceeded" },
  { setting: "messageRateSource" },
  { setting: "maxRecipientsPerMessage", reply: "tooManyRecipients", event: "SessionLimitReached" },
  { setting: "maxProtocolErrors", reply: "tooManyErrors", event: "SessionLimitReached" },
  {
    setting: "maxLogonFailures",
    reply: "tooManyLogonFailures",
    event: "SmtpReceiveAuthenticationFailedTooManyErrors",
  },
  { setting: "connectionInactivityTimeout", reply: "timedOut", event: "SessionTimedOut" },
  { setting: "connectionTimeout", reply: "timedOut", event: "SessionTimedOut" },
  { setting: "maxMessageSize", reply: "messageTooLarge", event: "SmtpReceiveMessageRejected" },
  { setting: "maxHeaderSize", reply: "headerTooLarge", event: "SmtpReceiveMessageRejected" },
  { setting: "maxHopCount", reply: "hopCountExceeded", event: "SmtpReceiveMessageRejected" },
  { setting: "tarpitInterval" },
  { setting: "authTarpitInterval" },
  { setting: "discreditInterval", event: "SourceDiscredited" },
  { setting: "maxAcknowledgementDelay" },
  { setting: "limitAction", event: "ConnectionHeld" },
  { setting: "limitDelay" },
];
const serverLimits: readonly Limit[] = [
  { setting: "maxConnectionRatePerMinute", reply: "connectionRate", event: "ConnectionRateExceeded" },
  { setting: "ipv6SourcePrefixLength" },
  ...(
    [
      "backPressureDiskMedium",
      "backPressureDiskHigh",
      "backPressureMemoryMedium",
      "backPressureMemoryHigh",
      "backPressureQueueMedium",
      "backPressureQueueHigh",
      "backPressureLagMedium",
      "backPressureLagHigh",
    ] as const
  ).map((setting): Limit => ({
    setting,
    reply: "insufficientResources",
    event: "MessageRefusedByBackPressure",
  })),
];

/** What is let pass though the RFC forbids it. */
const tolerances: readonly (readonly [string, string, string, string])[] = [
  [
    "EHLO, HELO with any name: spaces, brackets, UTF-8, `(null)`",
    "RFC 5321 §4.1.1.1",
    "taken, quoted in the trace header; controls are refused",
    "—",
  ],
  [
    "the mark of UTF-8 (U+FEFF) in front of a command, or of content",
    "RFC 5321 §4.1.1",
    "ignored; taken out of the content",
    "—",
  ],
  ["EHLO, HELO without a name", "RFC 5321 §4.1.1.1", "the address stands in for it", "`requireEhloDomain`"],
  ["parameters, BDAT, AUTH behind HELO", "RFC 5321 §2.2.1", "taken", "—"],
  [
    "a path without brackets, a space behind the colon, blanks within the brackets, a display name in front, a semicolon behind",
    "RFC 5321 §4.1.2",
    "taken",
    "`strictAddresses`, but for the first two",
  ],
  [
    "local parts over 64 octets (up to 512), with dots at the ends or side by side",
    "RFC 5321 §4.1.2, §4.5.3.1.1",
    "taken as written",
    "`strictAddresses`",
  ],
  [
    "an address without a domain",
    "RFC 5321 §4.1.2",
    "completed by `defaultDomain`, refused without it",
    "`defaultDomain`",
  ],
  ["an underscore in a domain", "RFC 5321 §2.3.5", "taken", "—"],
  ["the same parameter twice", "RFC 5321 §4.1.1.11", "the last counts", "—"],
  ["`AUTH=` of MAIL in any form, where AUTH is offered", "RFC 4954 §5", "taken, grants nothing", "—"],
  ["base64 of AUTH without padding, blanks behind it", "RFC 4954 §4", "taken", "—"],
  [
    "words behind QUIT, RSET and NOOP; tabs for spaces; blanks and CRs at the end of a line",
    "RFC 5321 §4.1.1",
    "ignored",
    "—",
  ],
  [
    "a session in which EHLO, HELO or a bare NOOP, QUIT, RSET, HELP ends in LF alone before any line ends in CRLF",
    "RFC 5321 §2.3.8",
    "LF ends its command lines; the end of data stays CRLF.CRLF",
    "—",
  ],
  ["a bare LF in content", "RFC 5321 §2.3.8", "made CRLF; ends nothing", "`bareLinefeedRejectionEnabled`"],
  [
    "a bare CR in content",
    "RFC 5321 §2.3.8",
    "refused, or made CRLF",
    "`bareCarriageReturnRejectionEnabled`",
  ],
  ["CR CR LF in content", "RFC 5321 §2.3.8", "one line end", "refused where both of these are on"],
  ["NUL in content", "RFC 5321 §4.1.1.4", "refused, or taken out", "`nulRemovalEnabled`"],
  [
    "content without a header, or with a line in it that is no field",
    "RFC 5322 §2.2",
    "an empty line in front of that line",
    "—",
  ],
  ["a mailbox file's `From ` line in front", "RFC 5322 §2.2", "becomes `X-Mailbox-Line:`", "—"],
];

/** Where Weir knowingly does not do as Exchange does. */
const differences: readonly (readonly [string, string, string, string])[] = [
  [
    "maxAcknowledgementDelay",
    "30 s (2010)",
    "0",
    "it made applications crawl; a 250 here means on disk already",
  ],
  ["smtpUtf8Enabled", "reserved", "true", "RFC 6531 mail is ordinary mail by now"],
  ["maxHopCount", "30 documented, 60 shipped", "60", "the value that servers have"],
  [
    "maxConnectionRatePerMinute",
    "1200",
    "unlimited",
    "20 connections a second is what one busy application opens",
  ],
  ["explainRefusals", "—", "to private addresses", "the sender's own log holds the answer"],
  ["limitAction", "—", "refuse", "`delay` lets applications wait that cannot try again"],
  [
    "bareCarriageReturnRejectionEnabled",
    "—",
    "true",
    "a CR alone is never right, and made a CRLF it could end a header",
  ],
  [
    "maxInboundConnectionPercentagePerSource",
    "rounding unknown",
    "floor(percent × (total − those of others) / 100), at least 1",
    "what remains for a source is what others have not taken, so 100 % never refuses; with an unlimited total it does not apply",
  ],
  ["messageRateLimit", "window unknown", "a sliding minute, at MAIL", "nobody waits for a minute to begin"],
  ["IPv6 sources", "unknown", "a /64", "one host has a whole /64 (`ipv6SourcePrefixLength`)"],
  [
    "tarpit",
    "first error on",
    "each 5xx to anonymous clients",
    "a client that makes no errors is never slowed",
  ],
  [
    "discredited address",
    "told of 2007; for how long is not documented",
    "per connector, `discreditInterval` (1 m), until its first message is taken",
    "one aborted connection must not slow an application for an hour",
  ],
  [
    "back pressure: queue",
    "9999 to Medium, 15000 to High",
    "1,000,000 and 2,000,000",
    "the queue is on disk and meant to hold what a next hop does not take for days",
  ],
  [
    "back pressure: disk",
    "89 % to Medium on any disk",
    "on disks above 102 GB less than 11.3 GB free",
    "11 % of a large disk is plenty; on a small one High is at 95 %",
  ],
  [
    "back pressure: Medium",
    "disk and memory refuse at once",
    "a tarpit at MAIL first, for a minute (queue and event loop: ten)",
    "a short shortage costs nobody a refusal",
  ],
  [
    "back pressure: event loop",
    "—",
    "1 s and 5 s late",
    "Weir's own: a relay that is late answers nobody in time",
  ],
];

export function limitsReference(): string {
  const receive = new Map(settingFacts("receiveConnectors").map((fact) => [fact.name, fact]));
  const transport = new Map(settingFacts("transport").map((fact) => [fact.name, fact]));
  const table = (rows: readonly Limit[], facts: ReadonlyMap<string, SettingFact>): string =>
    [
      "| setting | range | new connector | Default connector | at the limit | event | what it limits |",
      "|---|---|---|---|---|---|---|",
      ...rows.map((limit) => row(limit, facts.get(limit.setting))),
    ].join("\n");
  return `# Limits

Written by \`npm run docs\` from the schema and the event catalogue.

Every limit has Exchange's name and meaning. A connector named \`Default …\`, or with \`usage: default\`, gets the Default
connector's values; every other one gets a new connector's, and that is what surprises people two months later.

## Of a receive connector

${table(limits, receive)}

## Of the whole relay (\`transport\`)

${table(serverLimits, transport)}

## See and change

\`\`\`sh
weir Get-LimitUsage AppRelay
weir explain 10.1.4.7
weir Set-ReceiveConnector AppRelay -MaxInboundConnectionPerSource 40
weir Set-ReceiveConnector AppRelay -MaxInboundConnectionPercentagePerSource 100
weir Set-TransportService -MaxConnectionRatePerMinute 6000
\`\`\`

A change is in force for the next connection; open sessions keep what they came in under. A limit always answers 4xx, so
that the client may try again, but for what Exchange refuses for good: a message or header that is too large (552 5.3.4), too
many hops (554 5.4.6). With \`explainRefusals\` every reply that refuses names connector, cause, value, source, event and a
reference. With \`limitAction: delay\` a client over a connection or rate
limit waits up to \`limitDelay\` instead: connections are held without a greeting, at most 1,000 for each connector and a
quarter of them for one source, and served in turn; messages are held at MAIL.

## Everything that is refused

Not limits alone. Whatever it is, it has an event at every level, folded by minute, and a count (\`weir Get-Refusal\`,
\`weir_refusals_total\`); \`weir explain ADDRESS\` has what helps ([decision 29](decisions/0029-one-answer-for-every-refusal.md)).

${refusalsTable()}

## What Weir takes that the RFC forbids

Applications and devices send it and peers take it (docs/decisions/0025). Nothing of it ends a message early or lets anybody
relay.

| what | by | what becomes of it | setting |
|---|---|---|---|
${tolerances.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}

## Where Weir differs from Exchange

| what | Exchange | Weir | why |
|---|---|---|---|
${differences.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}
`;
}

function row({ setting, reply, event }: Limit, fact: SettingFact | undefined): string {
  if (fact === undefined) throw new Error(`the schema has no setting ${setting}`);
  const cells = [
    `\`${setting}\``,
    fact.range ?? fact.kind,
    fact.default ?? "",
    fact.defaultConnectorDefault ?? fact.default ?? "",
    reply === undefined ? "" : `\`${replyLine(spokenRefusals[reply].reply)}\``,
    event === undefined ? "" : String(catalogue[event].id),
    fact.help,
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
