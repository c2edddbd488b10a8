import { expect, test } from "vitest";
import { nextHopOf, queueNameOf, successorOf } from "./next-hops.ts";
import type { SendConnectorSettings, SmartHost } from "./send-connector.ts";

const smart = (name: string, ...smartHosts: SmartHost[]): SendConnectorSettings => ({
  kind: "smartHost",
  name,
  enabled: true,
  comment: "",
  addressSpaces: [],
  maxMessageSize: 1,
  smartHosts,
  fqdn: "relay.example",
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
  connectionInactivityTimeOut: 1,
  smtpMaxMessagesPerConnection: 1,
  port: 25,
  maxConcurrentConnections: 1,
  mtaSts: "none",
  siteMessageRateLimit: Infinity,
  mxAddressLimit: 10,
  mxSessionLimit: 5,
  mxAllowPrivateHosts: false,
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
});

test.each([
  [smart("Out", { host: "127.0.0.1", port: 2626 }), "Out;[127.0.0.1]:2626"],
  [
    smart("Out", { host: "::1", port: 25 }, { host: "relay.example", port: 587 }),
    "Out;[::1]:25,relay.example:587",
  ],
])("names are readable", (connector, name) => {
  expect(queueNameOf(connector)).toBe(name);
});

test("a queue's name changes with its next hop", () => {
  const port = (n: number): string => queueNameOf(smart("Out", { host: "a.example", port: n }));
  expect(port(25)).not.toBe(port(26));
});

test("long names are cut to a bounded length and still told apart", () => {
  const hosts = (last: string): SmartHost[] =>
    [...Array.from({ length: 40 }, (_, n) => `mx${n}.example`), last].map((host) => ({ host, port: 25 }));
  const [a, b] = [queueNameOf(smart("Out", ...hosts("a"))), queueNameOf(smart("Out", ...hosts("b")))];
  expect(a.length).toBe(200);
  expect(a).not.toBe(b);
  expect(nextHopOf(smart("Out", ...hosts("a")), "").length).toBeGreaterThan(200);
});

const to = (name: string, port: number) => smart(name, { host: "10.0.0.1", port });
test.each([
  ["by its name", "Out;old:25", [to("Out", 1), to("Other", 2)], "Out;[10.0.0.1]:1"],
  ["whatever its case", "OUT;old:25", [to("Out", 1)], "Out;[10.0.0.1]:1"],
  ["not by the beginning of its name", "Outer;old:25", [to("Out", 1)], undefined],
  ["by the longest name that fits", "Out;x;old:25", [to("Out", 1), to("Out;x", 2)], "Out;x;[10.0.0.1]:2"],
  ["by its next hop when that is new", "Gone;[10.0.0.1]:1", [to("New", 1)], "New;[10.0.0.1]:1"],
  ["not by that of an old one", "Gone;[10.0.0.1]:3", [to("Old", 3)], undefined],
  ["not by that of two", "Gone;[10.0.0.1]:1", [to("New", 1), to("New2", 1)], undefined],
  ["not at all", "Gone;old:25", [to("New", 1)], undefined],
])("a queue that is no more is followed %s", (_how, name, connectors, successor) => {
  const queues = new Map(connectors.map((connector) => [queueNameOf(connector), connector]));
  expect(successorOf(name, queues, (queue) => queue.startsWith("New"))).toBe(successor);
});
