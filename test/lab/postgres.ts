/**
 * A PostgreSQL of its own for a test file: Debian's server, in a temporary folder, heard by a Unix socket alone, and not as
 * root. Flushes are off unless asked for: most suites pull no plug.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { appendFile, chmod, chown, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Client, type QueryResultRow } from "pg";
import { openSession } from "../../src/cluster/database/session.ts";
import { migrateSchema } from "../../src/cluster/schema/migrate.ts";
import type { DatabaseSettings } from "../../src/core/policy/cluster-settings.ts";

const run = promisify(execFile);
const releases = "/usr/lib/postgresql";

/** Undefined: there is none. */
const binaries = ((): string | undefined => {
  const found = existsSync(releases) ? readdirSync(releases).map(Number).filter(Number.isFinite) : [];
  const newest = Math.max(0, ...found.filter((release) => release >= 15));
  const folder = join(releases, String(newest), "bin");
  return existsSync(join(folder, "initdb")) ? folder : undefined;
})();

/** Why suites on PostgreSQL are skipped; undefined: they are not. */
export const noPostgres =
  binaries === undefined ? "no PostgreSQL 15 or later here (Debian: apt-get install postgresql)" : undefined;
if (noPostgres !== undefined) console.warn(`skipped: ${noPostgres}`);

export interface TestPostgres {
  /** For a program's configuration, and for sessions. Each schema is a spool of its own. */
  settings(schema: string): DatabaseSettings;
  /** The same, with the schema made. */
  withSchema(schema: string): Promise<DatabaseSettings>;
  /** As the superuser, by a connection of its own; a standby answers too. */
  ask<Row extends QueryResultRow>(text: string): Promise<readonly Row[]>;
  /** As SIGKILL to the server and all it has. */
  kill(): Promise<void>;
  /** Starts it again where it is, if it does not run. */
  start(): Promise<void>;
  /** It is a standby of this one from now on, and forgets what it had. */
  follow(primary: TestPostgres): Promise<void>;
  stop(): Promise<void>;
  /** Of its socket. */
  readonly folder: string;
  /** The root of its process tree. */
  readonly pid: number;
  readonly port: number;
}

export interface TestPostgresOptions {
  readonly fsync?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
  /** Its data below this folder, which may be another disk. */
  readonly dataIn?: string;
  /** Its log of writes below this folder, which may be another disk. */
  readonly walIn?: string;
  /** Heard there as well. Whoever reaches it is let in. */
  readonly listen?: { readonly address: string; readonly port: number };
  /** A copy of this one, that follows it as its standby. */
  readonly follows?: TestPostgres;
}

/** PostgreSQL refuses to run as root. */
function unprivileged(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync("/etc/passwd", "utf8"));
  return { uid: Number(line?.[1] ?? 65_534), gid: Number(line?.[2] ?? 65_534) };
}

export const databaseUser = unprivileged;

export async function startPostgres(options: TestPostgresOptions = {}): Promise<TestPostgres> {
  if (binaries === undefined) throw new Error(noPostgres);
  const { follows, listen, walIn } = options;
  const who = unprivileged();
  const folder = await mkdtemp(join(tmpdir(), "weir-pg-"));
  await chmod(folder, 0o755);
  if (who !== undefined) await chown(folder, who.uid, who.gid);
  const data = join(options.dataIn ?? folder, "data");
  const port = listen?.port ?? 5432;
  const wal = walIn === undefined ? [] : ["--waldir", join(walIn, "wal")];
  if (walIn !== undefined) {
    await mkdir(join(walIn, "wal"), { mode: 0o700 });
    if (who !== undefined) await chown(join(walIn, "wal"), who.uid, who.gid);
  }
  const copy = (from: TestPostgres): Promise<unknown> =>
    run(
      join(binaries, "pg_basebackup"),
      ["-h", from.folder, "-p", `${from.port}`, "-U", "weir", "-D", data, "-R", "-c", "fast", "--no-sync"],
      { ...who, cwd: folder },
    );
  if (follows !== undefined) await copy(follows);
  else {
    await run(
      join(binaries, "initdb"),
      ["-D", data, "-U", "weir", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C", ...wal],
      { ...who, cwd: folder },
    );
    if (listen !== undefined)
      await appendFile(join(data, "pg_hba.conf"), "host all all all trust\nhost replication all all trust\n");
  }
  const given = {
    listen_addresses: listen?.address ?? "",
    port: `${port}`,
    unix_socket_directories: folder,
    fsync: options.fsync === true ? "on" : "off",
    max_connections: "100",
    shared_buffers: "32MB",
    ...options.settings,
  };
  let server: ChildProcess | undefined;
  let told = "";

  const settings = (schema: string): DatabaseSettings => ({
    hosts: [{ host: folder, port }],
    name: "postgres",
    user: "weir",
    passwordFile: undefined,
    schema,
    tls: undefined,
  });

  const ask: TestPostgres["ask"] = async (text) => {
    const client = new Client({ host: folder, port, user: "weir", database: "postgres" });
    client.on("error", () => undefined);
    try {
      await client.connect();
      return (await client.query(text)).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  };

  const runs = (child: ChildProcess | undefined): child is ChildProcess =>
    child !== undefined && child.exitCode === null && child.signalCode === null;

  const start = async (): Promise<void> => {
    if (runs(server)) return;
    const child = (server = spawn(
      join(binaries, "postgres"),
      ["-D", data, ...Object.entries(given).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
      { ...who, cwd: folder, stdio: ["ignore", "ignore", "pipe"] },
    ));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (told = (told + text).slice(-20_000)));
    for (let tries = 0; ; tries++) {
      if (child.exitCode !== null || tries > 600) throw new Error(`PostgreSQL does not run: ${told}`);
      try {
        await ask("select 1");
        return;
      } catch {
        await sleep(50);
      }
    }
  };

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const child = server;
    if (!runs(child)) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  };

  await start();
  return {
    folder,
    port,
    get pid() {
      return server?.pid ?? 0;
    },
    settings,
    ask,
    async withSchema(schema) {
      const of = settings(schema);
      const session = openSession(of, "test");
      await migrateSchema(session, schema).finally(() => session.close());
      return of;
    },
    // An immediate shutdown: what a crash leaves, without orphans of the server.
    kill: () => end("SIGQUIT"),
    start,
    async follow(primary) {
      await end("SIGQUIT");
      await rm(data, { recursive: true, force: true });
      await copy(primary);
      await start();
    },
    async stop() {
      await end("SIGQUIT");
      await rm(folder, { recursive: true, force: true });
      if (options.dataIn !== undefined) await rm(data, { recursive: true, force: true });
    },
  };
}

/** The server waits with each commit until a standby has it on its disk; resolves when one is there. */
export async function waitForStandby(server: TestPostgres): Promise<void> {
  await server.ask("alter system set synchronous_standby_names = 'ANY 1 (*)'");
  await server.ask("select pg_reload_conf()");
  for (let tries = 0; tries < 600; tries++) {
    const [row] = await server.ask<{ standbys: number }>(
      "select count(*)::int as standbys from pg_stat_replication where sync_state in ('sync', 'quorum')",
    );
    if (row !== undefined && row.standbys > 0) return;
    await sleep(50);
  }
  throw new Error("no standby came");
}

/** A standby takes writes from now on, and waits for no other. */
export async function promote(standby: TestPostgres): Promise<void> {
  await standby.ask("alter system reset synchronous_standby_names");
  await standby.ask("select pg_promote(true)");
}
