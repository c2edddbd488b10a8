/** What monitoring systems ask for, on listeners of its own: `/metrics`, `/livez`, `/readyz`. */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Endpoint } from "../core/policy/receive-connector.ts";
import { contains, formatAddress, type IpRange, parseAddress } from "../core/units/ip-range.ts";
import type { Events } from "../events/events.ts";
import { createHttpListeners, type HttpListeners, type HttpPlace } from "../http/http-listeners.ts";
import type { Clock } from "../ports/ports.ts";
import type { Exposition } from "./exposition.ts";
import type { Readiness } from "./readiness.ts";

export interface MonitoringSettings {
  readonly listen: readonly Endpoint[];
  /** Who is answered. */
  readonly allow: readonly IpRange[];
}

export interface Monitoring {
  /** One call at a time; never rejects: what cannot be opened is told as an event. */
  apply(settings: MonitoringSettings, tls: HttpPlace["tls"]): Promise<void>;
  readonly open: HttpListeners["open"];
  close(): Promise<void>;
}

/** What stands behind the paths. */
export interface Monitored {
  readonly exposition: () => Promise<Exposition>;
  readonly readiness: () => Promise<Readiness>;
  readonly liveness: () => object;
}

const toldAgainMs = 60 * 60_000;
/** Sources remembered as told; beyond them a source is told again. */
const mostTold = 1_000;

export function createMonitoring(options: {
  readonly monitored: Monitored;
  readonly events: Events;
  readonly clock: Clock;
}): Monitoring {
  const { monitored, events, clock } = options;
  let allow: readonly IpRange[] = [];
  const told = new Map<string, number>();

  const tellRefused = (source: string): void => {
    const before = told.get(source);
    if (before !== undefined && clock.now() - before < toldAgainMs) return;
    if (told.size >= mostTold) told.clear();
    told.set(source, clock.now());
    events.emit("MetricsRefused", { source });
  };

  const answer: RequestListener = (request, response) => {
    const address = parseAddress(request.socket.remoteAddress ?? "");
    if (address === undefined || !allow.some((range) => contains(range, address))) {
      const source = address === undefined ? "an unknown address" : formatAddress(address);
      tellRefused(source);
      text(request, response, 403, `${source} is not in metrics.allow.\n`);
      return;
    }
    serve(monitored, request, response).catch((fault: unknown) => {
      events.emit("RelayFault", {
        where: "the metrics",
        error: fault instanceof Error ? (fault.stack ?? fault.message) : String(fault),
      });
      if (response.headersSent) response.destroy();
      else text(request, response, 500, "A fault in the relay; its events tell more.\n");
    });
  };

  const listeners = createHttpListeners(answer, {
    opened: (url) => events.emit("MetricsOpened", { url }),
    closed: (url) => events.emit("MetricsClosed", { url }),
    failed: (address, error) => events.emit("MetricsFault", { address, error }),
  });
  return {
    apply(settings, tls) {
      allow = settings.allow;
      return listeners.apply(settings.listen.map((endpoint) => ({ endpoint, tls })));
    },
    get open() {
      return listeners.open;
    },
    close: () => listeners.close(),
  };
}

async function serve(
  { exposition, readiness, liveness }: Monitored,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? "").split("?", 1)[0] ?? "";
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    text(request, response, 405, "Only GET and HEAD are served here.\n");
  } else if (path === "/metrics") {
    const exposed = await exposition();
    text(request, response, 200, await exposed.text(), exposed.contentType);
  } else if (path === "/livez") {
    json(request, response, 200, liveness());
  } else if (path === "/readyz") {
    const found = await readiness();
    json(request, response, found.ready ? 200 : 503, found);
  } else {
    text(request, response, 404, "Served here: /metrics, /livez, /readyz.\n");
  }
}

function json(request: IncomingMessage, response: ServerResponse, status: number, body: object): void {
  text(request, response, status, `${JSON.stringify(body)}\n`, "application/json");
}

function text(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: string,
  contentType = "text/plain; charset=utf-8",
): void {
  const octets = Buffer.from(body);
  response.writeHead(status, {
    "content-type": contentType,
    "content-length": octets.length,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(request.method === "HEAD" ? undefined : octets);
}
