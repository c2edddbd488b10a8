/** What holds for the whole relay: retries, expiry, reports. Source: Set-TransportService, Set-TransportConfig. */
import { z } from "zod";
import { parseNameServer } from "../dns/name-server.ts";
import { type Parsed, parsed, quoted, unparsable } from "../core/units/parsed.ts";
import { formatAddress, parseAddress } from "../core/units/ip-range.ts";
import {
  duration,
  filePath,
  flag,
  fraction,
  hostName,
  integer,
  listOf,
  name,
  notASection,
  optionalSetting,
  parseDomain,
  parsedText,
  percentage,
  setting,
  size,
} from "./value-type.ts";

const second = 1000;
const hour = 3_600_000;
const day = 86_400_000;
const most = 2_147_483_647;

/** Source: Set-TransportService, ReceiveProtocolLogMaxAge and its siblings. */
function protocolLog<Direction extends "receive" | "send">(direction: Direction) {
  const of = `the protocol log of ${direction} connectors (protocolLoggingLevel Verbose)`;
  const age = setting(
    duration({ min: 0, max: 24_855 * day, unlimited: true }),
    "30d",
    `Older files of ${of} are removed.`,
  );
  const directorySize = setting(
    size({ min: 1024 * 1024, max: 9_007_199_254_740_991, unlimited: true }),
    "250MB",
    `The oldest files are removed when ${of} would grow beyond it.`,
  );
  const fileSize = setting(
    size({ min: 64 * 1024, max: 4_294_967_296 }),
    "10MB",
    `A file of ${of} that would grow beyond it is followed by the next.`,
  );
  return {
    [`${direction}ProtocolLogMaxAge`]: age,
    [`${direction}ProtocolLogMaxDirectorySize`]: directorySize,
    [`${direction}ProtocolLogMaxFileSize`]: fileSize,
  } as Record<`${Direction}ProtocolLogMaxAge`, typeof age> &
    Record<`${Direction}ProtocolLogMaxDirectorySize`, typeof directorySize> &
    Record<`${Direction}ProtocolLogMaxFileSize`, typeof fileSize>;
}

