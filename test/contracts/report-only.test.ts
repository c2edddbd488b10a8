/** Limits that are only looked at, and a connector that learns: as an administrator sets and sees them, on a real relay. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { main } from "../../src/cli/main.ts";
import { type AdministeredRelay, startAdministeredRelay } from "../../src/testing/administered-relay.ts";
import { recordingOutput } from "../../src/testing/recording-output.ts";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { reportableLimits } from "../../src/core/policy/reportable-limits.ts";

let relay: AdministeredRelay;

beforeAll(async () => {
  relay = await startAdministeredRelay(`receiveConnectors:
  - name: A
    bindings: ["127.0.0.1:0"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
sendConnectors:
  - { name: Out, addressSpaces: ["*"], dropDirectory: drop }
applications:
  - { name: Shop, addresses: ["127.0.0.1"] }
`);
});
afterAll(() => relay.stop());

const weir = async (...words: string[]) => {
  const output = recordingOutput();
  const code = await main([...words, "--config", relay.file], output);
  return { code, out: output.out(), err: output.complaints() };
};
const connectorOf = async (name: string) => relay.client.call("getReceiveConnector", { name });
const headlines = async () =>
  (await relay.client.call("getOverview", { points: false })).headlines.filter(
    ({ subject }) => subject === "learning",
  );

test("a candidate refuses nobody, and tells whom it would have refused", async () => {
  const set = await weir(
    "Set-ReceiveConnector",
    "A",
    "-Candidate",
    "@{MaxInboundConnectionPerSource=1;MaxRecipientsPerMessage=2;MaxMessageSize=1MB}",
  );
  expect([set.code, set.err]).toEqual([0, ""]);
  expect(await relay.text()).toMatch(/candidate:[^]*maxInboundConnectionPerSource: 1[^]*maxMessageSize: 1MB/);
  expect((await connectorOf("A")).settings["candidate"]).toEqual({
    maxInboundConnectionPerSource: 1,
    maxRecipientsPerMessage: 2,
    maxMessageSize: 1_048_576,
  });
  expect((await weir("Get-ReceiveConnector", "A")).out).toMatch(
    /Candidate +: MaxInboundConnectionPerSource=1; MaxMessageSize=1 MB.*; MaxRecipientsPerMessage=2/,
  );

  const port = relay.relay.listeners()[0]?.port ?? 0;
  const clients = [];
  for (let i = 0; i < 3; i++) {
    const client = await connectScriptedClient({ port });
    await client.expect(220);
    clients.push(client);
  }
  const [first] = clients;
  first?.send("EHLO a.test\r\n");
  await first?.expect(250);
  first?.send("MAIL FROM:<a@a.test>\r\n");
  await first?.expect(250);
  for (let i = 0; i < 3; i++) {
    first?.send(`RCPT TO:<b${i}@b.test>\r\n`);
    await first?.expect(250);
  }
  for (const client of clients) client.close();

  const { refusals } = await relay.client.call("listRefusals", {});
  expect(
    refusals.map(({ limit, lastDay, application, last }) => [
      limit,
      lastDay,
      application?.name,
      last.reportOnly,
    ]),
  ).toEqual([
    ["maxInboundConnectionPerSource", 2, "Shop", true],
    ["maxRecipientsPerMessage", 1, "Shop", true],
  ]);
  expect((await relay.client.call("listRefusals", { reportOnly: false })).refusals).toEqual([]);
  const shown = await weir("Get-Refusal", "-ReportOnly");
  expect(shown.out).toMatch(/A +127\.0\.0\.1 +Shop.*would be refused: MaxInboundConnectionPerSource 1/);
  expect(shown.err).toContain("nobody was");

  const { limits } = (await relay.client.call("getLimitUsage", { connector: "A" })).connectors[0]!;
  expect(limits.find(({ limit }) => limit === "maxInboundConnectionPerSource")).toMatchObject({
    configured: 20,
    refusedLastDay: 0,
    watched: {
      value: 1,
      reportOnly: false,
      wouldRefuseLastDay: 2,
      topSources: [{ source: "127.0.0.1", wouldRefuseLastDay: 2 }],
    },
  });
  expect(limits.find(({ limit }) => limit === "messageRateLimit")?.watched).toBeNull();
  expect((await weir("Get-LimitUsage", "-Connector", "A")).out).toMatch(/PerSource +20 \(1\*\)/);
  const { refusals: recent } = await relay.client.call("getOverview", { points: false });
  expect(recent.map(({ limit, count, reportOnly }) => [limit, count, reportOnly])).toEqual([
    ["maxInboundConnectionPerSource", 2, true],
    ["maxRecipientsPerMessage", 1, true],
  ]);
  expect(await (await relay.relay.exposition()).text()).toContain(
    'weir_would_refuse_total{connector="A",kind="connectionLimitPerSource",limit="maxInboundConnectionPerSource"} 2',
  );
  const told = relay.events.filter(({ name }) => name === "WouldBeRefused");
  expect(told.map(({ fields }) => [fields["setting"], fields["application"]])).toEqual([
    ["maxInboundConnectionPerSource", "Shop"],
    ["maxInboundConnectionPerSource", "Shop"],
    ["maxRecipientsPerMessage", "Shop"],
  ]);
  // Events hold them, and explain does not take them for refusals.
  const { events } = await vi.waitFor(async () => {
    const found = await relay.client.call("explainSource", { source: "127.0.0.1" });
    expect(found.events.length).toBeGreaterThan(0);
    return found;
  });
  expect(events.map(({ name }) => name)).toContain("WouldBeRefused");
  const { connectors } = await relay.client.call("explainSource", { source: "127.0.0.1" });
  expect(connectors.flatMap(({ refusals: all }) => all)).toEqual([]);
});

test("what stands in reportOnly has no candidate", async () => {
  const refused = await weir("Set-ReceiveConnector", "A", "-ReportOnly", "MaxMessageSize");
  expect(refused.code).not.toBe(0);
  expect(refused.err).toContain("maxMessageSize is in reportOnly");
  expect(
    (await weir("Set-ReceiveConnector", "A", "-Candidate", "@{MaxMessageSize=2MB}", "-WhatIf")).out,
  ).toMatch(/Candidate MaxMessageSize +1 MB.* → 2 MB/);
});

test("a new connector learns: its limits refuse nobody, until somebody applies what was learned", async () => {
  const before = Date.now();
  const made = await weir(
    "New-ReceiveConnector",
    "Migration",
    "-Bindings",
    "127.0.0.1:0",
    "-RemoteIPRanges",
    "127.0.0.9",
    "-PermissionGroups",
    "AnonymousUsers",
    "-Learn",
    "7d",
  );
  const after = Date.now();
  expect([made.code, made.err]).toEqual([0, ""]);
  const { settings, status } = await connectorOf("Migration");
  expect(settings["reportOnly"]).toEqual([...reportableLimits]);
  expect(settings["maxInboundConnectionPerSource"]).toBe(20);
  const until = Date.parse(status.learning?.until ?? "");
  // In whole minutes.
  expect(until).toBeLessThanOrEqual(after + 7 * 86_400_000 + 60_000);
  expect(until).toBeGreaterThanOrEqual(before + 7 * 86_400_000);
  expect(status.learning?.isOver).toBe(false);
  const enforced = relay.relay.settings.receiveConnectors.find(({ name }) => name === "Migration");
  expect(enforced).toMatchObject({ maxInboundConnectionPerSource: Infinity, maxInboundConnection: Infinity });
  expect((await weir("Get-ReceiveConnector", "Migration")).out).toMatch(
    /MaxInboundConnectionPerSource +: 20 \(report only\)/,
  );
  expect((await weir("Get-ReceiveConnector")).err).toContain("* is only looked at");
  expect(await headlines()).toMatchObject([{ severity: "information", connector: "Migration" }]);

  // A limit that is tried is enforced, whatever it is now.
  const tried = await relay.client.call("testReceiveConnector", {
    name: "Migration",
    variants: [{ maxInboundConnectionPerSource: 3 }],
  });
  expect(tried.variants[0]?.changes.map(({ setting }) => setting).sort()).toEqual([
    "maxInboundConnectionPerSource",
    "reportOnly",
  ]);

  await weir("Set-ReceiveConnector", "Migration", "-LearnUntil", "2020-01-01T00:00:00Z");
  expect(relay.events.filter(({ name }) => name === "LearningEnded")).toMatchObject([
    { fields: { connector: "Migration", until: "2020-01-01T00:00:00Z" } },
  ]);
  expect(await headlines()).toMatchObject([{ severity: "warning", connector: "Migration" }]);
  expect((await weir("Get-ReceiveConnector", "Migration")).out).toMatch(/Learning +: over .*Get-LimitAdvice/);
  expect((await connectorOf("Migration")).settings["reportOnly"]).toHaveLength(reportableLimits.length);

  await weir("Set-ReceiveConnector", "Migration", "-ReportOnly", "$null", "-LearnUntil", "$null");
  expect((await connectorOf("Migration")).status.learning).toBeNull();
  expect(await headlines()).toEqual([]);
  expect(relay.relay.settings.receiveConnectors.find(({ name }) => name === "Migration")).toMatchObject({
    maxInboundConnectionPerSource: 20,
    watched: undefined,
  });
});
