/** Weir itself, as docs/operations.md starts it: the built program, the durable spool, no limit per source. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { connectAdmin } from "../../src/admin/client.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { version } from "../../src/version.ts";
import { untilListening } from "../until-listening.ts";
import type { Peer, PeerKind, PeerOptions } from "./peer.ts";
import { spawnServer } from "./spawn-server.ts";

const flags = ["--max-semi-space-size=32"];
const program = fileURLToPath(new URL("../../bin/weir.js", import.meta.url));

/**
 * Memory is given back at rest, each relay in its own time; what that and the growing again cost are some hundred messages. Relays that
 * take turns rest in between, as they do not in earnest: in which reading it falls would be a matter of luck.
 */
export const keepsMemory: readonly string[] = [
  "--import",
  'data:text/javascript,import { Session } from "node:inspector/promises"; Session.prototype.post = async () => {};',
];

/** Lines of weir.yaml beyond the ordinary ones. */
export interface WeirVariant {
  /** Of Node.js. */
  readonly flags?: readonly string[];
  /** Settings of the receive connector, as `name: value`. */
  readonly receive?: readonly string[];
  readonly send?: readonly string[];
  /** Further send connectors, as lines of their list. */
  readonly connectors?: readonly string[];
  /** Whole sections. */
  readonly sections?: readonly string[];
}

/** The receive connector when a variant says nothing of it. */
export const unlimited: readonly string[] = [
  "maxInboundConnectionPerSource: unlimited",
  "maxInboundConnectionPercentagePerSource: 100",
];

/** Starts Weir on a free port; `stop` ends it as a service manager does, and the spool stays. */
export async function startWeir(options: PeerOptions, variant: WeirVariant = {}): Promise<Peer> {
  const port = await freePort();
  const httpPort = await freePort();
  const file = join(options.directory, "weir.yaml");
  writeFileSync(file, configuration(port, httpPort, options, variant));
  const { under } = options;
  const spawnedAt = performance.now();
  const server = spawnServer(
    process.execPath,
    [...flags, ...(variant.flags ?? []), program, "start", "--config", file],
    under,
  );
  try {
    await untilListening(port, 300_000, () => server.hasEnded());
  } catch (fault) {
    // Nobody else knows of it, and its directory is removed.
    server.child.kill("SIGKILL");
    await server.exited;
    throw fault;
  }
  const startMs = performance.now() - spawnedAt;
  const root = server.child.pid ?? 0;
  const pid = under === undefined ? root : (onlyChild(root) ?? root);
  return {
    name: "weir",
    version: `Weir ${version}, Node ${process.versions.node}`,
    port,
    httpPort,
    pid,
    startMs,
    eventLoopLagP99Ms: (since) => lagSince(join(options.directory, "data"), since),
    async stop() {
      if (!server.hasEnded()) process.kill(pid, "SIGTERM");
      await server.exited;
    },
  };
}

export const weir: PeerKind = {
  name: "weir",
  missing: () =>
    existsSync(new URL("../../dist/program.cjs", import.meta.url)) ? undefined : "npm run build",
  start: (options) => startWeir(options),
};

/** The relay keeps a point each second; the last of them is waited for. */
async function lagSince(dataDirectory: string, since: number): Promise<number> {
  await delay(1100);
  const admin = await connectAdmin({ dataDirectory });
  const { points } = await admin.call("getOverview", {});
  const lags = points.filter(({ at }) => Date.parse(at) > since).map((point) => point.eventLoopLagP99Ms);
  return lags.length === 0 ? NaN : Math.max(...lags);
}

/** None below valgrind, which becomes what it runs. */
function onlyChild(pid: number): number | undefined {
  const [first = ""] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
  return first === "" ? undefined : Number(first);
}

function configuration(
  port: number,
  httpPort: number,
  { sinkPort, sinkHost = "127.0.0.1", nextHopConnections, internet }: PeerOptions,
  variant: WeirVariant,
) {
  const indented = (lines: readonly string[]): string => lines.map((line) => `    ${line}\n`).join("");
  const nextHop =
    internet === undefined
      ? [`smartHosts: ["[${sinkHost}]:${sinkPort}"]`]
      : ["dnsRoutingEnabled: true", "mxAllowPrivateHosts: true", `port: ${internet.mxPort}`];
  const connections =
    nextHopConnections === undefined ? [] : [`maxConcurrentConnections: ${nextHopConnections}`];
  const sections =
    internet === undefined ? variant.sections : askingAt(internet.nameServer, variant.sections);
  return `hostname: relay.test
dataDirectory: ./data
receiveConnectors:
  - name: AppRelay
    bindings: ["127.0.0.1:${port}"]
    httpBindings: ["127.0.0.1:${httpPort}"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
    maxRecipientsPerMessage: 5000
    maxInboundConnection: 20000
${indented(variant.receive ?? unlimited)}sendConnectors:
  - name: Out
    addressSpaces: ["*"]
${indented([...nextHop, ...connections, ...(variant.send ?? [])])}${(variant.connectors ?? []).map((line) => `  ${line}\n`).join("")}${(sections ?? []).join("\n")}
`;
}

/** The transport service asks this name server. */
function askingAt(
  { address, port }: NonNullable<PeerOptions["internet"]>["nameServer"],
  sections: readonly string[] = [],
): readonly string[] {
  const servers = `  externalDnsServers: ["${address}:${port}"]`;
  if (!sections.includes("transport:")) return ["transport:", servers, ...sections];
  return sections.flatMap((text) => (text === "transport:" ? [text, servers] : [text]));
}