export const transportSchema = z.strictObject(
  {
    queueGlitchRetryCount: setting(
      integer({ min: 0, max: 15 }),
      4,
      "First retries of a queue whose next hop cannot be reached.",
    ),
    queueGlitchRetryInterval: setting(
      duration({ min: second, max: 12 * hour }),
      "1m",
      "Pause before each of them.",
    ),
    transientFailureRetryCount: setting(
      integer({ min: 0, max: 15 }),
      6,
      "Retries behind the glitch retries.",
    ),
    transientFailureRetryInterval: setting(
      duration({ min: second, max: 12 * hour }),
      "5m",
      "Pause before each of them.",
    ),
    outboundConnectionFailureRetryInterval: setting(
      duration({ min: second, max: 20 * day }),
      "10m",
      "Pause between all further retries of a queue.",
    ),
    messageRetryInterval: setting(
      duration({ min: second, max: day }),
      "15m",
      "Pause behind a 4xx that was said of one message or recipient.",
    ),
    delayNotificationTimeout: setting(
      duration({ min: second, max: 30 * day }),
      "4h",
      "Age at which the sender is told that a message is late.",
    ),
    messageExpirationTimeout: setting(
      duration({ min: 5 * second, max: 90 * day }),
      "2d",
      "Age at which a message is given up and returned.",
    ),
    maxOutboundConnections: setting(
      integer({ min: 1, max: most, unlimited: true }),
      1000,
      "Most outgoing connections of the whole relay, idle ones included; at the limit idle ones make room.",
    ),
    externalDnsServers: setting(
      listOf(parsedText({ kind: "address:port" }, parseDnsServer), { kind: "list of DNS servers" }),
      [],
      "DNS servers that are asked for mail exchangers and hosts, in this order: `9.9.9.9`, `127.0.0.1:5353`, `[2001:db8::53]:53`. None: those of the system.",
    ),
    tlsReportingEnabled: setting(
      flag(),
      false,
      "Sends TLS reports on the day before to recipient domains that ask for them (RFC 8460), by mail from externalPostmasterAddress or by HTTPS, in the first hours of the day, UTC.",
    ),
    mtaStsAllowPrivateHosts: setting(
      flag(),
      false,
      "True: hosts that serve MTA-STS policies or take TLS reports may have private addresses, or this machine's. Whoever owns a recipient domain chooses these hosts; for tests, and networks with a DNS of their own.",
    ),
    ownAddresses: setting(
      listOf(parsedText({ kind: "address or name" }, parseOwnAddress), {
        kind: "list of addresses and names",
      }),
      [],
      "Addresses and names by which others reach this relay and that it cannot know by itself, as behind NAT or a load balancer: `203.0.113.7`, `mx.contoso.com`. Mail for a domain whose best mail exchanger is one of them would come back, so it is returned (5.4.6).",
    ),
    externalDnsServersTrusted: setting(
      flag(),
      false,
      "True: what externalDnsServers say of signatures (DNSSEC) is believed, for the way to them is safe. Those on this machine are believed anyway. DANE needs name servers that are.",
    ),
    dnssecBogusName: optionalSetting(
      hostName(),
      "none",
      "A name whose signatures are wrong: name servers that answer for it do not check signatures, and DANE is off.",
    ),
    retryJitter: setting(
      fraction({ min: 0, max: 1 }),
      0.1,
      "Part of each pause by which it is spread to either side, so that retries do not come all at once.",
    ),
    maxConnectionRatePerMinute: setting(
      integer({ min: 1, max: most, unlimited: true }),
      "unlimited",
      "Most incoming connections per minute of the whole relay. Exchange: 1200, which an application that opens a connection for each message reaches at 20 messages a second.",
    ),
    ipv6SourcePrefixLength: setting(
      integer({ min: 32, max: 128 }),
      64,
      "How much of an IPv6 address makes one source for the limits: a single host has a whole /64.",
    ),
    externalPostmasterAddress: optionalSetting(
      parsedText({ kind: "mail address" }, parseMailAddress),
      "postmaster@ the relay's hostname",
      "From address of delivery reports.",
    ),
    dsnMaxMessageAttachSize: setting(
      size({ min: 0, max: most }),
      "10MB",
      "A larger message is returned in reports as its header only.",
    ),
    backPressureEnabled: setting(
      flag(),
      true,
      "False: mail is taken however short disk, memory or time get, until nothing works any more.",
    ),
    backPressureDiskMedium: optionalSetting(
      percentage({ min: 1, max: 100 }),
      "89; on disks above 102 GB so much that 11.3 GB stay free",
      "Used part of the data directory's disk from which clients that are not logged on are held back at MAIL, after a minute refused.",
    ),
    backPressureDiskHigh: optionalSetting(
      percentage({ min: 1, max: 100 }),
      "so much that 1152 MB stay free, but at least 95",
      "Used part from which every message is refused, until there is space.",
    ),
    backPressureMemoryMedium: setting(
      percentage({ min: 1, max: 100 }),
      72,
      "As backPressureDiskMedium, of the memory the relay itself uses.",
    ),
    backPressureMemoryHigh: setting(
      percentage({ min: 1, max: 100 }),
      75,
      "As backPressureDiskHigh, of the memory the relay itself uses.",
    ),
    backPressureQueueMedium: setting(
      integer({ min: 1, max: most, unlimited: true }),
      1_000_000,
      "Messages in the spool from which clients that are not logged on are held back at MAIL, after ten minutes refused. Exchange: 9999.",
    ),
    backPressureQueueHigh: setting(
      integer({ min: 1, max: most, unlimited: true }),
      2_000_000,
      "Messages in the spool from which every message is refused. Exchange: 15000.",
    ),
    backPressureLagMedium: setting(
      duration({ min: 10, max: 10 * 60 * second }),
      "1s",
      "As backPressureQueueMedium, by how late the relay's event loop is for ten seconds on end.",
    ),
    backPressureLagHigh: setting(
      duration({ min: 10, max: 10 * 60 * second }),
      "5s",
      "As backPressureQueueHigh, by how late it is.",
    ),
    messageTrackingLogEnabled: setting(
      flag(),
      true,
      "Writes down what became of each message, for Get-MessageTrackingLog and weir explain.",
    ),
    messageTrackingLogSubjectLoggingEnabled: setting(flag(), true, "False: the log tells no subjects."),
    messageTrackingLogMaxAge: setting(
      duration({ min: 0, max: 24_855 * day, unlimited: true }),
      "30d",
      "Older files of the log are removed.",
    ),
    messageTrackingLogMaxDirectorySize: setting(
      size({ min: 1024 * 1024, max: 9_007_199_254_740_991, unlimited: true }),
      "1000MB",
      "The oldest files are removed when the log would grow beyond it. A million messages take about 750 MB, and their indexes another 200 MB.",
    ),
    messageTrackingLogMaxFileSize: setting(
      size({ min: 64 * 1024, max: 4_294_967_296 }),
      "10MB",
      "A file that would grow beyond it is followed by the next.",
    ),
    trafficRecordEnabled: setting(
      flag(),
      true,
      "Remembers each connection and submission, for Test-ReceiveConnector: who came when, how many messages with how many recipients and octets, and what was refused. No addresses of people, nothing of content.",
    ),
    trafficRecordMaxAge: setting(
      duration({ min: 0, max: 24_855 * day, unlimited: true }),
      "35d",
      "Older files of the traffic record are removed.",
    ),
    trafficRecordMaxDirectorySize: setting(
      size({ min: 1024 * 1024, max: 9_007_199_254_740_991, unlimited: true }),
      "1GB",
      "The oldest files are removed when the traffic record would grow beyond it. A million connections of one message each take some 10 to 25 MB.",
    ),
    captureMaxMessages: setting(
      integer({ min: 1, max: 1_000_000 }),
      1000,
      "Most messages in the capture box (capture of receive connectors); the oldest go.",
    ),
    captureMaxDirectorySize: setting(
      size({ min: 1024 * 1024, max: 9_007_199_254_740_991, unlimited: true }),
      "256MB",
      "The oldest captured messages are removed when they would take more.",
    ),
    captureMaxAge: setting(
      duration({ min: 60 * second, max: 24_855 * day, unlimited: true }),
      "7d",
      "Older captured messages are removed.",
    ),
    ...protocolLog("receive"),
    ...protocolLog("send"),
    pickupDirectoryPath: optionalSetting(
      filePath(),
      "none",
      "Where files with whole messages (.eml) are taken from, the envelope by their header; relative to dataDirectory. It must be there. Wants pickupConnector.",
    ),
    replayDirectoryPath: optionalSetting(
      filePath(),
      "none",
      "Where files are taken from that begin with their envelope (X-Sender, X-Receiver), as drop directories and Export-Message -Replay write them; relative to dataDirectory. Wants pickupConnector.",
    ),
    pickupConnector: optionalSetting(
      name(64),
      "none",
      "The receive connector whose limits and rights hold for what lies in both directories, as if it came from 127.0.0.1.",
    ),
    pickupDirectoryMaxMessagesPerMinute: setting(
      integer({ min: 1, max: 20_000 }),
      100,
      "How many files are taken from each of the two directories.",
    ),
    pickupDirectoryMaxHeaderSize: setting(
      size({ min: 32_768, max: most }),
      "64KB",
      "Largest header of a file in the Pickup directory.",
    ),
    pickupDirectoryMaxRecipientsPerMessage: setting(
      integer({ min: 1, max: 10_000 }),
      100,
      "Most recipients of a file in the Pickup directory; beside maxRecipientsPerMessage.",
    ),
  },
  { error: notASection },
);

/** As it was written. */
function parseDnsServer(input: string): Parsed<string> {
  const text = input.trim();
  return parseNameServer(text) === undefined
    ? unparsable(
        `${quoted(input)} is not the address of a DNS server; write it like 9.9.9.9 or [2001:db8::53]:53`,
      )
    : parsed(text);
}

/** Canonical. */
function parseOwnAddress(input: string): Parsed<string> {
  const address = parseAddress(input.trim());
  if (address !== undefined) return parsed(formatAddress(address));
  const host = parseDomain(input);
  return host.ok ? host : unparsable(`${quoted(input)} is neither an IP address nor a name`);
}

function parseMailAddress(input: string): Parsed<string> {
  const at = input.lastIndexOf("@");
  const domain = parseDomain(input.slice(at + 1));
  if (
    !/^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/.test(
      input.slice(0, Math.max(0, at)),
    )
  ) {
    return unparsable(`${quoted(input)} is not a mail address`);
  }
  return domain.ok ? parsed(`${input.slice(0, at)}@${domain.value}`) : domain;
}
