/** A fallback connector takes over while the relay is killed: each message goes by one of the two ways. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freePort } from "../../src/testing/free-port.ts";
import { type RecordingSink, startRecordingSink } from "../../src/testing/recording-sink.ts";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { placeSelfSigned } from "../../src/testing/self-signed-pairs.ts";
import { type SpawnedRelay, spawnRelay } from "../../src/testing/spawn-relay.ts";

const clients = 20;
const messagesEach = 20;
const messages = clients * messagesEach;
/** Of the second next hop, until the relay is killed: however late that is, it is in the middle. */
const mostBeforeKill = messages - clients;
/** So many may be on the wire when the relay is killed, and come again by the same way. */
const mostConnections = 2;

const configuration = (
  ports: { readonly own: number; readonly first: number; readonly second: number },
  dataDirectory: string,
  takesOver: boolean,
): string => `
hostname: relay.test
dataDirectory: ${JSON.stringify(dataDirectory)}
receiveConnectors:
  - name: Apps
    bindings: ["127.0.0.1:${ports.own}"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
    messageRateLimit: unlimited
    maxInboundConnectionPerSource: unlimited
    maxInboundConnectionPercentagePerSource: 100
sendConnectors:
  - name: Out
    addressSpaces: ["*"]
    smartHosts: ["[127.0.0.1]:${ports.first}"]
${takesOver ? "    fallbackConnector: Backup\n    fallbackAfter: 0s\n" : ""}
  - name: Backup
    addressSpaces: [elsewhere.test]
    smartHosts: ["[127.0.0.1]:${ports.second}"]
    maxConcurrentConnections: ${mostConnections}
transport: {queueGlitchRetryInterval: 1s}
`;

/** By one connection. */
async function sendSome(port: number, name: string): Promise<void> {
  const client = await connectScriptedClient({ port });
  await client.expect(220);
  client.send("EHLO app.test\r\n");
  await client.expect(250);
  for (let n = 0; n < messagesEach; n++) {
    client.send(
      `MAIL FROM:<app@a.test>\r\nRCPT TO:<${name}${n}@x.test>\r\nBDAT 15 LAST\r\nSubject: Hi\r\n\r\n`,
    );
    for (let reply = 0; reply < 3; reply++) await client.expect(250);
  }
  client.close();
}

const recipientsOf = (sink: RecordingSink): string[] =>
  sink.messages.map(({ recipients }) => recipients[0]?.path ?? "");

test("kill -9 in the middle of moving: everything arrives, what had moved by one way and the rest by the other", async () => {
  const directory = await mkdtemp(join(tmpdir(), "weir-fallback-"));
  let isKilled = false;
  const second: RecordingSink = await startRecordingSink({
    behave: ({ at }) =>
      at === "MAIL" && !isKilled && second.messages.length >= mostBeforeKill ? { stall: true } : undefined,
  });
  const ports = { own: await freePort(), first: await freePort(), second: second.port };
  let first: RecordingSink | undefined;
  let relay: SpawnedRelay | undefined;
  const file = join(directory, "weir.yaml");
  try {
    const configure = (takesOver: boolean): Promise<void> =>
      writeFile(file, configuration(ports, join(directory, "data"), takesOver));
    await configure(false);
    await placeSelfSigned(join(directory, "data"));
    const start = async (): Promise<SpawnedRelay> => {
      relay = await spawnRelay(["start", "--config", file], { cwd: directory });
      await relay.said(/Listening on/);
      return relay;
    };
    const killed = await start();
    await Promise.all(Array.from({ length: clients }, (_, n) => sendSome(ports.own, `c${n}-`)));
    await configure(true);
    await killed.said(/goes by send connector Backup/);
    killed.kill("SIGKILL");
    await killed.exited;
    isKilled = true;
    expect(second.messages.length).toBeLessThan(messages);

    first = await startRecordingSink({ port: ports.first });
    const [one, other] = [first, second];
    await start();
    const all = (): Set<string> => new Set([...recipientsOf(one), ...recipientsOf(other)]);
    await expect.poll(() => all().size).toBe(messages);
    expect(one.messages.length).toBeGreaterThan(0);
    const byFirst = new Set(recipientsOf(one));
    expect(recipientsOf(other).filter((recipient) => byFirst.has(recipient))).toEqual([]);
    expect(one.messages.length).toBe(byFirst.size);
    expect(other.messages.length - new Set(recipientsOf(other)).size).toBeLessThanOrEqual(mostConnections);
  } finally {
    relay?.kill("SIGKILL");
    await relay?.exited;
    await first?.close();
    await second.close();
    await rm(directory, { recursive: true, force: true });
  }
});
