/** Several nodes on one database, with clients at each and one next hop, and an account of the mail. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../../../../src/testing/free-port.ts";
import { startRecordingSink } from "../../../../../src/testing/recording-sink.ts";
import { type SpawnedRelay, spawnRelay } from "../../../../../src/testing/spawn-relay.ts";
import { onInterrupt } from "../../../../../bench/interrupt.ts";
import { startPostgres, type TestPostgres } from "../../../../lab/postgres.ts";
import { runLoadClient } from "../../../load-client.ts";
import { createTally, type Tally } from "../../../tally.ts";

export const leaseMs = 2_000;

export interface NodeRig {
  readonly database: TestPostgres;
  readonly tally: Tally;
  readonly nodes: readonly RunningNode[];
  /** The next hop takes no connections while it is. */
  away(is: boolean): void;
  /** Clients at each node until the returned function is called. */
  load(clientsPerNode: number): () => Promise<void>;
  /** Waits until all that was acknowledged has arrived, or nothing arrives any more for `quietMs`. */
  drained(quietMs: number): Promise<boolean>;
  close(): Promise<void>;
}

export interface RunningNode {
  readonly name: string;
  /** Starts it, and waits until it takes mail. */
  start(): Promise<void>;
  /** Rejects where it does not run. */
  signal(signal: NodeJS.Signals): Promise<void>;
}

export async function nodeRig(options: {
  readonly folder: string;
  readonly nodes: number;
  readonly random: () => number;
  /** Each node a schema of its own: what the others must not know. */
  readonly apart?: boolean;
}): Promise<NodeRig> {
  const { folder, random, apart = false } = options;
  mkdirSync(folder, { recursive: true });
  const tally = createTally();
  let isAway = false;
  const sink = await startRecordingSink({
    keepContent: false,
    onMessage: ({ content }) => tally.arrive(content),
    behave: ({ at }) =>
      isAway && at === "connect" ? { drop: true } : at === "content" ? { delayMs: 20 } : undefined,
  });
  // The server is not root, and its folder is below the programme's.
  chmodSync(tmpdir(), 0o711);
  const database = await startPostgres({ fsync: true });
  const relays = new Set<SpawnedRelay>();

  const made = async (name: string): Promise<RunningNode & { readonly port: number }> => {
    const schema = apart ? `weir_${name}` : "weir";
    await database.withSchema(schema);
    const port = await freePort();
    const directory = join(folder, name);
    mkdirSync(directory, { recursive: true });
    const file = join(directory, "weir.yaml");
    writeFileSync(
      file,
      `hostname: ${name}.example
receiveConnectors:
  - name: In
    bindings: ["127.0.0.1:${port}"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
    maxInboundConnectionPercentagePerSource: 100
    maxInboundConnectionPerSource: 200
    tarpitInterval: 0s
sendConnectors:
  - name: Out
    addressSpaces: ["*"]
    smartHosts: ["[127.0.0.1]:${sink.port}"]
transport:
  transientFailureRetryInterval: 2s
  queueGlitchRetryInterval: 1s
  messageRetryInterval: 2s
cluster:
  node: ${name}
  database: { hosts: ["${database.folder}"], name: postgres, user: weir, schema: ${schema} }
  lease: ${leaseMs}ms
`,
    );
    let relay: SpawnedRelay | undefined;
    return {
      name,
      port,
      async start() {
        relay = await spawnRelay(["start", "--config", file], { cwd: directory });
        relays.add(relay);
        await relay.said(/Weir \S+ started/, 60_000);
      },
      async signal(signal) {
        if (relay === undefined) throw new Error(`${name} does not run`);
        relay.kill(signal);
        if (signal !== "SIGKILL") return;
        relays.delete(relay);
        await relay.exited;
      },
    };
  };

  const nodes: (RunningNode & { readonly port: number })[] = [];
  for (let n = 0; n < options.nodes; n++) nodes.push(await made(`n${n}`));
  const close = async (): Promise<void> => {
    for (const relay of relays) {
      relay.kill("SIGCONT");
      relay.kill("SIGKILL");
    }
    await Promise.all([...relays].map(({ exited }) => exited));
    await sink.close();
    await database.stop();
  };
  onInterrupt(() => {
    for (const relay of relays) relay.kill("SIGKILL");
  });
  for (const node of nodes) await node.start();

  return {
    database,
    tally,
    nodes,
    close,
    away(is) {
      isAway = is;
    },
    load(clientsPerNode) {
      let stopped = false;
      const clients = nodes.flatMap(({ name, port }) =>
        Array.from({ length: clientsPerNode }, (_, n) =>
          runLoadClient({ port, name: `${name}-${n}`, tally, random, stopped: () => stopped }),
        ),
      );
      return async () => {
        stopped = true;
        await Promise.all(clients);
      };
    },
    async drained(quietMs) {
      let arrived = -1;
      let since = Date.now();
      for (;;) {
        if (tally.complete()) return true;
        if (tally.arrived() !== arrived) {
          arrived = tally.arrived();
          since = Date.now();
        } else if (Date.now() - since > quietMs) return false;
        await delay(100);
      }
    },
  };
}
