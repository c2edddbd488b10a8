/** The admin API of a running relay, on the socket of its data directory. */
import type { LiveConfiguration } from "../config/live-configuration.ts";
import type { Clock } from "../ports/ports.ts";
import { createSystemClock } from "../ports/system-ports.ts";
import type { Relay } from "../relay.ts";
import { createAdminApp } from "./app.ts";
import { createHandlers } from "./handlers.ts";
import { serveAdmin, type AdminServer } from "./server.ts";
import type { OpenStreams } from "./stream-events.ts";

export interface Admin {
  /** Where it listens; undefined when it could not be opened, which is told as an event. */
  readonly socket: string | undefined;
  /** Ends its streams and lets requests under way end. Idempotent. */
  close(): Promise<void>;
}

/** Never rejects: a relay that cannot be asked still relays. Close it before the relay is stopped. */
export async function openAdmin(options: {
  readonly relay: Relay;
  readonly configuration?: LiveConfiguration;
  readonly clock?: Clock;
}): Promise<Admin> {
  const { relay, configuration, clock = createSystemClock() } = options;
  const streams: OpenStreams = new Set();
  const { dataDirectory } = relay.settings;
  let server: AdminServer | undefined;
  try {
    const app = createAdminApp({
      handlers: createHandlers({ relay, configuration, clock, startedAt: clock.wall() }),
      events: relay.events,
      clock,
      streams,
      roleOf: () => "administrator",
    });
    server = await serveAdmin(dataDirectory, (request) => app.fetch(request));
    relay.events.emit("AdminOpened", { socket: server.path });
  } catch (fault) {
    const error = fault instanceof Error ? fault.message : String(fault);
    relay.events.emit("AdminFault", { directory: dataDirectory, error });
  }
  return {
    socket: server?.path,
    async close() {
      for (const end of streams) end();
      await server?.close();
    },
  };
}
