/** Several nodes on one database, with clients at each and one next hop, and an account of the mail. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../../../../src/testing/free-port.ts";
import { type RecordingSink, startRecordingSink } from "../../../../../src/testing/recording-sink.ts";
import { type SpawnedRelay, spawnRelay } from "../../../../../src/testing/spawn-relay.ts";
import { onInterrupt } from "../../../../../bench/interrupt.ts";
import { startPostgres, type TestPostgres } from "../../../../lab/postgres.ts";
import { runLoadClient } from "../../../load-client.ts";
import { createTally, type Tally } from "../../../tally.ts";
import { openAtOnce } from "../../rig/open-at-once.ts";
import { visit, type Visitors } from "./visitors.ts";

export const leaseMs = 2_000;
/** Of the connector that visitors come to. */
export const mostVisitors = 8;
/** How long the next hop takes before it says 354, and before its last answer: so that there is something under way. */
const dataMs = 30;
const contentMs = 20;

export interface RigOptions {
  readonly folder: string;
  readonly nodes: number;
  readonly random: () => number;
  /** Each node a schema of its own: what the others must not know. */
  readonly apart?: boolean;
  /** Where the nodes find the database, and what makes the schema. Default: a server of their own. */
  readonly database?: RigDatabase;
  /** They have one configuration in the database, as `weir cluster init` makes it, and answer each other. */
  readonly common?: boolean;
  /** Default: `leaseMs`. */
  readonly lease?: number;
  /** Connections to the next hop at most, over all nodes. */
  readonly mostOut?: number;
  /** What runs first: another build's `bin/weir.js`. Default: this one's. */
  readonly program?: string;
  /** Where the nodes and the next hop are, and what puts a node there. Default: loopback. */
  readonly place?: {
    readonly nodeAddress: (n: number) => string;
    readonly sinkAddress: string;
    readonly under: (n: number) => readonly string[] | undefined;
  };
}

export interface RigDatabase {
  /** As in the configuration. */
  readonly hosts: readonly string[];
  makeSchema(schema: string): Promise<unknown>;
  stop(): Promise<void>;
}

export interface NodeRig {
  readonly tally: Tally;
  readonly nodes: readonly RunningNode[];
  /** The server of their own; throws where it was given. */
  readonly database: TestPostgres;
  /** What a node delivered of messages that had arrived before. */
  secondBy(node: string): number;
  /** Connections that were open at the next hop at once, since this was asked last. */
  mostOut(): number;
  /** The next hop takes no connections while it is. */
  away(is: boolean): void;
  /** Clients at each node until the returned function is called. */
  load(clientsPerNode: number): () => Promise<void>;
  /** Visitors at each node, more than are let in. */
  visit(): Visitors;
  /** Waits until all that was acknowledged has arrived, or nothing arrives any more for `quietMs`. */
  drained(quietMs: number): Promise<boolean>;
  close(): Promise<void>;
}

export interface RunningNode {
  readonly name: string;
  /** Of its configuration; commands that name it ask this node. */
  readonly file: string;
  /** Starts it, and waits until it takes mail. `program`: from now on it runs that. */
  start(program?: string): Promise<void>;
  /** In good order. */
  stop(): Promise<void>;
  /** Rejects where it does not run. */
  signal(signal: NodeJS.Signals): Promise<void>;
  /** All it has said since it was made. */
  said(): string;
}

