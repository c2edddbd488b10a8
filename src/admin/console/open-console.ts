/** The console of a running relay: open where `admin.console` says, also after that has changed. */
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { getRequestListener } from "@hono/node-server";
import type { Settings } from "../../config/settings.ts";
import { formatEndpoint } from "../../core/units/endpoint.ts";
import { createHttpListeners, type HttpPlace, httpTls } from "../../http/http-listeners.ts";
import type { Clock } from "../../ports/ports.ts";
import type { Relay } from "../../relay-contract.ts";
import type { AdminTokens } from "../admin-tokens.ts";
import type { AdminBindings } from "../caller.ts";
import { type Assets, builtConsole, readAssets } from "./assets.ts";
import { createConsoleApp, type ConsoleParts } from "./console-app.ts";
import { readSessions, writeSessions } from "./session-file.ts";
import { createSessions } from "./sessions.ts";
import { createSignInLimit } from "./sign-in-limit.ts";

export interface Console {
  /** `http://127.0.0.1:8025`; undefined: none is configured, or it cannot be opened, which is told as an event. */
  readonly url: string | undefined;
  /** The administrator's first token, made just now; told nowhere else. */
  readonly firstToken: string | undefined;
  close(): Promise<void>;
}

/** Who is signed in stays so while the console moves. Rejects when the first token cannot be kept. */
export async function openConsole(options: {
  readonly relay: Pick<Relay, "settings" | "events" | "certificates" | "onReconfigured">;
  readonly tokens: AdminTokens;
  readonly clock: Clock;
  readonly api: (request: Request, bindings: AdminBindings) => Response | Promise<Response>;
  /** Makes a first token where there is none: somebody reads what the start prints. */
  readonly makeFirstToken: boolean;
  /** By path: answered to anybody, and to every role. */
  readonly open?: ConsoleParts["open"];
  readonly viewed?: ConsoleParts["viewed"];
}): Promise<Console> {
  const { relay, tokens, clock, api, makeFirstToken } = options;
  const { events, certificates } = relay;
  const sessionFile = join(relay.settings.dataDirectory, "admin", "sessions.json");
  const sessions = createSessions(clock, tokens, {
    kept: await readSessions(sessionFile),
    save: (kept) => writeSessions(sessionFile, kept),
  });
  let assets: Assets | undefined;

  const app = createConsoleApp({
    api,
    tokens,
    sessions,
    limit: createSignInLimit(clock, (source, failures) =>
      events.emit("ConsoleSignInFailed", { source, count: failures }),
    ),
    hostname: () => relay.settings.hostname,
    assets: () => assets ?? new Map(),
    allowedHosts: () =>
      [relay.settings.hostname, ...relay.settings.admin.allowedHosts].map((name) => name.toLowerCase()),
    open: options.open ?? new Map(),
    viewed: options.viewed ?? new Map(),
    onFault: (where, fault) =>
      events.emit("RelayFault", {
        where: `console ${where}`,
        error: fault instanceof Error ? (fault.stack ?? fault.message) : String(fault),
      }),
  });
  const answer = getRequestListener(
    (request, { incoming }) => app(request, { address: addressOf(incoming as IncomingMessage) }),
    { overrideGlobalObjects: false },
  );
  const failed = (address: string, error: string): void => events.emit("ConsoleFault", { address, error });
  const listeners = createHttpListeners((request, response) => void answer(request, response), {
    opened: (url) => events.emit("ConsoleOpened", { url }),
    closed: (url) => events.emit("ConsoleClosed", { url }),
    failed,
  });

  const follow = async ({ admin: { console: endpoint, tls } }: Settings): Promise<void> => {
    const places: HttpPlace[] = [];
    if (endpoint !== undefined && tokens.fault !== undefined) {
      failed(formatEndpoint(endpoint), tokens.fault);
    } else if (endpoint !== undefined) {
      assets ??= await readAssets(builtConsole);
      places.push({ endpoint, tls: httpTls(certificates, tls) });
    }
    await certificates.load("console", tls === undefined || places.length === 0 ? [] : [tls]);
    await listeners.apply(places);
  };

  await follow(relay.settings);
  const leave = relay.onReconfigured(follow);
  const firstToken =
    makeFirstToken && listeners.open.length > 0 && tokens.list().length === 0
      ? await tokens
          .add({ name: "admin", role: "administrator", createdAt: clock.wall().toISOString() })
          .catch((error: unknown) => {
            // Of nodes that start at the same moment one is first, and shows it.
            if (tokens.named("admin") === undefined) throw error;
            return undefined;
          })
      : undefined;
  return {
    get url() {
      return listeners.open[0]?.url;
    },
    firstToken,
    async close() {
      leave();
      // Who asks while a last request is answered is still signed in.
      await listeners.close();
      await sessions.close();
    },
  };
}

function addressOf({ socket }: IncomingMessage): string {
  return socket.remoteAddress ?? "";
}
