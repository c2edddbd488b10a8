/**
 * Who still speaks TLS 1.0 or 1.1, or would have to: counted by connector, address, name in EHLO, version and suite. Kept in a
 * file of the data directory, written at most once a minute; after a loss of power the last minute may be missing.
 */
import { readFile } from "node:fs/promises";
import { replaceFile } from "../../ports/replace-file.ts";
import { createLateWrites } from "../../ports/late-writes.ts";
import type { Clock } from "../../ports/ports.ts";

export interface LegacyTlsClient {
  readonly connector: string;
  readonly address: string;
  /** Of the last EHLO or HELO; empty where the handshake was refused. */
  readonly helloName: string;
  /** `TLSv1`, `TLSv1.1`; undefined: nothing as new as the connector wants, so it was refused. */
  readonly version: string | undefined;
  readonly cipher: string | undefined;
  readonly user: string | undefined;
  readonly connections: number;
  /** Milliseconds since the epoch. */
  readonly firstSeen: number;
  readonly lastSeen: number;
}

export type MetLegacyClient = Omit<LegacyTlsClient, "connections" | "firstSeen" | "lastSeen">;

export interface LegacyTlsClients {
  /** One more connection. Cost: a look-up. */
  met(client: MetLegacyClient): void;
  /** The latest first. */
  all(): readonly LegacyTlsClient[];
  /** Writes what is not written. Never rejects. */
  close(): Promise<void>;
}

/** Whoever was not seen for longest is forgotten for a new one. */
const mostClients = 1000;
const writeAfterMs = 60_000;

/** A file that is missing or cannot be understood counts nobody: it is for people, and begins anew. */
export async function openLegacyTlsClients(file: string, clock: Clock): Promise<LegacyTlsClients> {
  const clients = new Map((await stored(file)).map((client) => [keyOf(client), client]));
  const writes = createLateWrites(
    clock,
    writeAfterMs,
    () =>
      replaceFile(file, `${JSON.stringify({ version: 1, clients: [...clients.values()] })}\n`, {
        mode: 0o600,
      }),
    // For people; a disk that takes nothing is told by those who need it.
    () => undefined,
  );

  return {
    met(client) {
      const key = keyOf(client);
      const before = clients.get(key);
      const now = clock.wall().getTime();
      clients.delete(key);
      clients.set(key, {
        ...client,
        connections: (before?.connections ?? 0) + 1,
        firstSeen: before?.firstSeen ?? now,
        lastSeen: now,
      });
      const [oldest] = clients.keys();
      if (clients.size > mostClients && oldest !== undefined) clients.delete(oldest);
      writes.changed();
    },
    all: () => [...clients.values()].toReversed(),
    close: () => writes.close(),
  };
}

function keyOf({ connector, address, helloName, version, cipher, user }: MetLegacyClient): string {
  return JSON.stringify([connector, address, helloName, version, cipher, user]);
}

async function stored(file: string): Promise<readonly LegacyTlsClient[]> {
  try {
    const value: unknown = JSON.parse(await readFile(file, "utf8"));
    const { clients } = value as { readonly clients?: unknown };
    return Array.isArray(clients) ? clients.filter(isClient).slice(-mostClients) : [];
  } catch {
    return [];
  }
}

function isClient(value: unknown): value is LegacyTlsClient {
  if (typeof value !== "object" || value === null) return false;
  const client = value as Record<string, unknown>;
  return (
    ["connector", "address", "helloName"].every((name) => typeof client[name] === "string") &&
    ["version", "cipher", "user"].every((name) => ["string", "undefined"].includes(typeof client[name])) &&
    ["connections", "firstSeen", "lastSeen"].every((name) => Number.isFinite(client[name]))
  );
}
