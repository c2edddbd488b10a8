/**
 * REQUIRETLS and TLS-Required: No from end to end (RFC 8689): hosts that offer it and that do not, what their senders are told, and
 * a queue that outlives the relay.
 */
import { rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { zoneResolver, type ZoneResolver } from "../../src/testing/dns-zone.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { policyText, startPolicyHost, type PolicyHost } from "../../src/testing/policy-host.ts";
import { startRecordingSink, type RecordingSink } from "../../src/testing/recording-sink.ts";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { startTemporaryRelay, type TemporaryRelay } from "../../src/testing/temporary-relay.ts";
import { issueServerCertificate, makeAuthority, type Issuer } from "../../src/testing/test-authority.ts";
import { smartHostConnector } from "../../src/testing/test-settings.ts";

/** Where each domain's mail host is. */
const hosts = {
  "offers.test": "127.0.0.61",
  "lacks.test": "127.0.0.62",
  "nopolicy.test": "127.0.0.61",
  "stripped.test": "127.0.0.63",
  "sender.test": "127.0.0.61",
  "plainsender.test": "127.0.0.62",
} as const;

let root: Issuer;
let policyHost: PolicyHost;
let zone: ZoneResolver;
let mxPort: number;
let relay: TemporaryRelay;
let dataDirectory: string | undefined;
const sinks = new Map<string, RecordingSink>();

const start = async (): Promise<void> => {
  relay = await startTemporaryRelay({
    sendConnectors: [
      smartHostConnector([], {
        name: "Internet",
        kind: "dns",
        port: mxPort,
        mtaSts: "enforce",
        requireTlsPolicy: "enforce",
        tlsCa: { tlsCaFile: "root.pem", certificates: [root.pem] },
      }),
    ],
    transport: { mtaStsAllowPrivateHosts: true, queueGlitchRetryInterval: 600_000 },
    ports: { resolver: zone, dial: policyHost.dial },
    ...(dataDirectory === undefined ? {} : { dataDirectory }),
  });
  ({ dataDirectory } = relay);
};

async function send(
  to: string,
  { from = "app@sender.test", mail = " REQUIRETLS", head = "" } = {},
): Promise<void> {
  const client = await connectScriptedClient({ port: relay.port });
  await client.expect(220);
  await client.command("EHLO c.example");
  await client.startTls();
  await client.command("EHLO c.example");
  expect((await client.command(`MAIL FROM:<${from}>${mail}`)).code).toBe(250);
  expect((await client.command(`RCPT TO:<x@${to}>`)).code).toBe(250);
  await client.command("DATA");
  const text = `${head}From: <${from}>\r\nSubject: to ${to}\r\n\r\nthe secret body\r\n.`;
  expect((await client.command(text)).code).toBe(250);
  client.close();
}

const sinkOf = (domain: keyof typeof hosts): RecordingSink => sinks.get(hosts[domain])!;
const contentsAt = (domain: keyof typeof hosts): string[] =>
  sinkOf(domain).messages.map(({ content }) => content.toString());

beforeAll(async () => {
  mxPort = await freePort();
  root = await makeAuthority("Root");
  const domains = Object.keys(hosts);
  const names = domains.flatMap((domain) => [`mx.${domain}`, `mta-sts.${domain}`]);
  const own = await issueServerCertificate(root, { names });
  policyHost = await startPolicyHost(own);
  policyHost.answer = ({ headers: { host = "" } }, response) =>
    response.end(policyText("mode: enforce", `mx: mx.${host.replace("mta-sts.", "")}`, "max_age: 86400"));
  const extensions = ["PIPELINING", "STARTTLS", "8BITMIME", "DSN"];
  for (const [address, offered] of [
    ["127.0.0.61", [...extensions, "REQUIRETLS"]],
    ["127.0.0.62", extensions],
    ["127.0.0.63", ["PIPELINING", "REQUIRETLS"]],
  ] as const)
    sinks.set(address, await startRecordingSink({ address, port: mxPort, tls: own, extensions: offered }));
  zone = zoneResolver({});
  for (const [domain, address] of Object.entries(hosts)) {
    zone.zone[`${domain} MX`] = [`10 mx.${domain}`];
    zone.zone[`mx.${domain} A`] = [address];
    if (domain === "nopolicy.test") continue;
    zone.zone[`_mta-sts.${domain} TXT`] = ["v=STSv1; id=1;"];
    zone.zone[`mta-sts.${domain} A`] = ["127.0.0.1"];
  }
  await start();
});
afterAll(async () => {
  await relay.halt();
  await Promise.all([policyHost.close(), ...Array.from(sinks.values(), (sink) => sink.close())]);
  if (dataDirectory !== undefined) await rm(dataDirectory, { recursive: true, force: true });
});

test("goes to a host that offers it, with the parameter, over the same connection as other mail too", async () => {
  await send("offers.test", { mail: "" });
  await sinkOf("offers.test").until(() => sinkOf("offers.test").messages.length === 1);
  await send("offers.test");
  await send("offers.test", { mail: "" });
  await sinkOf("offers.test").until(() => sinkOf("offers.test").messages.length === 3);
  const taken = sinkOf("offers.test").messages;
  expect(taken.map(({ tls }) => tls)).toEqual([true, true, true]);
  expect(taken.filter(({ parameters }) => parameters.includes("REQUIRETLS")).length).toBe(1);
  sinkOf("offers.test").clear();
});

test.each(["lacks.test", "nopolicy.test"] as const)(
  "to %s it is returned with its header alone, by a report that requires TLS too",
  async (domain) => {
    await send(domain);
    await sinkOf("sender.test").until(() => sinkOf("sender.test").messages.length === 1);
    const [report] = sinkOf("sender.test").messages;
    const text = report!.content.toString();
    expect([report!.tls, report!.parameters.includes("REQUIRETLS"), report!.reversePath]).toEqual([
      true,
      true,
      "",
    ]);
    expect(text).toMatch(/Status: 5\.7\.30/);
    expect(text).toMatch(new RegExp(`Subject: to ${domain}`));
    expect(text).not.toMatch(/the secret body/);
    expect(contentsAt("lacks.test")).toEqual([]);
    sinkOf("sender.test").clear();
  },
);

test("a report that nobody takes with REQUIRETLS goes nowhere, and is told", async () => {
  await send("lacks.test", { from: "app@plainsender.test" });
  await expect.poll(() => relay.events.filter(({ name }) => name === "DsnSuppressed").length).toBe(1);
  expect(contentsAt("plainsender.test")).toEqual([]);
});

test("where STARTTLS is missing it waits, also over a restart, and then goes by what it asked for", async () => {
  await send("stripped.test");
  await expect.poll(() => sinkOf("stripped.test").connections).toBeGreaterThan(0);
  await relay.halt();
  expect(sinkOf("stripped.test").commands.filter((line) => line.startsWith("MAIL"))).toEqual([]);
  await start();
  await expect.poll(() => sinkOf("stripped.test").connections).toBeGreaterThan(1);
  expect(sinkOf("stripped.test").commands.filter((line) => line.startsWith("MAIL"))).toEqual([]);
  sinkOf("stripped.test").configure({ extensions: ["PIPELINING", "STARTTLS", "REQUIRETLS"] });
  // An attempt that is under way goes by what it found before.
  await expect
    .poll(() => (relay.relay.retryNow("Internet;stripped.test"), sinkOf("stripped.test").messages.length))
    .toBe(1);
  const [taken] = sinkOf("stripped.test").messages;
  expect([taken!.tls, taken!.parameters.includes("REQUIRETLS")]).toEqual([true, true]);
});

test("TLS-Required: No counts without the parameter only", async () => {
  sinkOf("stripped.test").configure({ extensions: ["PIPELINING"] });
  sinkOf("stripped.test").clear();
  await send("stripped.test", { mail: "", head: "TLS-Required: No\r\n" });
  await send("stripped.test", { head: "TLS-Required: No\r\n" });
  await sinkOf("stripped.test").waitFor(1);
  relay.relay.retryNow("Internet;stripped.test");
  expect(sinkOf("stripped.test").messages.map(({ parameters }) => parameters.includes("REQUIRETLS"))).toEqual(
    [false],
  );
});
