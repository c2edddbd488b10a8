/** Back pressure with measured values put in: tarpit at MAIL, refusal, and all well again. Exchange: back pressure. */
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { ResourceSample } from "../../src/ports/ports.ts";
import { createFakeClock } from "../../src/testing/fake-clock.ts";
import { type ScriptedClient, connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { type TemporaryRelay, startTemporaryRelay } from "../../src/testing/temporary-relay.ts";
import { receiveConnector } from "../../src/testing/test-settings.ts";

const calm: ResourceSample = {
  diskUsedBytes: 10e9,
  diskSizeBytes: 100e9,
  memoryUsedBytes: 1e9,
  memoryLimitBytes: 10e9,
  eventLoopLagMs: 1,
};
let sample: ResourceSample;
let relay: TemporaryRelay | undefined;
const clients: ScriptedClient[] = [];

async function start() {
  sample = calm;
  const clock = createFakeClock();
  relay = await startTemporaryRelay({
    receiveConnectors: [
      receiveConnector({ explainRefusals: true, protocolLoggingLevel: "Verbose" }),
      receiveConnector({
        name: "Servers",
        authMechanism: ["Tls", "ExternalAuthoritative"],
        permissionGroups: ["ExchangeServers"],
      }),
    ],
    transport: { backPressureEnabled: true },
    ports: { clock, resourceMeter: () => ({ sample: () => Promise.resolve(sample), close: () => {} }) },
  });
  return { clock, relay };
}
async function connect(connector: string): Promise<ScriptedClient> {
  const client = await connectScriptedClient({ port: relay?.portOf(connector) ?? 0 });
  clients.push(client);
  await client.expect(220);
  await client.command("EHLO app.example");
  return client;
}
const told = (id: number) =>
  relay?.events.filter(({ definition }) => definition.id === id).map(({ fields }) => fields) ?? [];
const mail = "MAIL FROM:<a@b.example>";

afterEach(async () => {
  for (const client of clients.splice(0)) client.reset();
  await relay?.stop();
  relay = undefined;
});

test("Low, Medium, High, and Low again", async () => {
  const { clock, relay: running } = await start();
  const app = await connect("AppRelay");
  const server = await connect("Servers");
  await app.command(mail).then(({ code }) => expect(code).toBe(250));
  await app.command("RSET");

  sample = { ...calm, memoryUsedBytes: 7.3e9 };
  await clock.advance(2_000);
  expect(running.relay.pressure()).toMatchObject({ level: "Medium" });
  expect(told(15004)).toMatchObject([{ before: "Low", after: "Medium" }]);
  app.send(`${mail}\r\n`);
  await expect
    .poll(() => running.relay.connections().find(({ connector }) => connector === "AppRelay")?.activity)
    .toBe("tarpit");
  expect((await server.command(mail)).code).toBe(250);
  await server.command("RSET");
  await clock.advance(9_999);
  expect(app.silent()).toBe(true);
  await clock.advance(1);
  await app.expect("250 2.1.0");
  await app.command("RSET");

  await clock.advance(60_000);
  expect(told(15007)).toHaveLength(1);
  expect((await app.command(mail)).last).toMatch(
    /^452 4\.3\.1 Insufficient system resources \(AppRelay: backPressureMemoryMedium 72, PrivateBytes is at 73, source 127\.0\.0\.1, event 20027, ref \w+\)$/,
  );
  expect((await server.command(mail)).code).toBe(250);
  await server.command("RSET");

  sample = { ...calm, diskUsedBytes: 99.5e9 };
  await clock.advance(2_000);
  expect(told(15004)).toMatchObject([{}, { before: "Medium", after: "High" }]);
  expect(told(15006)).toHaveLength(1);
  expect((await app.command(mail)).last).toContain("backPressureDiskHigh 98.8");
  expect((await server.command(mail)).last).toBe("452 4.3.1 Insufficient system resources");
  expect(told(20027).at(-1)).toMatchObject({ setting: "backPressureDiskHigh", seen: 99.5 });

  sample = calm;
  await clock.advance(2_000);
  expect(told(15005)).toMatchObject([{ before: "High", after: "Low" }]);
  expect((await app.command(mail)).code).toBe(250);
  expect((await server.command(mail)).code).toBe(250);

  const directory = join(running.dataDirectory, "logs");
  await app.command("QUIT");
  await running.halt();
  const logs = (await readdir(directory, { recursive: true })).filter((name) => name.endsWith(".log"));
  const texts = await Promise.all(logs.map((name) => readFile(join(directory, name), "utf8")));
  expect(texts.join("")).toContain("Tarpit for '0.00:00:10' due to 'Back Pressure'");
});

test("who leaves in the tarpit of back pressure is not held back afterwards", async () => {
  const { clock } = await start();
  sample = { ...calm, memoryUsedBytes: 7.3e9 };
  await clock.advance(2_000);
  const app = await connect("AppRelay");
  app.send(`${mail}\r\n`);
  await expect.poll(() => relay?.relay.connections()[0]?.activity).toBe("tarpit");
  app.reset();
  await expect.poll(() => relay?.relay.sessions).toBe(0);
  sample = calm;
  await clock.advance(2_000);
  const again = await connect("AppRelay");
  expect((await again.command(mail)).code).toBe(250);
});

test("a reload can switch it off", async () => {
  const { clock, relay: running } = await start();
  sample = { ...calm, diskUsedBytes: 99.9e9 };
  await clock.advance(2_000);
  const app = await connect("AppRelay");
  expect((await app.command(mail)).code).toBe(452);
  const { settings } = running;
  await running.relay.reconfigure({
    ...settings,
    transport: { ...settings.transport, backPressureEnabled: false },
  });
  expect((await app.command(mail)).code).toBe(250);
  await clock.advance(10_000);
  expect(running.relay.pressure()).toMatchObject({ level: "Low" });
});
