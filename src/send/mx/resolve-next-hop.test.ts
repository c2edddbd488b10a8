/** Resolve-NextHop: each kind of connector, what is avoided, and what is asked for anew. */
import { beforeEach, describe, expect, test } from "vitest";
import type { SmtpSendConnector, SendConnectorSettings } from "../../core/policy/send-connector.ts";
import type { StsFact } from "../../core/tls-policy/tls-facts.ts";
import { zoneResolver, type Zone, type ZoneResolver } from "../../testing/dns-zone.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { dropConnector } from "../../testing/scripted-delivery.ts";
import { graphConnector, smartHostConnector } from "../../testing/test-settings.ts";
import { createPeerMemory, type Peer, type PeerMemory } from "../delivery/smtp/peer/peer.ts";
import { OutboundConnections } from "../delivery/smtp/pool/outbound-connections.ts";
import { createDnsDelivery } from "./dns-delivery.ts";
import { resolveNextHop, type NextHopResolution } from "./resolve-next-hop.ts";

const clock = createFakeClock(1_000_000);
const zone: Zone = {
  "a.test MX": ["10 mx1.test", "20 mx2.test"],
  "mx1.test A": ["192.0.2.1"],
  "mx2.test A": ["192.0.2.2"],
  "later.test MX": "servfail",
};
let resolver: ZoneResolver;
let memory: PeerMemory;
let dnsForgot: string[];
let sts: StsFact;
beforeEach(() => {
  resolver = zoneResolver(zone);
  memory = createPeerMemory();
  dnsForgot = [];
  sts = { kind: "none" };
});

const resolved = (
  connectors: readonly SendConnectorSettings[],
  domain = "a.test",
  refresh = false,
): Promise<NextHopResolution> => {
  const dns = {
    addresses: (host: string) =>
      host === "down.test" ? Promise.reject(new Error("no answer")) : Promise.resolve(["192.0.2.9"]),
    forget: (host: string) => void dnsForgot.push(host),
  };
  const ports = { clock, random: () => 0, dns, resolver, dial: () => Promise.reject(new Error("dialled")) };
  const dnsDelivery = createDnsDelivery({
    ports,
    own: { isOwnName: () => false, isOwnAddress: () => false },
    events: { wants: () => false, emit: () => {} },
    memory,
    outbound: new OutboundConnections(() => 1),
    signer: undefined,
    transcriptOf: () => undefined,
    first: () => 4,
    sts: { of: () => Promise.resolve({ sts, keepMs: 60_000 }) },
  });
  return resolveNextHop(domain, refresh, { connectors, dnsDelivery, dns, memory, clock });
};
const byMx = (given: Partial<SmtpSendConnector> = {}) =>
  smartHostConnector([], { kind: "dns", name: "Internet", ...given });
const toHosts = (given: Partial<SmtpSendConnector> = {}) =>
  smartHostConnector(25, { smartHosts: [{ host: "up.test", port: 587 }], ...given });
const findings = ({ steps }: NextHopResolution, name: string): string[] =>
  steps.filter(({ step }) => step === name).map(({ finding }) => finding);
const names = ({ steps }: NextHopResolution): string[] => steps.map(({ step }) => step);
const known = (host: string, changes: Partial<Peer>, port = 25): void => {
  const of = memory.host({ host, port });
  of.peers = [Object.assign(memory.peer(of, "192.0.2.1"), changes)];
};

test("no connector serves it: its mail waits", async () => {
  expect(await resolved([])).toEqual({
    domain: "a.test",
    connector: undefined,
    queue: undefined,
    outcome: "later",
    steps: [{ step: "Send connector", finding: expect.stringContaining("Unreachable") as string }],
  });
});

const oauth = { tokenEndpoint: "https://login.test/t", scope: "", grant: {}, shown: {} } as never;
test.each<[string, SendConnectorSettings, string, string]>([
  [
    "a drop directory",
    dropConnector("Drop", "", { dropDirectory: "/var/drop" }),
    "Drop;/var/drop",
    "/var/drop",
  ],
  [
    "Microsoft Graph",
    graphConnector("https://graph.test", { oauth }),
    "Graph;https://graph.test",
    "https://graph.test",
  ],
])("%s is the next hop itself", async (_, connector, queue, where) => {
  const found = await resolved([connector]);
  expect(found).toMatchObject({ domain: "a.test", connector: connector.name, queue, outcome: "ready" });
  expect(found.steps).toEqual([
    { step: "Send connector", finding: `${connector.name} serves it` },
    { step: "Next hop", finding: where },
  ]);
});

test("a connector for some mail says so", async () => {
  const restrictions = { senderSpaces: [], receiveConnectors: ["App"], applications: [] };
  const found = await resolved([toHosts({ restrictions })]);
  expect(findings(found, "Send connector")).toEqual([
    "Out serves it, for some mail only: Test-Route shows for which",
  ]);
});

