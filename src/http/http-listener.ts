/** One listening socket that speaks HTTP, or HTTPS with a certificate that may change while it listens. */
import { createServer as createHttpServer, type RequestListener, type ServerOptions } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { Endpoint } from "../core/policy/receive-connector.ts";

export interface HttpListener {
  /** With the port the system chose where 0 was configured. */
  readonly endpoint: Endpoint;
  /** Listens no more at once; lets requests under way end, for a second at most. */
  close(): Promise<void>;
}

/** A certificate in PEM and its successors. */
export interface CertificateSource {
  /** Undefined: there is none that can be used. */
  pair(): { readonly cert: Buffer; readonly key: Buffer } | undefined;
  onChange(listener: () => void): () => void;
  /** Clients are asked for a certificate, which whoever answers looks at. */
  readonly asksClients?: boolean;
}

const graceMs = 1_000;
const maxConnections = 500;
const options: ServerOptions = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
};

/** Rejects when it cannot listen there, and without a certificate where one is wanted. TLS 1.2 is the least. */
export async function listenHttp(
  endpoint: Endpoint,
  answer: RequestListener,
  certificate?: CertificateSource,
): Promise<HttpListener> {
  const { server, forget } =
    certificate === undefined
      ? { server: createHttpServer(options, answer), forget: undefined }
      : secured(answer, certificate);
  server.maxConnections = maxConnections;
  // A stream may be silent for long.
  server.timeout = 0;
  // Also who speaks SMTP here.
  server.on("clientError", (_, socket) => {
    if (socket.writable)
      socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    else socket.destroy();
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(
        { host: endpoint.address, port: endpoint.port, ipv6Only: endpoint.address.includes(":") },
        () => {
          server.removeListener("error", reject);
          resolve();
        },
      );
    });
  } catch (fault) {
    forget?.();
    throw fault;
  }
  // Accept errors (EMFILE) concern single connections; the listener goes on.
  server.on("error", () => undefined);
  const bound = server.address();
  return {
    endpoint: typeof bound === "object" && bound !== null ? { ...endpoint, port: bound.port } : endpoint,
    async close() {
      forget?.();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(timer);
    },
  };
}

function secured(answer: RequestListener, certificate: CertificateSource) {
  const first = certificate.pair();
  if (first === undefined) throw new Error("its certificate cannot be used");
  const server = createHttpsServer(
    {
      ...options,
      ...first,
      ...(certificate.asksClients === true ? { requestCert: true, rejectUnauthorized: false } : {}),
      minVersion: "TLSv1.2",
      handshakeTimeout: 10_000,
    },
    answer,
  );
  let used = first;
  const forget = certificate.onChange(() => {
    const pair = certificate.pair();
    if (pair === undefined || pair === used) return;
    used = pair;
    // Open connections keep theirs.
    server.setSecureContext({ ...pair, minVersion: "TLSv1.2" });
  });
  return { server, forget };
}
