/** The console of a running relay: opened where `admin.console` says. */
import { formatEndpoint } from "../../core/units/endpoint.ts";
import type { Clock } from "../../ports/ports.ts";
import type { Relay } from "../../relay.ts";
import type { AdminTokens } from "../admin-tokens.ts";
import type { AdminBindings } from "../caller.ts";
import { builtConsole, readAssets } from "./assets.ts";
import { createConsoleApp, type ConsoleParts } from "./console-app.ts";
import { type ConsoleServer, serveConsole } from "./console-server.ts";
import { createSessions } from "./sessions.ts";
import { createSignInLimit } from "./sign-in-limit.ts";

export interface Console {
  /** `http://127.0.0.1:8025` */
  readonly url: string;
  /** The administrator's first token, made just now; told nowhere else. */
  readonly firstToken: string | undefined;
  close(): Promise<void>;
}

/** Undefined: none is configured, or it cannot be opened, which is told as an event. Never rejects. */
export async function openConsole(options: {
  readonly relay: Pick<Relay, "settings" | "events">;
  readonly tokens: AdminTokens;
  readonly clock: Clock;
  readonly api: (request: Request, bindings: AdminBindings) => Response | Promise<Response>;
  /** Makes a first token where there is none: somebody reads what the start prints. */
  readonly makeFirstToken: boolean;
  /** By path: answered to anybody, and to every role. */
  readonly open?: ConsoleParts["open"];
  readonly viewed?: ConsoleParts["viewed"];
}): Promise<Console | undefined> {
  const { relay, tokens, clock, api, makeFirstToken } = options;
  const { events } = relay;
  const wanted = relay.settings.admin.console;
  if (wanted === undefined) return undefined;
  const sessions = createSessions(clock, tokens);
  let server: ConsoleServer | undefined;
  try {
    if (tokens.fault !== undefined) throw new Error(tokens.fault);
    server = await serveConsole(
      wanted,
      createConsoleApp({
        api,
        tokens,
        sessions,
        limit: createSignInLimit(clock, (source, failures) =>
          events.emit("ConsoleSignInFailed", { source, count: failures }),
        ),
        assets: await readAssets(builtConsole),
        allowedHosts: () =>
          [relay.settings.hostname, ...relay.settings.admin.allowedHosts].map((name) => name.toLowerCase()),
        open: options.open ?? new Map(),
        viewed: options.viewed ?? new Map(),
        onFault: (where, fault) =>
          events.emit("RelayFault", {
            where: `console ${where}`,
            error: fault instanceof Error ? (fault.stack ?? fault.message) : String(fault),
          }),
      }),
    );
    const firstToken =
      makeFirstToken && tokens.list().length === 0
        ? await tokens.add({ name: "admin", role: "administrator", createdAt: clock.wall().toISOString() })
        : undefined;
    const address = formatEndpoint(server.endpoint);
    events.emit("ConsoleOpened", { address });
    const opened = server;
    return {
      url: `http://${address}`,
      firstToken,
      async close() {
        sessions.endAll();
        await opened.close();
      },
    };
  } catch (fault) {
    await server?.close();
    events.emit("ConsoleFault", {
      address: formatEndpoint(wanted),
      error: fault instanceof Error ? fault.message : String(fault),
    });
    return undefined;
  }
}
