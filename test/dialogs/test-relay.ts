/** The relay that dialogues are played against: one connector for each set of limits and rights. */
import { randomBytes, scryptSync } from "node:crypto";
import { afterAll } from "vitest";
import type { ReceiveConnectorSettings } from "../../src/core/policy/receive-connector.ts";
import { type TemporaryRelay, startTemporaryRelay } from "../../src/testing/temporary-relay.ts";
import { receiveConnector } from "../../src/testing/test-settings.ts";

export type TestRelay = TemporaryRelay;

const connectors: readonly Partial<ReceiveConnectorSettings>[] = [
  { name: "AppRelay" },
  { name: "RequireEhloDomain", requireEhloDomain: true },
  {
    name: "Plain",
    authMechanism: ["None"],
    sizeEnabled: "Disabled",
    pipeliningEnabled: false,
    chunkingEnabled: false,
    binaryMimeEnabled: false,
    eightBitMimeEnabled: false,
    deliveryStatusNotificationEnabled: false,
    enhancedStatusCodesEnabled: false,
    smtpUtf8Enabled: false,
  },
  { name: "StrictAddresses", strictAddresses: true },
  { name: "NoHello", requireHello: false },
  {
    name: "LegacyAuthLine",
    legacyAuthLineEnabled: true,
    authMechanism: ["Tls", "BasicAuth"],
    permissionGroups: ["ExchangeUsers"],
  },
  { name: "DefaultDomain", defaultDomain: "accepted.example", anonymousRelay: false },
  { name: "ForeignDefaultDomain", defaultDomain: "elsewhere.example", anonymousRelay: false },
  { name: "Small", maxMessageSize: 65_536 },
  { name: "ShortHeader", maxHeaderSize: 4_096 },
  { name: "FewHops", maxHopCount: 5 },
  { name: "FewRecipients", maxRecipientsPerMessage: 3 },
  { name: "Patient", maxProtocolErrors: Infinity },
  { name: "NoChunking", chunkingEnabled: false },
  { name: "NoBinaryMime", binaryMimeEnabled: false },
  { name: "NoDsn", deliveryStatusNotificationEnabled: false },
  { name: "NoSize", sizeEnabled: "Disabled" },
  { name: "NoSmtpUtf8", smtpUtf8Enabled: false },
  { name: "NoEightBit", eightBitMimeEnabled: false, binaryMimeEnabled: false, smtpUtf8Enabled: false },
  {
    name: "Strict",
    rejectReservedTopLevelRecipientDomains: true,
    rejectReservedSecondLevelRecipientDomains: true,
    rejectSingleLabelRecipientDomains: true,
  },
  { name: "StrictLines", bareLinefeedRejectionEnabled: true, bareCarriageReturnRejectionEnabled: true },
  { name: "RequireTls", requireTls: true },
  {
    name: "Accounts",
    authMechanism: ["Tls", "BasicAuth", "BasicAuthRequireTLS"],
    permissionGroups: ["ExchangeUsers"],
    anonymousRelay: false,
  },
  {
    name: "ClearAccounts",
    authMechanism: ["Tls", "BasicAuth"],
    permissionGroups: ["ExchangeUsers"],
    anonymousRelay: false,
  },
  { name: "Closed", anonymousRelay: false },
  { name: "Nobody", permissionGroups: ["None"], anonymousRelay: false },
  {
    name: "Trusted",
    authMechanism: ["ExternalAuthoritative"],
    permissionGroups: ["ExchangeServers"],
    anonymousRelay: false,
  },
];

/** A quick one: its cost is not what these tests are about. */
export function passwordHash(password: string): string {
  const salt = randomBytes(16);
  const hash = scryptSync(password, salt, 32, { N: 1024, r: 8, p: 1 });
  const text = (octets: Buffer): string => octets.toString("base64").replaceAll("=", "");
  return `$scrypt$ln=10,r=8,p=1$${text(salt)}$${text(hash)}`;
}

/** Only the connectors named, or all. */
export function startTestRelay(): Promise<TestRelay> {
  return startTemporaryRelay({
    receiveConnectors: connectors.map((connector) => receiveConnector(connector)),
    acceptedDomains: [
      { domain: "accepted.example", subdomains: false },
      { domain: "wild.example", subdomains: true },
    ],
    users: [{ name: "app", passwordHash: passwordHash("secret") }],
  });
}

/** Stops the relay when the file is done; that no session is left is part of the test. */
export function stopAfterAll(relay: () => TestRelay): void {
  afterAll(async () => {
    await relay().stop();
  });
}
