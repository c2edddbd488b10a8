/** Delivery by MX record: a relay, a DNS server on loopback, and mail servers at addresses of their own. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Answer } from "dns-packet";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SmtpSendConnector } from "../../src/core/policy/send-connector.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { openNameServer, rcode, type ScriptedNameServer } from "../../src/testing/name-server.ts";
import {
  startRecordingSink,
  type RecordingSink,
  type SinkSettings,
} from "../../src/testing/recording-sink.ts";
import { placeSelfSigned } from "../../src/testing/self-signed-pairs.ts";
import { spawnRelay, type SpawnedRelay } from "../../src/testing/spawn-relay.ts";
import {
  startTemporaryRelay,
  type TemporaryRelay,
  type TemporaryRelaySettings,
} from "../../src/testing/temporary-relay.ts";
import { smartHostConnector } from "../../src/testing/test-settings.ts";
import { plain } from "./mail-samples.ts";
import { sendMessage } from "./send-message.ts";

/** `MX 10 mx.test`, `A 127.0.0.2`; a name that is not there does not exist. */
type Zone = Record<string, readonly string[]>;

let dns: ScriptedNameServer;
let zone: Zone;
let mxPort: number;
let relay: TemporaryRelay | undefined;
const open: { close(): Promise<unknown> }[] = [];

const record = (name: string, text: string): Answer => {
  const [type = "", first = "", second = ""] = text.split(" ");
  const data = type === "MX" ? { preference: Number(first), exchange: second } : first;
  return { type, name, ttl: 60, data } as Answer;
};

beforeEach(async () => {
  zone = {};
  mxPort = await freePort();
  dns = await openNameServer(({ name, type }) => {
    const texts = zone[name];
    if (texts === undefined) return { flags: 0x180 | rcode.nameError, answers: [] };
    return texts.map((text) => record(name, text)).filter((answer) => answer.type === type);
  });
});
afterEach(async () => {
  await relay?.stop();
  relay = undefined;
  for (let each = open.pop(); each !== undefined; each = open.pop()) await each.close();
  await dns.close();
});

const sinkAt = async (address: string, settings: Partial<SinkSettings> = {}): Promise<RecordingSink> => {
  const sink = await startRecordingSink({ address, port: mxPort, ...settings });
  open.push(sink);
  return sink;
};
const start = async (
  given: Partial<SmtpSendConnector> = {},
  transport: TemporaryRelaySettings["transport"] = {},
): Promise<TemporaryRelay> => {
  relay = await startTemporaryRelay({
    sendConnectors: [smartHostConnector([], { name: "Internet", kind: "dns", port: mxPort, ...given })],
    transport: { externalDnsServers: [`127.0.0.1:${dns.server.port}`], ...transport },
  });
  return relay;
};
const send = (it: { readonly port: number }, ...to: readonly string[]): Promise<string> =>
  sendMessage({ port: it.port, content: plain.content, to, from: "app@sender.test" });
const pathsOf = (sink: RecordingSink): string[] =>
  sink.messages.flatMap(({ recipients }) => recipients.map(({ path }) => path)).toSorted();

test("mail goes to the hosts of each domain, what DNS denies is returned, and no queue is left", async () => {
  const [one, two] = [await sinkAt("127.0.0.2"), await sinkAt("127.0.0.3")];
  zone = {
    "sender.test": ["MX 10 mx1.test"],
    "a.test": ["MX 10 mx1.test", "MX 20 mx2.test"],
    "b.test": ["A 127.0.0.3"],
    "null.test": ["MX 0 ."],
    "mx1.test": ["A 127.0.0.2"],
    "mx2.test": ["A 127.0.0.3"],
  };
  const it = await start();
  await send(it, "x@a.test", "y@b.test", "z@null.test", "w@none.test");
  // A sink looks again only as something comes to itself.
  await expect.poll(() => pathsOf(one).length >= 2 && pathsOf(two).length >= 1).toBe(true);
  await expect.poll(() => it.relay.queues().length).toBe(1);
  expect(pathsOf(two)).toEqual(["y@b.test"]);
  const reports = one.messages.filter(({ reversePath }) => reversePath === "");
  const told = reports.map(({ content }) => content.toString()).join("\n");
  expect(pathsOf(one).filter((path) => path !== "app@sender.test")).toEqual(["x@a.test"]);
  expect(told).toContain("Status: 5.1.10");
  expect(told).toContain("Status: 5.4.4");
  expect(told).toContain("null MX record");
  expect(told).not.toContain("Remote-MTA");
});

