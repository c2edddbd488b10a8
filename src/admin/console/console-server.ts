/** Listens for the console. */
import { createServer, type IncomingMessage } from "node:http";
import { getRequestListener } from "@hono/node-server";
import type { Endpoint } from "../../core/policy/receive-connector.ts";
import type { ConsoleApp } from "./console-app.ts";

export interface ConsoleServer {
  /** With the port the system chose where 0 was configured. */
  readonly endpoint: Endpoint;
  /** Lets requests under way end, for a second at most. */
  close(): Promise<void>;
}

const graceMs = 1_000;
const maxConnections = 500;

/** Rejects when it cannot listen there. */
export async function serveConsole(endpoint: Endpoint, app: ConsoleApp): Promise<ConsoleServer> {
  const listener = getRequestListener(
    (request, { incoming }) => app(request, { address: addressOf(incoming as IncomingMessage) }),
    { overrideGlobalObjects: false },
  );
  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 5_000 },
    (request, response) => void listener(request, response),
  );
  server.maxConnections = maxConnections;
  // A stream may be silent for long.
  server.timeout = 0;
  // Also who speaks SMTP here.
  server.on("clientError", (_, socket) => {
    if (socket.writable)
      socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    else socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(endpoint.port, endpoint.address, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
  const bound = server.address();
  return {
    endpoint: typeof bound === "object" && bound !== null ? { ...endpoint, port: bound.port } : endpoint,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(timer);
    },
  };
}

function addressOf({ socket }: IncomingMessage): string {
  return socket.remoteAddress ?? "";
}
