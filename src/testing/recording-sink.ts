/**
 * A next hop for tests: an SMTP server on loopback that keeps what it is sent, octet by octet, and behaves as
 * told: extensions offered, replies, delays, dropped and stalled connections.
 */
import { once } from "node:events";
import { type AddressInfo, type Server, type Socket, createServer } from "node:net";
import type { RecordedMessage } from "./recorded-message.ts";
import { type SinkSettings, type SinkSessionHost, runSinkSession } from "./recording-sink-session.ts";

export type { RecordedMessage, RecordedRecipient } from "./recorded-message.ts";
export type { Behaviour, SinkSettings, Stage } from "./recording-sink-session.ts";

export interface RecordingSink {
  readonly port: number;
  /** In order of their final reply. */
  readonly messages: readonly RecordedMessage[];
  /** Command lines of all connections, in order. */
  readonly commands: readonly string[];
  /** Connections taken since the start. */
  readonly connections: number;
  /** Connections open now. */
  readonly open: number;
  /** Changes behaviour from the next command on. */
  configure(change: Partial<SinkSettings>): void;
  /** Resolves when at least `count` messages are there; rejects after `timeoutMs` (30 s). */
  waitFor(count: number, timeoutMs?: number): Promise<readonly RecordedMessage[]>;
  /** Resolves when `predicate` holds, looked at after each command and message; rejects after `timeoutMs` (30 s). */
  until(predicate: () => boolean, timeoutMs?: number): Promise<void>;
  /** Forgets messages and commands. */
  clear(): void;
  /** Stops listening and drops all connections. */
  close(): Promise<void>;
}

const defaults: SinkSettings = {
  extensions: ["PIPELINING", "8BITMIME", "SMTPUTF8", "DSN", "SIZE", "ENHANCEDSTATUSCODES", "CHUNKING"],
  tls: undefined,
  behave: undefined,
  keepContent: true,
  onMessage: undefined,
};

/** Starts a sink on a free port of 127.0.0.1, or on `port` and `address`. */
export async function startRecordingSink(
  settings: Partial<SinkSettings> & { port?: number; address?: string } = {},
): Promise<RecordingSink> {
  const { port = 0, address = "127.0.0.1", ...given } = settings;
  let current: SinkSettings = { ...defaults, ...given };
  const sockets = new Set<Socket>();
  const messages: RecordedMessage[] = [];
  const commands: string[] = [];
  const waiters = new Set<() => void>();
  let connections = 0;

  const changed = (): void => {
    for (const look of waiters) look();
  };
  const host: SinkSessionHost = {
    settings: () => current,
    onCommand(line) {
      commands.push(line);
      changed();
    },
    onMessage(message) {
      messages.push(current.keepContent ? message : { ...message, content: Buffer.alloc(0) });
      current.onMessage?.(message);
      changed();
    },
  };

  const server: Server = createServer({ noDelay: true }, (socket) => {
    connections++;
    sockets.add(socket);
    socket.once("close", () => {
      sockets.delete(socket);
      changed();
    });
    socket.on("error", () => undefined);
    void runSinkSession(socket, connections, host);
  });
  server.listen(port, address);
  await once(server, "listening");

  function until(predicate: () => boolean, timeoutMs = 30_000): Promise<void> {
    if (predicate()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (!predicate()) return;
        finish();
        resolve();
      };
      const timer = setTimeout(() => {
        finish();
        const last = commands.slice(-5).join(" | ");
        reject(new Error(`sink: nothing after ${timeoutMs} ms; ${messages.length} messages, last: ${last}`));
      }, timeoutMs);
      const finish = (): void => {
        waiters.delete(look);
        clearTimeout(timer);
      };
      waiters.add(look);
    });
  }

  return {
    port: (server.address() as AddressInfo).port,
    messages,
    commands,
    get connections() {
      return connections;
    },
    get open() {
      return sockets.size;
    },
    configure(change) {
      current = { ...current, ...change };
    },
    async waitFor(count, timeoutMs) {
      await until(() => messages.length >= count, timeoutMs);
      return messages;
    },
    until,
    clear() {
      messages.length = 0;
      commands.length = 0;
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
