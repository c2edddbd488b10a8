/** The admin API of a running relay, on the socket of its data directory. */
import type { LiveConfiguration } from "../config/live-configuration.ts";
import type { Clock } from "../ports/ports.ts";
import { createSystemClock } from "../ports/system-ports.ts";
import type { Relay } from "../relay.ts";
import { createExposition } from "../metrics/exposition.ts";
import { openAdminTokens } from "./admin-tokens.ts";
import { createAdminApp } from "./app.ts";
import { shell } from "./caller.ts";
import { type Console, openConsole } from "./console/open-console.ts";
import { createHandlers } from "./handlers.ts";
import { serveAdmin, type AdminServer } from "./server.ts";
import type { OpenStreams } from "./stream-events.ts";

export interface Admin {
  /** Where it listens; undefined when it could not be opened, which is told as an event. */
  readonly socket: string | undefined;
  /** Undefined when none is configured, or it could not be opened, which is told as an event. */
  readonly console: Pick<Console, "url" | "firstToken"> | undefined;
  /** Ends its streams and lets requests under way end. Idempotent. */
  close(): Promise<void>;
}

/** Never rejects: a relay that cannot be asked still relays. Close it before the relay is stopped. */
export async function openAdmin(options: {
  readonly relay: Relay;
  readonly configuration?: LiveConfiguration;
  readonly clock?: Clock;
  /** Makes a first token for the console where there is none, for who shows it to a person. Default false. */
  readonly makeFirstToken?: boolean;
}): Promise<Admin> {
  const { relay, configuration, clock = createSystemClock(), makeFirstToken = false } = options;
  const streams: OpenStreams = new Set();
  const { dataDirectory } = relay.settings;
  let server: AdminServer | undefined;
  let console: Console | undefined;
  try {
    const tokens = await openAdminTokens(dataDirectory);
    const app = createAdminApp({
      handlers: createHandlers({ relay, configuration, clock, startedAt: clock.wall(), tokens }),
      events: relay.events,
      clock,
      streams,
    });
    server = await serveAdmin(dataDirectory, (request) => app.fetch(request, { caller: shell }));
    relay.events.emit("AdminOpened", { socket: server.path });
    console = await openConsole({
      relay,
      tokens,
      clock,
      api: (request, bindings) => app.fetch(request, bindings),
      makeFirstToken,
      ...observed(relay),
    });
  } catch (fault) {
    const error = fault instanceof Error ? fault.message : String(fault);
    relay.events.emit("AdminFault", { directory: dataDirectory, error });
  }
  return {
    socket: server?.path,
    console,
    async close() {
      for (const end of streams) end();
      await Promise.all([server?.close(), console?.close()]);
    },
  };
}

/** What machines ask for: whether it lives, whether it takes mail, and its numbers. */
function observed(relay: Relay) {
  const exposition = createExposition(relay);
  return {
    open: new Map([
      ["/livez", () => Response.json({ live: true })],
      [
        "/readyz",
        () => {
          const ready = relay.listeners().length > 0;
          const reasons = ready ? [] : ["no listener is open"];
          return Response.json({ ready, reasons }, { status: ready ? 200 : 503 });
        },
      ],
    ]),
    viewed: new Map([
      [
        "/metrics",
        async () =>
          new Response(await exposition.text(), { headers: { "content-type": exposition.contentType } }),
      ],
    ]),
  };
}
