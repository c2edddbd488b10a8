/** Two nodes on one PostgreSQL, as they are run: one is killed, and the other delivers its mail. Needs the build. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../src/testing/free-port.ts";
import { type RecordingSink, startRecordingSink } from "../../src/testing/recording-sink.ts";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { type SpawnedRelay, spawnRelay } from "../../src/testing/spawn-relay.ts";
import { noPostgres, startPostgres, type TestPostgres } from "../lab/postgres.ts";
import { configuration } from "./configuration.ts";
import { sendMessage } from "./send-message.ts";

const messages = 12;

/** Takes connections and says nothing: what is carried there is neither delivered nor refused. */
async function startSilence(): Promise<{ readonly port: number; close(): void }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

async function greeting(port: number): Promise<number> {
  const client = await connectScriptedClient({ port });
  const { code } = await client.reply();
  client.close();
  return code;
}

describe.skipIf(noPostgres !== undefined)("two nodes", () => {
  let folder: string;
  let server: TestPostgres;
  let sink: RecordingSink;
  let silence: Awaited<ReturnType<typeof startSilence>>;
  const relays: SpawnedRelay[] = [];

  const configured = async (node: string, port: number, sinkPort: number): Promise<string> => {
    const directory = join(folder, node);
    await mkdir(directory, { recursive: true });
    const file = join(directory, "weir.yaml");
    const text = configuration({ port, sinkPort }).replace(
      "maxInboundConnectionPerSource: unlimited",
      "maxInboundConnectionPerSource: 4",
    );
    await writeFile(
      file,
      `${text}cluster:
  node: ${node}
  database: { hosts: ["${server.folder}"], name: postgres, user: weir }
  lease: 2s
  drainDelay: 0s
`,
    );
    return file;
  };
  const weir = async (...words: string[]) => {
    const command = await spawnRelay(words, { cwd: folder });
    return { ...(await command.exited), said: command.stdout() + command.stderr() };
  };
  const start = async (file: string): Promise<SpawnedRelay> => {
    const relay = await spawnRelay(["start", "--config", file], { cwd: folder });
    relays.push(relay);
    await relay.said(/Weir \S+ started/);
    return relay;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "weir-nodes-"));
    [server, sink, silence] = await Promise.all([startPostgres(), startRecordingSink(), startSilence()]);
  }, 120_000);
  afterAll(async () => {
    for (const relay of relays) relay.kill("SIGKILL");
    await Promise.all(relays.map(({ exited }) => exited));
    silence?.close();
    await sink?.close();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("share limits and a queue, and one delivers what the other held when it was killed", async () => {
    const [portA, portB] = [await freePort(), await freePort()];
    // What a carries ends nowhere; b has the same connectors, and a next hop that answers.
    const [a, b] = [await configured("a", portA, silence.port), await configured("b", portB, sink.port)];

    expect(await weir("cluster", "init", "--config", a)).toMatchObject({
      code: 0,
      said: "the schema is made, version 2\n",
    });
    const [first] = await Promise.all([start(a), start(b)]);

    // Four places for a source, wherever they are taken.
    const clients = await Promise.all(
      [portA, portB, portA, portB].map((port) => connectScriptedClient({ port })),
    );
    for (const client of clients) await client.expect(220);
    const fifth = await connectScriptedClient({ port: portB });
    expect((await fifth.reply()).code).toBe(421);
    for (const client of [...clients, fifth]) client.close();
    // What is over is told to the database behind the client's back.
    await expect.poll(() => greeting(portA)).toBe(220);

    const sent = Array.from({ length: messages }, (_, n) => `Subject: node a ${n}\r\n\r\nhello\r\n`);
    for (const content of sent)
      expect(await sendMessage({ port: portA, content: Buffer.from(content) })).toMatch(/^250 /);
    const ofB = "Subject: node b\r\n\r\nhello\r\n";
    expect(await sendMessage({ port: portB, content: Buffer.from(ofB) })).toMatch(/^250 /);
    await sink.waitFor(1);

    first.kill("SIGKILL");
    const delivered = await sink.waitFor(messages + 1, 60_000);
    const subjectOf = (content: string): string => /Subject: (.*)\r/.exec(content)?.[1] ?? "";
    expect(delivered.map(({ content }) => subjectOf(content.toString())).toSorted()).toEqual(
      [...sent, ofB].map(subjectOf).toSorted(),
    );
    const [, second] = relays;
    await second?.said(/nodes were not heard of|took over|1 nodes/);
    expect((await weir("Get-Node", "-Csv", "-Property", "Name,State", "--config", b)).said).toBe(
      "Name,State\r\na,Down\r\nb,Up\r\n",
    );

    // A node is drained, and takes mail again; one that is dead is known to be suspended when it comes.
    const drained = await weir("Suspend-Node", "b", "--config", b);
    expect(drained).toMatchObject({ code: 0 });
    expect(drained.said).toMatch(
      /^b is suspended: it takes no new mail; 0 messages are left.*\nno other node/,
    );
    expect(await greeting(portB)).toBe(421);
    expect((await weir("healthcheck", "-Ready", "--config", b)).said).toContain("the node is draining since");
    await weir("Suspend-Node", "a", "--config", b);
    expect((await weir("cluster", "nodes", "--config", b)).said).toMatch(
      /^a: Down, number \d+, .*\nb: Drained, number \d+, /,
    );
    expect((await weir("Resume-Node", "--config", b)).said).toBe("b takes mail again\n");
    expect(await greeting(portB)).toBe(220);
  }, 120_000);
});
