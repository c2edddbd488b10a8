/** Limits at the door: N goes in, N+1 is refused with Exchange's reply and an event that names the limit. */
import { afterEach, describe, expect, test } from "vitest";
import type { ReceiveConnectorSettings } from "../../src/core/policy/receive-connector.ts";
import { ipRange } from "../../src/core/units/ip-range.ts";
import { createFakeClock } from "../../src/testing/fake-clock.ts";
import { type ScriptedClient, connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { type TemporaryRelay, startTemporaryRelay } from "../../src/testing/temporary-relay.ts";
import { receiveConnector } from "../../src/testing/test-settings.ts";

let relay: TemporaryRelay;
const open: ScriptedClient[] = [];

async function start(...connectors: readonly Partial<ReceiveConnectorSettings>[]): Promise<void> {
  relay = await startTemporaryRelay({ receiveConnectors: connectors.map((each) => receiveConnector(each)) });
}
async function greeting(localAddress = "127.0.0.1", port = relay.port): Promise<string> {
  const client = await connectScriptedClient({ port, localAddress });
  open.push(client);
  return (await client.reply()).last;
}
const eventIds = (): number[] => relay.events.map((event) => event.definition.id);
async function untilSessions(count: number): Promise<void> {
  await expect.poll(() => relay.relay.sessions).toBe(count);
}

afterEach(async () => {
  for (const client of open.splice(0)) client.close();
  await relay.stop();
});

const total =
  /^421 4\.3\.2 The maximum number of concurrent server connections has exceeded a limit, closing transmission channel/;
const perSource =
  /^421 4\.3\.2 The maximum number of concurrent server connections has exceeded a per-source limit, closing transmission channel/;

describe("maxInboundConnection 3", () => {
  test("the fourth of any source is refused, event 1009; one that leaves makes room", async () => {
    await start({ maxInboundConnection: 3 });
    for (const last of [1, 2, 3]) expect(await greeting(`127.0.0.${last}`)).toMatch(/^220 /);
    expect(await greeting("127.0.0.4")).toMatch(total);
    expect(eventIds()).toContain(1009);
    await open[3]?.closed();
    open[0]?.close();
    await untilSessions(2);
    expect(await greeting("127.0.0.5")).toMatch(/^220 /);
  });
});

test("who is refused cannot stay by sending on", async () => {
  const clock = createFakeClock();
  relay = await startTemporaryRelay({
    receiveConnectors: [receiveConnector({ maxInboundConnection: 1 })],
    ports: { clock },
  });
  expect(await greeting()).toMatch(/^220 /);
  expect(await greeting()).toMatch(total);
  const refused = open[1]!;
  for (let i = 0; i < 5; i++) {
    refused.send("x");
    await clock.advance(1_000);
  }
  await refused.closed();
  open[0]?.close();
  const stopped = relay.stop();
  await clock.advance(30_000);
  await stopped;
  await start({});
});

test("of an address that is given up is told how many sessions go on there, and only there", async () => {
  await start({ name: "A" }, { name: "B" });
  const [a, b] = [relay.portOf("A"), relay.portOf("B")];
  for (const port of [a, b, b]) expect(await greeting("127.0.0.1", port)).toMatch(/^220 /);
  const { settings } = relay;
  await relay.relay.reconfigure({
    ...settings,
    receiveConnectors: settings.receiveConnectors.filter(({ name }) => name === "A"),
  });
  const closed = relay.events.filter(({ definition }) => definition.id === 20013);
  expect(closed.map(({ fields }) => fields)).toEqual([
    expect.objectContaining({ endpoint: `127.0.0.1:${b}`, sessions: 2 }),
  ]);
});

describe("maxInboundConnectionPerSource 2", () => {
  test("the third of one source is refused, event 1021; another source goes in", async () => {
    await start({ maxInboundConnectionPerSource: 2 });
    expect(await greeting()).toMatch(/^220 /);
    expect(await greeting()).toMatch(/^220 /);
    expect(await greeting()).toMatch(perSource);
    expect(eventIds()).toContain(1021);
    expect(await greeting("127.0.0.9")).toMatch(/^220 /);
  });

  test("a thousand connections that come and go leave no count behind", async () => {
    await start({ maxInboundConnectionPerSource: 2 });
    for (let i = 0; i < 1000; i++) {
      const client = await connectScriptedClient({ port: relay.port });
      client.reset();
    }
    await untilSessions(0);
    expect(await greeting()).toMatch(/^220 /);
    expect(await greeting()).toMatch(/^220 /);
    expect(await greeting()).toMatch(perSource);
  });
});

describe("maxInboundConnectionPercentagePerSource 50 of 6", () => {
  test("half of what others leave", async () => {
    await start({ maxInboundConnection: 6, maxInboundConnectionPercentagePerSource: 50 });
    expect(await greeting()).toMatch(/^220 /);
    expect(await greeting()).toMatch(/^220 /);
    expect(await greeting()).toMatch(/^220 /);
    expect(await greeting()).toMatch(perSource);
    // 3 of 6 are left to others: half of them is 1.
    expect(await greeting("127.0.0.9")).toMatch(/^220 /);
    expect(await greeting("127.0.0.9")).toMatch(perSource);
  });
});

describe("which connector answers", () => {
  test("the most specific range, on one binding", async () => {
    const { freePort } = await import("../../src/testing/free-port.ts");
    const bindings = [{ address: "127.0.0.1", port: await freePort() }];
    await start(
      { name: "All", bindings, remoteIpRanges: [ipRange("127.0.0.0/8")], fqdn: "all.test" },
      { name: "Some", bindings, remoteIpRanges: [ipRange("127.0.1.0/24")], fqdn: "some.test" },
      { name: "One", bindings, remoteIpRanges: [ipRange("127.0.1.75")], fqdn: "one.test" },
    );
    expect(await greeting("127.0.0.1")).toMatch(/^220 all\.test /);
    expect(await greeting("127.0.1.74")).toMatch(/^220 some\.test /);
    expect(await greeting("127.0.1.75")).toMatch(/^220 one\.test /);
    expect(await greeting("127.0.1.255")).toMatch(/^220 some\.test /);
    expect(await greeting("127.0.2.0")).toMatch(/^220 all\.test /);
  });

  test("none: 421 and an event", async () => {
    await start({ remoteIpRanges: [ipRange("127.0.1.0/24")] });
    expect(await greeting("127.0.0.1")).toMatch(/^421 4\.3\.2 /);
    await open[0]?.closed();
    expect(relay.events.map((event) => event.name)).toContain("NoConnectorMatched");
  });

  test("a disabled connector does not answer", async () => {
    const { freePort } = await import("../../src/testing/free-port.ts");
    const bindings = [{ address: "127.0.0.1", port: await freePort() }];
    await start(
      { name: "On", bindings, remoteIpRanges: [ipRange("127.0.0.0/8")], fqdn: "on.test" },
      { name: "Off", bindings, remoteIpRanges: [ipRange("127.0.1.75")], fqdn: "off.test", enabled: false },
    );
    expect(await greeting("127.0.1.75")).toMatch(/^220 on\.test /);
  });
});
