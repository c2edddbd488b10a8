/**
 * Two nodes on one PostgreSQL, as they are run: what is changed at one holds at both; one is killed, and the other delivers
 * its mail. Needs the build.
 */
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectAdmin } from "../../src/admin/client.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { type RecordingSink, startRecordingSink } from "../../src/testing/recording-sink.ts";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { placeSelfSigned } from "../../src/testing/self-signed-pairs.ts";
import { type SpawnedRelay, spawnRelay } from "../../src/testing/spawn-relay.ts";
import { noPostgres, startPostgres, type TestPostgres } from "../lab/postgres.ts";
import { configuration } from "./configuration.ts";
import { sendMessage } from "./send-message.ts";

const messages = 12;
/** A node that a busy machine keeps waiting so long is taken for dead, and its counts with it; one that is killed is waited for. */
const lease = "6s";

/**
 * A next hop that takes connections and says nothing, so that what is carried there is neither delivered nor refused; until
 * it is opened, and is the one at `port`.
 */
async function startGate(port: number): Promise<{ readonly port: number; open(): void; close(): void }> {
  const sockets = new Set<Socket>();
  let isOpen = false;
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    if (!isOpen) return;
    const onward = connect({ port, host: "127.0.0.1" });
    sockets.add(onward);
    onward.on("error", () => socket.destroy());
    socket.pipe(onward).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    open() {
      isOpen = true;
      // Who waits there comes again, and is let through.
      for (const socket of sockets) socket.destroy();
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** A node that its database kept waiting says 421 for a while, as it must; whoever sends comes again. */
async function sendInTime(port: number, text: string): Promise<void> {
  await expect.poll(() => sendMessage({ port, content: Buffer.from(text) }).catch(String)).toMatch(/^250 /);
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
  let gate: Awaited<ReturnType<typeof startGate>>;
  const relays: SpawnedRelay[] = [];

  const written = async (node: string, text: string, own = ""): Promise<string> => {
    const directory = join(folder, node);
    await placeSelfSigned(join(directory, "data"));
    const file = join(directory, "weir.yaml");
    await writeFile(
      file,
      `${text}cluster:
  node: ${node}
  database: { hosts: ["${server.folder}"], name: postgres, user: weir }
  lease: ${lease}
  drainDelay: 0s
${own}admin: { cluster: "127.0.0.1:0" }
`,
    );
    return file;
  };
  const weir = async (...words: string[]) => {
    const command = await spawnRelay(words, { cwd: folder });
    const ended = await command.exited;
    return { ...ended, stdout: command.stdout(), said: command.stdout() + command.stderr() };
  };
  const start = async (file: string): Promise<SpawnedRelay> => {
    const relay = await spawnRelay(["start", "--config", file], { cwd: folder });
    relays.push(relay);
    await relay.said(/Weir \S+ started/);
    return relay;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "weir-nodes-"));
    [server, sink] = await Promise.all([startPostgres(), startRecordingSink()]);
    gate = await startGate(sink.port);
  });
  afterAll(async () => {
    for (const relay of relays) relay.kill("SIGKILL");
    await Promise.all(relays.map(({ exited }) => exited));
    gate?.close();
    await sink?.close();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("share limits, a configuration and a queue, and one delivers what the other held when it was killed", async () => {
    const [portA, portB] = [await freePort(), await freePort()];
    const whole = configuration({ port: portA, sinkPort: gate.port }).replace(
      "maxInboundConnectionPerSource: unlimited",
      "maxInboundConnectionPerSource: 4 # for all nodes",
    );
    const a = await written("a", whole);
    // What differs by machine stands in its own file.
    const b = await written(
      "b",
      "dataDirectory: data\n",
      `  receiveConnectors:\n    - { name: AppRelay, bindings: ["127.0.0.1:${portB}"] }\n`,
    );

    const made = await weir("cluster", "init", "--config", a);
    expect(made.said).toMatch(
      /the schema is made, version \d+\nversion 1 of the nodes' configuration is what/,
    );
    expect(await readFile(a, "utf8")).not.toContain("receiveConnectors");
    let [first, second] = await Promise.all([start(a), start(b)]);
    await Promise.all([first, second].map((relay) => relay.said(/Stop with Ctrl-C/)));
    const adminOf = (node: string) => connectAdmin({ dataDirectory: join(folder, node, "data") });
    const adminA = await adminOf("a");
    let adminB = await adminOf("b");

    // Four places for a source, wherever they are taken.
    const clients = await Promise.all(
      [portA, portB, portA, portB].map((port) => connectScriptedClient({ port })),
    );
    for (const client of clients) await client.expect(220);
    const fifth = await connectScriptedClient({ port: portB });
    expect((await fifth.reply()).code).toBe(421);
    // Either shows the sessions of both, and one of them where it is asked for that.
    const sessions = async (of: { server?: string }) =>
      (await adminB.call("listConnections", of)).connections
        .map(({ server: at = "" }) => at)
        .toSorted((x, y) => x.localeCompare(y));
    await expect.poll(() => sessions({})).toEqual(["a", "a", "b", "b"]);
    expect(await sessions({ server: "A" })).toEqual(["a", "a"]);
    await expect(sessions({ server: "c" })).rejects.toThrow("there is no node c");
    fifth.close();

    // What is advised is out of what came to both.
    const recordedOf = async (of: { server?: string }) => {
      const { recorded, servers } = await adminB.call("testReceiveConnector", { name: "AppRelay", ...of });
      return { connections: recorded.connections, servers };
    };
    const [ofA, ofB] = [await recordedOf({ server: "a" }), await recordedOf({ server: "b" })];
    expect(ofA).toEqual({ connections: 2, servers: undefined });
    expect(await recordedOf({})).toEqual({
      connections: ofA.connections + ofB.connections,
      servers: ["b", "a"],
    });
    expect(await adminB.call("getLimitAdvice", {})).toMatchObject({ servers: ["b", "a"] });
    expect(await readdir(join(folder, "b", "data", "traffic-of-nodes"))).toEqual([]);

    // A change at one holds at both.
    await adminA.call("setReceiveConnector", {
      name: "AppRelay",
      settings: { maxInboundConnectionPerSource: 5 },
    });
    await expect.poll(() => greeting(portB)).toBe(220);
    for (const client of clients) client.close();
    const nodesAt = async () => (await adminB.call("listConfigurationVersions", {})).nodes;
    await expect.poll(nodesAt).toMatchObject(["a", "b"].map((node) => ({ node, version: 2, faults: [] })));
    const { text, ...change } = await adminB.call("getConfigurationVersion", { version: 2 });
    expect(text).toContain("maxInboundConnectionPerSource: 5 # for all nodes");
    expect(change).toMatchObject({ who: "shell", node: "a", doing: "setReceiveConnector AppRelay" });

    // So does a token.
    await adminA.call("newAdminToken", { name: "anna", role: "viewer" });
    await expect
      .poll(async () => (await adminB.call("listAdminTokens", {})).tokens)
      .toMatchObject([{ name: "anna", role: "viewer" }]);

    // What is looked at is what holds here: the text in common with this node's own.
    const doctor = await weir("doctor", "-Json", "--config", b);
    const found = (JSON.parse(doctor.stdout) as { readonly code: string }[]).map(({ code }) => code);
    expect(found).toEqual(expect.arrayContaining(["portsFine", "relayFine"]));
    expect(found).not.toContain("configurationFaults");

    // A node without the key goes on with what it has, says why, and takes it when it is there.
    const { keyFile } = await adminA.call("newDkimKey", { domain: "example.com", kind: "ed25519" });
    await expect.poll(nodesAt).toMatchObject([
      { node: "a", version: 3, faults: [] },
      { node: "b", version: 3, faults: [expect.stringMatching(/dkimKeys\[0\]\.keyFile.*cannot be read/)] },
    ]);
    // Nor does that keep it from starting.
    second.kill("SIGTERM");
    await second.exited;
    second = await start(b);
    await second.said(/cannot use version 3 .* and started with version 2/);
    await second.said(/Stop with Ctrl-C/);
    adminB = await adminOf("b");
    const configurations = async () =>
      (await adminA.call("listNodes", {})).nodes.map((node) => node.configuration);
    await expect.poll(configurations).toMatchObject([
      { inForce: 3, newest: 3, faults: [] },
      { inForce: 2, newest: 3, faults: [expect.stringMatching(/keyFile.*cannot be read/)] },
    ]);
    await mkdir(join(folder, "b", "dkim"));
    await copyFile(keyFile, join(folder, "b", "dkim", basename(keyFile)));
    await adminB.call("reloadConfiguration", {});
    await adminB.call("restoreConfigurationVersion", { version: 2 });
    await expect.poll(nodesAt).toMatchObject(["a", "b"].map((node) => ({ node, version: 4, faults: [] })));

    // Who did that is known to both.
    expect(
      (await adminB.call("listAudit", {})).entries.map(({ server: node, who, operation }) => [
        node,
        who,
        operation,
      ]),
    ).toEqual(
      expect.arrayContaining([
        ["a", "shell", "newAdminToken"],
        ["b", "shell", "restoreConfigurationVersion"],
      ]),
    );

    const sent = Array.from({ length: messages }, (_, n) => `Subject: node a ${n}\r\n\r\nhello\r\n`);
    for (const content of sent) await sendInTime(portA, content);
    first.kill("SIGKILL");
    await first.exited;
    gate.open();
    const delivered = await sink.waitFor(messages, 120_000).catch((fault: unknown) => {
      throw new Error(`${String(fault)}\nb said:\n${second.stderr().slice(-5_000)}`);
    });
    const subjectOf = (content: string): string => /Subject: (.*)\r/.exec(content)?.[1] ?? "";
    expect(delivered.map(({ content }) => subjectOf(content.toString())).toSorted()).toEqual(
      sent.map(subjectOf).toSorted(),
    );
    await second.said(/not heard of for their lease: 1/);
    expect((await weir("Get-Node", "-Csv", "-Property", "Name,State", "--config", b)).stdout).toBe(
      "Name,State\r\na,Down\r\nb,Up\r\n",
    );

    // What a wrote down stands on its own disk: the answer says that it is missing.
    const tracked = await weir("Get-MessageTrackingLog", "-Json", "--config", b);
    expect(tracked.said).toContain("a did not answer: it is down; what it has is missing here");
    expect(tracked.said).toMatch(/"server": "b"/);
    expect(await adminB.call("getLimitAdvice", {})).toMatchObject({
      servers: ["b"],
      unanswered: [{ server: "a", reason: "it is down" }],
    });

    // A node is drained, and takes mail again; one that is dead is known to be suspended when it comes.
    const heldAt = async (name: string) =>
      (await adminB.call("listNodes", {})).nodes.find((node) => node.name === name)?.messages;
    await expect.poll(() => heldAt("b")).toBe(0);
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

    // A queue that is suspended while a node is down is so when it comes, and resumed there it is so at the other.
    const [held] = (await adminB.call("listQueues", { include: ["External"] })).queues;
    const identity = held?.identity ?? "";
    expect(await adminB.call("suspendQueue", { identity })).toEqual({ queues: 1 });
    await (await start(a)).said(/Stop with Ctrl-C/);
    const again = await connectAdmin({ dataDirectory: join(folder, "a", "data") });
    if (again === undefined) throw new Error("no admin API");
    const statusAt = async (node: string) =>
      (await again.call("listQueues", { server: node, identity })).queues.map(({ status }) => status);
    expect(await statusAt("a")).toEqual(["Suspended"]);
    await again.call("resumeQueue", { identity });
    await expect.poll(() => statusAt("b")).not.toEqual(["Suspended"]);
  });

  test("take over the queue of a relay that was by itself, each message once, and it starts no more", async () => {
    const closed = await startGate(sink.port);
    try {
      const directory = join(folder, "old");
      await mkdir(directory);
      const port = await freePort();
      const whole = configuration({ port, sinkPort: closed.port });
      const single = join(directory, "single.yaml");
      await writeFile(single, whole);
      const old = await start(single);
      const sent = Array.from(
        { length: 5 },
        (_, n) => `Subject: old ${n}\r\n\r\n${"x".repeat(n * 40_000)}\r\n`,
      );
      for (const content of sent)
        expect(await sendMessage({ port, content: Buffer.from(content) })).toMatch(/^250 /);
      const node = join(directory, "node.yaml");
      const section = `cluster:
  node: old
  database: { hosts: ["${server.folder}"], name: postgres, user: weir, schema: moved }
  lease: 2s
`;
      await writeFile(node, `${whole}${section}`);
      expect((await weir("cluster", "init", "--config", node)).said).toContain("the schema is made");
      expect((await weir("cluster", "import", "--config", node)).said).toMatch(/in use by another process/);
      old.kill("SIGKILL");
      await old.exited;
      expect((await weir("cluster", "import", "-WhatIf", "--config", node)).said).toMatch(
        /5 messages with 5 open recipients would be moved into the database postgres[^]*nothing was changed/,
      );
      const moved = await weir("cluster", "import", "--config", node);
      expect(moved).toMatchObject({ code: 0 });
      expect(moved.said).toMatch(/moved into the database postgres at .*: 5 messages, 0 answers/);
      const refused = await weir("start", "--config", single);
      expect(refused.code).toBe(1);
      expect(refused.said).toMatch(/was moved into the database .* a relay here would send it a second time/);
      const before = sink.messages.length;
      closed.open();
      await start(node);
      const all = await sink.waitFor(before + sent.length, 60_000);
      const subjectOf = (content: Buffer): string =>
        /Subject: (old .*)\r/.exec(content.toString())?.[1] ?? "";
      expect(
        all
          .slice(before)
          .map(({ content }) => subjectOf(content))
          .toSorted((x, y) => x.localeCompare(y)),
      ).toEqual([0, 1, 2, 3, 4].map((n) => `old ${n}`));
    } finally {
      closed.close();
    }
  });
});