test("Resolve-NextHop tells what delivery does", async () => {
  await sinkAt("127.0.0.2");
  zone = { "a.test": ["MX 10 mx1.test", "MX 20 192.0.2.1"], "mx1.test": ["A 127.0.0.2"] };
  const it = await start();
  const found = await it.relay.resolveNextHop("a.test", false);
  expect(found).toMatchObject({ connector: "Internet", outcome: "ready", queue: "Internet;a.test" });
  expect(found.steps.map(({ step }) => step)).toEqual([
    "Send connector",
    "MX records",
    "Addresses of mx1.test",
    "Left out",
    "Order",
    "TLSA records of mx1.test",
    "TLS of mx1.test",
    "Site",
  ]);
  zone["mx1.test"] = ["A 127.0.0.9"];
  const again = async (refresh: boolean) =>
    (await it.relay.resolveNextHop("a.test", refresh)).steps.find(({ step }) => step.startsWith("Addresses"));
  expect((await again(false))?.finding).toContain("127.0.0.2");
  expect((await again(true))?.finding).toContain("127.0.0.9");
  expect(await it.relay.resolveNextHop("none.test", false)).toMatchObject({ outcome: "refused" });
});

test("Resolve-NextHop tells of mail that goes in clear text, for TLS failed, and of none that may not", async () => {
  await sinkAt("127.0.0.2", {
    extensions: ["STARTTLS"],
    behave: ({ at }) => (at === "STARTTLS" ? { reply: "220 go\r\n250 injected" } : undefined),
  });
  zone = { "a.test": ["MX 10 mx1.test"], "mx1.test": ["A 127.0.0.2"] };
  const it = await start();
  const clear = async (): Promise<readonly string[]> =>
    (await it.relay.resolveNextHop("a.test", false)).steps
      .filter(({ step }) => step === "In clear text")
      .map(({ finding }) => finding.replace(/\d+ s/, "n s"));
  expect(await clear()).toEqual([]);
  await send(it, "x@a.test");
  await expect.poll(clear).toEqual(["127.0.0.2 of mx1.test, for TLS failed and is not demanded: n s more"]);
  await it.relay.reconfigure({
    ...it.settings,
    sendConnectors: it.settings.sendConnectors.map((one) => ({ ...one, requireTls: true })),
  });
  expect(await clear()).toEqual([]);
});

test("bad domains among a hundred hold up none of them: one refuses, one hangs, one answers slowly", async () => {
  const sink = await sinkAt("127.0.0.2");
  await sinkAt("127.0.0.78", { behave: () => ({ stall: true }) });
  await sinkAt("127.0.0.79", { behave: () => ({ delayMs: 20_000 }) });
  for (let n = 0; n < 100; n++) zone[`d${n}.test`] = [`MX 10 mx${n % 5}.test`];
  for (let n = 0; n < 5; n++) zone[`mx${n}.test`] = ["A 127.0.0.2"];
  // Nothing listens there.
  zone["d50.test"] = ["A 127.0.0.77"];
  zone["d60.test"] = ["A 127.0.0.78"];
  zone["d70.test"] = ["A 127.0.0.79"];
  const it = await start({}, { queueGlitchRetryInterval: 60_000 });
  for (let n = 0; n < 100; n++) await send(it, `x@d${n}.test`, `y@d${(n + 1) % 100}.test`);
  await sink.waitFor(194);
  await expect
    .poll(() => it.relay.queues().map(({ identity }) => identity))
    .toEqual(["Submission", "Internet;d50.test", "Internet;d60.test", "Internet;d70.test"]);
  await expect
    .poll(() => it.relay.queues().slice(1))
    .toMatchObject([
      { status: "Retry", messages: 2, nextHop: "d50.test" },
      { status: "Active", messages: 2 },
      { status: "Active", messages: 2 },
    ]);
  expect(pathsOf(sink)).toHaveLength(194);
  // Five sites, whatever the number of domains.
  expect(sink.connections).toBeLessThanOrEqual(5 * 20);
});

