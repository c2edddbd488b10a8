/** A relay process with its configuration, next hops on loopback, and an account of the mail. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../../../src/testing/free-port.ts";
import {
  type RecordingSink,
  type Stage,
  startRecordingSink,
} from "../../../../src/testing/recording-sink.ts";
import { type SpawnedRelay, spawnRelay } from "../../../../src/testing/spawn-relay.ts";
import { onInterrupt } from "../../../../bench/interrupt.ts";
import { NotStarted } from "../../crash-rounds.ts";
import { type Tally, createTally } from "../../tally.ts";
import { type LoadClientOptions, runLoadClient } from "../../load-client.ts";

export interface Hop {
  /** Mail to this domain goes here. */
  readonly domain: string;
  readonly sink: RecordingSink;
  /** Refuses connections while true. */
  away: boolean;
  /** Takes the message only to say 451. */
  deferring: boolean;
}

export interface RelayRig {
  readonly port: number;
  /** Of a second relay on the same data directory. */
  readonly secondPort: number;
  readonly tally: Tally;
  readonly hops: readonly Hop[];
  /** Reports that came to a next hop; there is one for each message given up or late. */
  reports(): number;
  /** Rejects with `NotStarted`. */
  start(how?: RelayStart): Promise<SpawnedRelay>;
  /** Clients that send until the returned function is called; it resolves when they have ended. */
  load(clients: number, more?: Partial<LoadClientOptions>): () => Promise<void>;
  /** Waits until all that was acknowledged has arrived, or nothing arrives any more for `quietMs`. */
  drained(quietMs?: number, mostMs?: number): Promise<boolean>;
  close(): Promise<void>;
}

export interface RelayStart {
  readonly under?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly withinMs?: number;
  /** On `secondPort`. */
  readonly second?: boolean;
}

export interface RelayRigOptions {
  /** Of the configuration. */
  readonly folder: string;
  /** Default: below the folder. */
  readonly dataDirectory?: string;
  readonly domains: readonly string[];
  readonly random: () => number;
  /** Put over the usual ones. */
  readonly transport?: Readonly<Record<string, unknown>>;
  readonly receiveConnector?: Readonly<Record<string, unknown>>;
  /** How a next hop behaves, where it is neither away nor deferring. */
  readonly behave?: (
    hop: Hop,
    stage: Stage,
  ) =>
    | {
        readonly reply?: string;
        readonly delayMs?: number;
        readonly drop?: boolean;
        readonly stall?: boolean;
      }
    | undefined;
  readonly onArrival?: (hop: Hop, content: Buffer) => void;
}

export async function relayRig(options: RelayRigOptions): Promise<RelayRig> {
  const { folder, random } = options;
  mkdirSync(folder, { recursive: true });
  const tally = createTally();
  const hops: Hop[] = [];
  let reports = 0;
  for (const domain of options.domains) {
    const sink = await startRecordingSink({ keepContent: false });
    const hop: Hop = { domain, sink, away: false, deferring: false };
    sink.configure({
      onMessage({ reversePath, content }) {
        options.onArrival?.(hop, content);
        if (reversePath === "") reports++;
        else if (/^m\d+@app\.example$/.test(reversePath)) tally.arrive(content);
      },
      behave(stage) {
        if (hop.away && stage.at === "connect") return { reply: "421 4.3.2 Away" };
        if (hop.deferring && stage.at === "content") return { reply: "451 4.3.0 Later" };
        return options.behave?.(hop, stage);
      },
    });
    hops.push(hop);
  }
  const { dataDirectory = join(folder, "data") } = options;
  const configured = async (name: string): Promise<{ port: number; configFile: string }> => {
    const port = await freePort();
    const configFile = join(folder, name);
    writeFileSync(configFile, JSON.stringify(settings({ ...options, port, dataDirectory, hops })));
    return { port, configFile };
  };
  const first = await configured("weir.yaml");
  const other = await configured("second.yaml");
  const { port } = first;
  const relays = new Set<SpawnedRelay>();
  const killAll = (): void => {
    for (const relay of relays) relay.kill("SIGKILL");
  };
  // Relays under another command are in process groups of their own.
  const forget = onInterrupt(killAll);

  return {
    port,
    secondPort: other.port,
    tally,
    hops,
    reports: () => reports,
    async start({ withinMs = 30_000, second = false, ...how } = {}) {
      const { configFile } = second ? other : first;
      const relay = await spawnRelay(["start", "--config", configFile], { cwd: folder, ...how });
      relays.add(relay);
      void relay.exited.then(() => relays.delete(relay));
      await relay.said(/Listening on/, withinMs).catch((error: unknown) => {
        relay.kill("SIGKILL");
        throw new NotStarted(String(error));
      });
      return relay;
    },
    load(count, more = {}) {
      let stopped = false;
      const clients = Array.from({ length: count }, (_, i) =>
        runLoadClient({
          port,
          name: `c${i}`,
          tally,
          random,
          stopped: () => stopped,
          recipient: () => `c${i}@${hops[Math.floor(random() * hops.length)]?.domain ?? ""}`,
          ...more,
        }),
      );
      return async () => {
        stopped = true;
        await Promise.all(clients);
      };
    },
    async drained(quietMs = 10_000, mostMs = 120_000) {
      const deadline = Date.now() + mostMs;
      let quietUntil = Date.now() + quietMs;
      for (let before = -1; Date.now() < Math.min(deadline, quietUntil); await delay(50)) {
        if (tally.complete()) return true;
        if (tally.arrived() !== before) quietUntil = Date.now() + quietMs;
        before = tally.arrived();
      }
      return false;
    },
    async close() {
      forget();
      killAll();
      await Promise.all([...relays].map(({ exited }) => exited));
      await Promise.all(hops.map(({ sink }) => sink.close()));
    },
  };
}

/** YAML, too. */
function settings(given: RelayRigOptions & { port: number; dataDirectory: string; hops: readonly Hop[] }) {
  return {
    hostname: "relay.test",
    dataDirectory: given.dataDirectory,
    receiveConnectors: [
      {
        name: "AppRelay",
        bindings: [`127.0.0.1:${given.port}`],
        remoteIpRanges: ["127.0.0.0/8"],
        permissionGroups: ["AnonymousUsers"],
        anonymousRelay: true,
        maxInboundConnection: "unlimited",
        maxInboundConnectionPerSource: "unlimited",
        maxInboundConnectionPercentagePerSource: 100,
        maxMessageSize: "25MB",
        tarpitInterval: "0s",
        ...given.receiveConnector,
      },
    ],
    sendConnectors: [
      ...given.hops.map(({ domain, sink }, index) => ({
        name: `Out${index}`,
        addressSpaces: [domain],
        smartHosts: [`[127.0.0.1]:${sink.port}`],
      })),
      // Reports go to whoever sent.
      {
        name: "Reports",
        addressSpaces: ["app.example"],
        smartHosts: [`[127.0.0.1]:${given.hops[0]?.sink.port}`],
      },
    ],
    transport: {
      transientFailureRetryInterval: "2s",
      queueGlitchRetryInterval: "1s",
      outboundConnectionFailureRetryInterval: "2s",
      messageRetryInterval: "2s",
      ...given.transport,
    },
  };
}
