/** The admin API of a running relay, on the socket of its data directory. */
import type { LiveConfiguration } from "../config/live-configuration.ts";
import type { Settings } from "../config/settings.ts";
import { exchange } from "../dns/exchange.ts";
import { followServers } from "../dns/relay-dns.ts";
import { createResolver } from "../dns/resolver.ts";
import { systemNameServers } from "../dns/system-name-servers.ts";
import type { Clock } from "../ports/ports.ts";
import type { KeptTokens } from "../ports/kept-tokens.ts";
import { createSystemClock } from "../ports/system-ports.ts";
import type { Relay } from "../relay-contract.ts";
import type { Stopping } from "./administered.ts";
import { openAdminTokens } from "./admin-tokens.ts";
import { createAdminApp } from "./app.ts";
import { shell } from "./caller.ts";
import { type Console, openConsole } from "./console/open-console.ts";
import { createHandlers } from "./handlers.ts";
import type { Nodes, NodesParts } from "./nodes/open-nodes.ts";
import { serveAdmin, type AdminServer } from "./server.ts";
import type { OpenStreams } from "./stream-events.ts";

export interface Admin {
  /** Where it listens; undefined when it could not be opened, which is told as an event. */
  readonly socket: string | undefined;
  /** Undefined when none is configured, or it could not be opened, which is told as an event. */
  readonly console: { readonly url: string; readonly firstToken: string | undefined } | undefined;
  /** Ends its streams and lets requests under way end. Idempotent. */
  close(): Promise<void>;
}

/** Never rejects: a relay that cannot be asked still relays. Close it before the relay is stopped. */
export async function openAdmin(options: {
  readonly relay: Relay;
  readonly configuration?: LiveConfiguration;
  /** Where tokens are kept. Default: a file of the data directory. */
  readonly tokens?: KeptTokens;
  readonly clock?: Clock;
  /** Makes a first token for the console where there is none, for who shows it to a person. Default false. */
  readonly makeFirstToken?: boolean;
  /** Ends the process; left out, the relay is not to be stopped from here. */
  readonly stopping?: Stopping;
}): Promise<Admin> {
  const { relay, configuration, clock = createSystemClock(), makeFirstToken = false, stopping } = options;
  // What the relay itself goes by.
  const nameServers = followServers(clock, () => relay.settings.transport, systemNameServers());
  const streams: OpenStreams = new Set();
  const { dataDirectory } = relay.settings;
  let server: AdminServer | undefined;
  let console: Console | undefined;
  let nodes: Nodes | undefined;
  let leave = (): void => undefined;
  let closeTokens = (): void => undefined;
  try {
    const tokens = await openAdminTokens(options.tokens ?? dataDirectory);
    closeTokens = () => tokens.close();
    const own = createHandlers(
      { relay, configuration, clock, startedAt: clock.wall(), tokens, stopping },
      createResolver({ clock, servers: nameServers, exchange }),
    );
    if (relay.node !== undefined) nodes = await openNodes({ relay, node: relay.node, own, clock, streams });
    const app = createAdminApp({
      handlers: nodes?.handlers ?? own,
      events: relay.events,
      clock,
      streams,
    });
    server = await serveAdmin(dataDirectory, (request) => app.fetch(request, { caller: shell }));
    relay.events.emit("AdminOpened", { socket: server.path });
    const { admit } = server;
    const admitGroup = ({ admin: { socketGroup } }: Settings): Promise<void> =>
      admit(socketGroup).catch((fault: unknown) => {
        const error = fault instanceof Error ? fault.message : String(fault);
        relay.events.emit("AdminGroupFault", { group: socketGroup ?? "", error });
      });
    await admitGroup(relay.settings);
    leave = relay.onReconfigured(admitGroup);
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
    get console() {
      const url = console?.url;
      return url === undefined ? undefined : { url, firstToken: console?.firstToken };
    },
    async close() {
      leave();
      closeTokens();
      for (const end of streams) end();
      await Promise.all([server?.close(), console?.close(), nodes?.close()]);
    },
  };
}

/** Loaded where there are several. */
async function openNodes(parts: NodesParts): Promise<Nodes> {
  const { openNodes: open } = await import("./nodes/open-nodes.ts");
  return open(parts);
}

/** What machines ask for: whether it lives, whether it takes mail, and its numbers. */
function observed(relay: Relay) {
  return {
    open: new Map<string, () => Response | Promise<Response>>([
      ["/livez", () => Response.json(relay.liveness())],
      [
        "/readyz",
        async () => {
          const { ready, reasons, warnings } = await relay.readiness();
          return Response.json({ ready, reasons, warnings }, { status: ready ? 200 : 503 });
        },
      ],
    ]),
    viewed: new Map([
      [
        "/metrics",
        async () => {
          const exposition = await relay.exposition();
          return new Response(await exposition.text(), {
            headers: { "content-type": exposition.contentType },
          });
        },
      ],
    ]),
  };
}
