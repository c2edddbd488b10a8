/** A real relay in this process, on free ports, with a data directory of its own that goes with it. */
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Settings } from "../config/settings.ts";
import type { ClusterSettings } from "../core/policy/cluster-settings.ts";
import type { Endpoint } from "../core/policy/receive-connector.ts";
import type { EventRecord } from "../events/events.ts";
import type { Ports } from "../ports/ports.ts";
import { createRelay } from "../relay.ts";
import type { Relay } from "../relay-contract.ts";
import { freePort } from "./free-port.ts";
import { placeSelfSigned } from "./self-signed-pairs.ts";
import { type TestSettings, receiveConnector, testSettings } from "./test-settings.ts";

export interface TemporaryRelay {
  readonly relay: Relay;
  readonly settings: Settings;
  /** Of the first receive connector. */
  readonly port: number;
  /** Of a receive connector by name; throws for an unknown one. */
  portOf(connector: string): number;
  /** Where it takes mail by HTTP; throws where it does not. */
  httpPortOf(connector: string): number;
  readonly dataDirectory: string;
  /** Told since the start, at every level that is on. */
  readonly events: readonly EventRecord[];
  /** Stops the relay; keeps its data directory. A second `startTemporaryRelay` may take it over. */
  halt(graceMs?: number): Promise<void>;
  /** Stops the relay and removes its data directory. Rejects when sessions are left. */
  stop(graceMs?: number): Promise<void>;
}

export type TemporaryRelaySettings = Omit<TestSettings, "dataDirectory"> & {
  readonly dataDirectory?: string;
  readonly ports?: Partial<Ports>;
};

/**
 * The folder of a PostgreSQL's socket: each relay that is not told otherwise is a node there, in a schema of its data
 * directory (`npm run test:postgres`).
 */
const onPostgres = process.env["WEIR_TEST_POSTGRES"];

async function nodeOn(host: string, dataDirectory: string): Promise<ClusterSettings> {
  const schema = `t${createHash("sha256").update(dataDirectory).digest("hex").slice(0, 20)}`;
  const database = {
    hosts: [{ host, port: 5432 }],
    name: "postgres",
    user: "weir",
    passwordFile: undefined,
    schema,
    tls: undefined,
  };
  const [{ openSession }, { migrateSchema }] = await Promise.all([
    import("../cluster/database/session.ts"),
    import("../cluster/schema/migrate.ts"),
  ]);
  const session = openSession(database, "test");
  await migrateSchema(session, schema).finally(() => session.close());
  return { node: "t", database, leaseMs: 10_000, drainDelayMs: 0, forgetAfterMs: 604_800_000 };
}

/** Each connector's port 0 becomes a free port. Listens and delivers when this resolves. */
export async function startTemporaryRelay(given: TemporaryRelaySettings = {}): Promise<TemporaryRelay> {
  const { ports, dataDirectory: existing, ...rest } = given;
  const dataDirectory = existing ?? (await mkdtemp(join(tmpdir(), "weir-relay-")));
  if (existing === undefined) await placeSelfSigned(dataDirectory);
  const onFreePorts = (bindings: readonly Endpoint[]): Promise<Endpoint[]> =>
    Promise.all(
      bindings.map(async ({ address, port }) => ({
        address,
        port: port === 0 ? await freePort() : port,
      })),
    );
  const receiveConnectors = await Promise.all(
    (rest.receiveConnectors ?? [receiveConnector()]).map(async (connector) => ({
      ...connector,
      bindings: await onFreePorts(connector.bindings),
      httpBindings: await onFreePorts(connector.httpBindings),
    })),
  );
  const cluster = rest.cluster ?? (onPostgres && (await nodeOn(onPostgres, dataDirectory)));
  const settings = testSettings({
    ...rest,
    dataDirectory,
    receiveConnectors,
    ...(cluster ? { cluster } : undefined),
  });
  const relay = await createRelay(settings, ports ?? {});
  const events: EventRecord[] = [];
  const unsubscribe = relay.events.subscribe((record) => events.push(record));
  await relay.start();

  const portOf = (name: string): number => {
    const port = receiveConnectors.find((connector) => connector.name === name)?.bindings[0]?.port;
    if (port === undefined) throw new Error(`no receive connector ${name}`);
    return port;
  };
  const httpPortOf = (name: string): number => {
    const port = receiveConnectors.find((connector) => connector.name === name)?.httpBindings[0]?.port;
    if (port === undefined) throw new Error(`no HTTP at receive connector ${name}`);
    return port;
  };
  const halt = async (graceMs = 2_000): Promise<void> => {
    await relay.stop("the test is over", graceMs);
    unsubscribe();
    if (relay.sessions !== 0) throw new Error(`${relay.sessions} sessions are left behind`);
  };
  return {
    relay,
    settings,
    port: portOf(receiveConnectors[0]?.name ?? ""),
    portOf,
    httpPortOf,
    dataDirectory,
    events,
    halt,
    async stop(graceMs) {
      await halt(graceMs);
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}
