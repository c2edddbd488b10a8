/**
 * A PostgreSQL of its own for a test file: Debian's server, in a temporary folder, heard by a Unix socket alone, and not as
 * root. Flushes are off unless asked for: most suites pull no plug.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chmod, chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
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
  /** As SIGKILL to the server and all it has. */
  kill(): Promise<void>;
  /** Starts it again where it is. */
  start(): Promise<void>;
  stop(): Promise<void>;
  readonly folder: string;
}

/** PostgreSQL refuses to run as root. */
function unprivileged(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync("/etc/passwd", "utf8"));
  return { uid: Number(line?.[1] ?? 65_534), gid: Number(line?.[2] ?? 65_534) };
}

export async function startPostgres(
  options: { readonly fsync?: boolean; readonly settings?: Readonly<Record<string, string>> } = {},
): Promise<TestPostgres> {
  if (binaries === undefined) throw new Error(noPostgres);
  const who = unprivileged();
  const folder = await mkdtemp(join(tmpdir(), "weir-pg-"));
  await chmod(folder, 0o755);
  if (who !== undefined) await chown(folder, who.uid, who.gid);
  const data = join(folder, "data");
  await run(
    join(binaries, "initdb"),
    ["-D", data, "-U", "weir", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"],
    { ...who, cwd: folder },
  );
  const given = {
    listen_addresses: "",
    unix_socket_directories: folder,
    fsync: options.fsync === true ? "on" : "off",
    max_connections: "100",
    shared_buffers: "32MB",
    ...options.settings,
  };
  let server: ChildProcess | undefined;
  let told = "";

  const settings = (schema: string): DatabaseSettings => ({
    hosts: [{ host: folder, port: 5432 }],
    name: "postgres",
    user: "weir",
    passwordFile: undefined,
    schema,
    tls: undefined,
  });

  const start = async (): Promise<void> => {
    const child = (server = spawn(
      join(binaries, "postgres"),
      ["-D", data, ...Object.entries(given).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
      { ...who, cwd: folder, stdio: ["ignore", "ignore", "pipe"] },
    ));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (told = (told + text).slice(-20_000)));
    for (let tries = 0; ; tries++) {
      if (child.exitCode !== null || tries > 600) throw new Error(`PostgreSQL does not run: ${told}`);
      const session = openSession(settings("public"), "test");
      try {
        await session.query("select 1");
        return;
      } catch {
        await sleep(50);
      } finally {
        session.close();
      }
    }
  };

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const child = server;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  };

  await start();
  return {
    folder,
    settings,
    async withSchema(schema) {
      const of = settings(schema);
      const session = openSession(of, "test");
      await migrateSchema(session, schema).finally(() => session.close());
      return of;
    },
    // An immediate shutdown: what a crash leaves, without orphans of the server.
    kill: () => end("SIGQUIT"),
    start,
    async stop() {
      await end("SIGQUIT");
      await rm(folder, { recursive: true, force: true });
    },
  };
}
