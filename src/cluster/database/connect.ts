/**
 * Finds the server that takes writes. pg knows no lists of hosts, so they are tried in their order, the next one when one
 * has failed or said nothing for a second; the first that is no standby is used. Names are resolved anew each time, and the password is read anew, so that both may change.
 */
import { readFile } from "node:fs/promises";
import type { Client, ClientConfig } from "pg";
import type { DatabaseHost, DatabaseSettings } from "../../core/policy/cluster-settings.ts";
import { DatabaseFault } from "../../ports/database-fault.ts";

/** A host that says nothing for so long does not keep the next one from being tried. */
const nextHostMs = 1_000;
/** For one host: the connection, TLS, log-on, and its answer whether it takes writes. */
const hostMs = 5_000;

/** Rejects with DatabaseFault `unreachable`: what each host said. */
export async function connectToPrimary(settings: DatabaseSettings, purpose: string): Promise<Client> {
  const password = await passwordOf(settings);
  const reasons: string[] = [];
  const tries: Promise<Client | undefined>[] = [];
  let found: Client | undefined;
  for (const host of settings.hosts) {
    const attempt = tryHost(configOf(settings, host, password, purpose)).then(
      (client) => {
        if (found === undefined) found = client;
        else discard(client);
        return found;
      },
      (error: unknown) => {
        reasons.push(`${host.host}:${host.port}: ${error instanceof Error ? error.message : String(error)}`);
        return undefined;
      },
    );
    tries.push(attempt);
    const client = await Promise.race([attempt, later(nextHostMs)]);
    if (client !== undefined) return client;
  }
  await Promise.race([Promise.all(tries), firstOf(tries)]);
  if (found !== undefined) return found;
  throw new DatabaseFault("unreachable", `no database: ${reasons.join("; ")}`);
}

async function tryHost(config: ClientConfig): Promise<Client> {
  const { default: pg } = await import("pg");
  const client = new pg.Client(config);
  // One that is told to nobody would end the process.
  client.on("error", () => undefined);
  try {
    await withinMs(hostMs, client.connect());
    const { rows } = await withinMs(
      hostMs,
      client.query<{ standby: boolean; readonly: string }>(
        "select pg_is_in_recovery() as standby, current_setting('transaction_read_only') as readonly",
      ),
    );
    if (rows[0]?.standby === false && rows[0].readonly === "off") return client;
    throw new Error("takes no writes");
  } catch (error) {
    discard(client);
    throw error;
  }
}

/** Resolves with the first that is one. */
function firstOf(tries: readonly Promise<Client | undefined>[]): Promise<Client> {
  return new Promise((resolve) => {
    for (const attempt of tries)
      void attempt.then((client) => {
        if (client !== undefined) resolve(client);
      });
  });
}

function later(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms).unref());
}

/** Ends a connection at once, whatever is under way on it. */
export function discard(client: Client): void {
  const { connection } = client as unknown as { connection?: { stream?: { destroy(): void } } };
  connection?.stream?.destroy();
  client.end().catch(() => undefined);
}

async function passwordOf({ passwordFile }: DatabaseSettings): Promise<string | undefined> {
  if (passwordFile === undefined) return undefined;
  try {
    const text = await readFile(passwordFile, "utf8");
    return text.replace(/^\uFEFF/, "").split(/\r?\n/, 1)[0];
  } catch (error) {
    throw new DatabaseFault("unreachable", `the password cannot be read: ${String(error)}`, undefined, {
      cause: error,
    });
  }
}

function configOf(
  { name, user, tls }: DatabaseSettings,
  { host, port }: DatabaseHost,
  password: string | undefined,
  purpose: string,
): ClientConfig {
  return {
    host,
    port,
    user,
    database: name,
    // Not from the environment or a file of the system's user.
    password: password ?? "",
    application_name: `weir ${purpose}`,
    connectionTimeoutMillis: hostMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    ...(tls === undefined
      ? { ssl: false }
      : { ssl: { rejectUnauthorized: true, ...(tls.ca === undefined ? {} : { ca: [...tls.ca] }) } }),
  };
}

async function withinMs<Value>(ms: number, promise: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
    promise.catch(() => undefined);
  }
}