test("Suspend-Queue holds what waits for a connection, too", async () => {
  let answer = (): void => {};
  const until = new Promise<void>((resolve) => (answer = resolve));
  const sink = await sinkAt("127.0.0.2", {
    behave: ({ at }) => (at === "content" ? { until, reply: "250 2.0.0 Ok: recorded" } : undefined),
  });
  zone = { "a.test": ["MX 10 mx1.test"], "b.test": ["MX 10 mx1.test"], "mx1.test": ["A 127.0.0.2"] };
  const it = await start({ maxConcurrentConnections: 1 });
  await send(it, "first@a.test");
  await sink.until(() => sink.commands.length > 2);
  await send(it, "held@b.test");
  await send(it, "last@a.test");
  await expect
    .poll(() => it.relay.queues().map(({ status }) => status))
    .toEqual(["Ready", "Active", "Active"]);
  await it.relay.suspendQueue("Internet;b.test", true);
  answer();
  await sink.until(() => pathsOf(sink).includes("last@a.test"));
  expect(pathsOf(sink)).toEqual(["first@a.test", "last@a.test"]);
  await it.relay.suspendQueue("Internet;b.test", false);
  await sink.until(() => pathsOf(sink).includes("held@b.test"));
});

test("a name server that is silent lets mail wait, and Retry-Queue asks it again", async () => {
  const sink = await sinkAt("127.0.0.2");
  zone = { "a.test": ["MX 10 mx1.test"], "mx1.test": ["A 127.0.0.2"] };
  const answer = dns.answer;
  dns.answer = () => ({ flags: 0x180 | rcode.serverFailure });
  const it = await start({}, { queueGlitchRetryInterval: 60_000 });
  await send(it, "x@a.test");
  await expect.poll(() => it.relay.queues()[1]?.status).toBe("Retry");
  expect(it.relay.queues()[1]?.lastError).toMatch(
    /^451 4\.4\.3 the MX records of a\.test cannot be found out/,
  );
  dns.answer = answer;
  expect(it.relay.retryNow("Internet;a.test")).toBe(1);
  await sink.waitFor(1);
});

describe("a relay that dies", () => {
  let folder: string;
  let running: SpawnedRelay | undefined;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "weir-mx-"));
    await placeSelfSigned(join(folder, "data"));
  });
  afterEach(async () => {
    running?.kill("SIGKILL");
    await running?.exited;
    await rm(folder, { recursive: true, force: true });
  });

  test("finds the queues of its domains again", async () => {
    const port = await freePort();
    for (let n = 0; n < 30; n++) zone[`d${n}.test`] = ["A 127.0.0.2"];
    await writeFile(
      join(folder, "weir.yaml"),
      `hostname: relay.test
dataDirectory: ./data
receiveConnectors:
  - name: AppRelay
    bindings: ["127.0.0.1:${port}"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
    tarpitInterval: 0s
sendConnectors:
  - name: Internet
    addressSpaces: ["*"]
    dnsRoutingEnabled: true
    mxAllowPrivateHosts: true
    port: ${mxPort}
transport:
  externalDnsServers: ["127.0.0.1:${dns.server.port}"]
  queueGlitchRetryInterval: 1h
`,
    );
    const begin = async (): Promise<SpawnedRelay> => {
      running = await spawnRelay(["start"], { cwd: folder });
      await running.said(/Listening on/);
      return running;
    };
    const first = await begin();
    for (let n = 0; n < 30; n++) await send({ port }, `x@d${n}.test`, `y@d${(n + 1) % 30}.test`);
    first.kill("SIGKILL");
    await first.exited;
    const sink = await sinkAt("127.0.0.2");
    await begin();
    await sink.until(() => new Set(pathsOf(sink)).size === 60);
    expect(pathsOf(sink)).toHaveLength(60);
  });
});