export async function nodeRig(options: RigOptions): Promise<NodeRig> {
  const { folder, random, apart = false, place, common = false } = options;
  mkdirSync(folder, { recursive: true });
  const tally = createTally();
  let isAway = false;
  const nodeOf = new Map<number, string>();
  const arrived = new Set<string>();
  const second = new Map<string, number>();
  let mostOpen = 0;
  const sink: RecordingSink = await startRecordingSink({
    ...(place === undefined ? {} : { address: place.sinkAddress }),
    keepContent: false,
    onMessage({ content, connection }) {
      tally.arrive(content);
      const id = /X-Id: (m\d+)\r/.exec(content.subarray(0, 2_000).toString("latin1"))?.[1] ?? "";
      const node = nodeOf.get(connection) ?? "";
      if (arrived.has(id)) second.set(node, (second.get(node) ?? 0) + 1);
      arrived.add(id);
    },
    behave({ at, line, connection }) {
      if (at === "connect") mostOpen = Math.max(mostOpen, openAtOnce(sink.port));
      // Also those who are connected: what waits is to wait.
      if (isAway && at !== "content") return { drop: true };
      if (at === "EHLO") nodeOf.set(connection, /^EHLO (\w+)\./i.exec(line)?.[1] ?? "");
      if (at === "DATA") return { delayMs: dataMs };
      return at === "content" ? { delayMs: contentMs } : undefined;
    },
  });
  const own = options.database === undefined ? await startPostgres({ fsync: true }) : undefined;
  const database: RigDatabase = options.database ?? ownDatabase(own as TestPostgres);
  const relays = new Set<SpawnedRelay>();

  const made = async (n: number): Promise<RunningNode & Ports> => {
    const name = `n${n}`;
    let { program } = options;
    const schema = apart ? `weir_${name}` : "weir";
    if (!common) await database.makeSchema(schema);
    const address = place?.nodeAddress(n) ?? "127.0.0.1";
    const [port, fewPort] = [await freePort(), await freePort()];
    const directory = join(folder, name);
    mkdirSync(directory, { recursive: true });
    const file = join(directory, "weir.yaml");
    const settings = `receiveConnectors:
  - name: In
    bindings: ["${address}:${port}"]
    remoteIpRanges: ["127.0.0.0/8", "198.18.0.0/15"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
    maxInboundConnectionPercentagePerSource: 100
    maxInboundConnectionPerSource: 200
    tarpitInterval: 0s
  - name: Few
    bindings: ["${address}:${fewPort}"]
    remoteIpRanges: ["127.0.0.0/8", "198.18.0.0/15"]
    permissionGroups: [AnonymousUsers]
    maxInboundConnection: ${mostVisitors}
    maxInboundConnectionPercentagePerSource: 100
    maxInboundConnectionPerSource: 200
sendConnectors:
  - name: Out
    addressSpaces: ["*"]
    smartHosts: ["[${place?.sinkAddress ?? "127.0.0.1"}]:${sink.port}"]
    maxConcurrentConnections: ${options.mostOut ?? 20}
transport:
  maxConnectionRatePerMinute: unlimited
  transientFailureRetryInterval: 2s
  queueGlitchRetryInterval: 1s
  messageRetryInterval: 2s
`;
    const ofNode = `hostname: ${name}.example
${common ? `admin: { cluster: "${address}:${await freePort()}" }\n` : ""}cluster:
  node: ${name}
  database: { hosts: ${JSON.stringify(database.hosts)}, name: postgres, user: weir, schema: ${schema} }
  lease: ${options.lease ?? leaseMs}ms
  drainDelay: 500ms
`;
    const differing = `  receiveConnectors:
    - { name: In, bindings: ["${address}:${port}"] }
    - { name: Few, bindings: ["${address}:${fewPort}"] }
`;
    writeFileSync(file, common && n > 0 ? ofNode + differing : settings + ofNode);
    if (common && n === 0) {
      const init = await spawnRelay(["cluster", "init", "--config", file], { cwd: directory, program });
      if ((await init.exited).code !== 0) throw new Error(init.stderr());
    }
    let relay: SpawnedRelay | undefined;
    let said = "";
    return {
      name,
      file,
      address,
      port,
      fewPort,
      said: () => said,
      async start(wanted) {
        program = wanted ?? program;
        const under = place?.under(n);
        relay = await spawnRelay(["start", "--config", file], {
          cwd: directory,
          program,
          ...(under === undefined ? {} : { under }),
        });
        relays.add(relay);
        relay.process.stderr?.on("data", (text: string) => (said += text));
        await relay.said(/Weir \S+ started/, 120_000);
      },
      async stop() {
        if (relay === undefined) throw new Error(`${name} does not run`);
        relay.kill("SIGTERM");
        relays.delete(relay);
        await relay.exited;
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

  const nodes: (RunningNode & Ports)[] = [];
  for (let n = 0; n < options.nodes; n++) nodes.push(await made(n));
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
  try {
    for (const node of nodes) await node.start();
  } catch (error) {
    await close();
    throw error;
  }

  return {
    get database() {
      if (own === undefined) throw new Error("the rig has no database of its own");
      return own;
    },
    tally,
    nodes,
    close,
    mostOut() {
      const most = mostOpen;
      mostOpen = 0;
      return most;
    },
    secondBy: (node) => second.get(node) ?? 0,
    away(is) {
      isAway = is;
    },
    load(clientsPerNode) {
      let stopped = false;
      const clients = nodes.flatMap(({ name, address, port }) =>
        Array.from({ length: clientsPerNode }, (_, n) =>
          runLoadClient({ port, address, name: `${name}-${n}`, tally, random, stopped: () => stopped }),
        ),
      );
      return async () => {
        stopped = true;
        await Promise.all(clients);
      };
    },
    visit: () =>
      visit(
        nodes.map(({ name, address, fewPort: port }) => ({ name, address, port })),
        mostVisitors,
        400,
        random,
      ),
    async drained(quietMs) {
      let before = -1;
      let since = Date.now();
      for (;;) {
        if (tally.complete()) return true;
        if (tally.arrived() !== before) {
          before = tally.arrived();
          since = Date.now();
        } else if (Date.now() - since > quietMs) return false;
        await delay(100);
      }
    },
  };
}

interface Ports {
  readonly address: string;
  /** For mail. */
  readonly port: number;
  /** For visitors. */
  readonly fewPort: number;
}

function ownDatabase(server: TestPostgres): RigDatabase {
  return {
    hosts: [server.folder],
    makeSchema: (schema) => server.withSchema(schema),
    stop: () => server.stop(),
  };
}