describe("smart hosts", () => {
  test("are ready when one of them has an address", async () => {
    const smartHosts = ["down.test", "up.test"].map((host) => ({ host, port: 587 }));
    const found = await resolved([toHosts({ smartHosts })]);
    expect(found).toMatchObject({ outcome: "ready", queue: "Out;down.test:587,up.test:587" });
    expect(names(found)).toEqual([
      "Send connector",
      "Addresses of down.test",
      "Addresses of up.test",
      "TLS of down.test",
      "TLS of up.test",
    ]);
    expect(findings(found, "Addresses of down.test")).toEqual(["none: no answer"]);
    expect(findings(found, "Addresses of up.test")).toEqual(["192.0.2.9, port 587"]);
    expect(dnsForgot).toEqual([]);
  });

  test("have mail wait when none has, and are asked for anew where that is wanted", async () => {
    const found = await resolved(
      [toHosts({ smartHosts: [{ host: "down.test", port: 25 }] })],
      "a.test",
      true,
    );
    expect(found.outcome).toBe("later");
    expect(dnsForgot).toEqual(["down.test"]);
  });

  test("that failed lately, or fail in TLS, are told with how long that is remembered", async () => {
    known("up.test", { avoidUntil: clock.now() + 29_001, clearTextUntil: clock.now() + 60_000 }, 587);
    const found = await resolved([toHosts()]);
    expect(findings(found, "Tried last")).toEqual(["192.0.2.1 of up.test, for it failed: 30 s more"]);
    expect(findings(found, "In clear text")).toEqual([
      "192.0.2.1 of up.test, for TLS failed and is not demanded: 60 s more",
    ]);
    known("up.test", { avoidUntil: clock.now(), clearTextUntil: clock.now() }, 587);
    expect(names(await resolved([toHosts()]))).toEqual(names(await resolved([toHosts()], "b.test")));
    known("up.test", { clearTextUntil: clock.now() + 60_000 }, 587);
    expect(findings(await resolved([toHosts({ requireTls: true })]), "In clear text")).toEqual([]);
  });
});

describe("by MX record", () => {
  test("each host is told with its records and its TLS, and who shares the connections", async () => {
    const found = await resolved([byMx()]);
    expect(found).toMatchObject({ connector: "Internet", queue: "Internet;a.test", outcome: "ready" });
    expect(names(found)).toEqual([
      "Send connector",
      "MX records",
      "Addresses of mx1.test",
      "Addresses of mx2.test",
      "Order",
      "TLSA records of mx1.test",
      "TLS of mx1.test",
      "TLSA records of mx2.test",
      "TLS of mx2.test",
      "Site",
    ]);
    expect(resolver.forgotten).toEqual([]);
  });

  test.each([
    [Infinity, "any number of connections"],
    [1, "one connection"],
    [20, "up to 20 connections"],
  ])("at most %d: %s", async (maxConcurrentConnections, text) => {
    const found = await resolved([byMx({ maxConcurrentConnections, port: 26 })]);
    expect(findings(found, "Site")).toEqual([`domains with the same hosts share ${text} at port 26`]);
  });

  test.each([
    ["none.test", "refused"],
    ["later.test", "later"],
  ])("%s: %s, and nothing is said of TLS", async (domain, outcome) => {
    const found = await resolved([byMx()], domain);
    expect(found.outcome).toBe(outcome);
    expect(names(found).at(-1)).toBe("Result");
  });

  test("hosts that a policy bars are left out, with why; its mail waits when none is left", async () => {
    sts = { kind: "policy", mode: "enforce", mx: ["mx2.test"] };
    known("mx1.test", { clearTextUntil: clock.now() + 60_000 });
    const some = await resolved([byMx({ mtaSts: "enforce" })]);
    expect(some.outcome).toBe("ready");
    expect(findings(some, "TLS of mx1.test")).toEqual([expect.stringMatching(/^the host is left out/)]);
    expect(findings(some, "TLS of mx2.test")).toEqual([expect.stringMatching(/^sts, required/)]);
    expect(findings(some, "In clear text")).toEqual([]);
    sts = { kind: "policy", mode: "enforce", mx: ["other.test"] };
    expect((await resolved([byMx({ mtaSts: "enforce" })])).outcome).toBe("later");
  });

  test("addresses that failed lately are told of each host, and clear text", async () => {
    known("mx2.test", { avoidUntil: clock.now() + 1_000, clearTextUntil: clock.now() + 1_000 });
    const found = await resolved([byMx()]);
    expect(findings(found, "Tried last")).toEqual(["192.0.2.1 of mx2.test, for it failed: 1 s more"]);
    expect(findings(found, "In clear text")).toEqual([
      "192.0.2.1 of mx2.test, for TLS failed and is not demanded: 1 s more",
    ]);
  });

  test("what is kept of the domain and its hosts is asked for anew where that is wanted", async () => {
    await resolved([byMx()], "a.test", true);
    expect(resolver.forgotten).toEqual(["a.test", "mx1.test", "mx2.test"]);
  });
});
