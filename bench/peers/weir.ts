/** Weir itself, as a newcomer runs it: the built program, the durable spool, no limit per source. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../../src/testing/free-port.ts";
import { version } from "../../src/version.ts";
import { untilListening } from "../until-listening.ts";
import type { Peer, PeerKind, PeerOptions } from "./peer.ts";

const program = fileURLToPath(new URL("../../bin/weir.js", import.meta.url));

/** Lines of weir.yaml beyond the ordinary ones. */
export interface WeirVariant {
  /** Settings of the receive connector, as `name: value`. */
  readonly receive?: readonly string[];
  readonly send?: readonly string[];
  /** Whole sections. */
  readonly sections?: readonly string[];
  /** Comes before the program: a tracer with its options. */
  readonly under?: readonly string[];
}

const unlimited: readonly string[] = [
  "maxInboundConnectionPerSource: unlimited",
  "maxInboundConnectionPercentagePerSource: 100",
];

/** Starts Weir on a free port; `stop` ends it as a service manager does, and the spool stays. */
export async function startWeir(options: PeerOptions, variant: WeirVariant = {}): Promise<Peer> {
  const port = await freePort();
  const file = join(options.directory, "weir.yaml");
  writeFileSync(file, configuration(port, options, variant));
  const [command, ...before] = [...(variant.under ?? []), process.execPath];
  const child = spawn(command, [...before, program, "start", "--config", file], { stdio: "ignore" });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await untilListening(port, 120_000, () => child.exitCode !== null);
  const root = child.pid ?? 0;
  const pid = variant.under === undefined ? root : onlyChild(root);
  return {
    name: "weir",
    version: `Weir ${version}, Node ${process.versions.node}`,
    port,
    pid,
    async stop() {
      if (child.exitCode === null) process.kill(pid, "SIGTERM");
      await exited;
    },
  };
}

export const weir: PeerKind = {
  name: "weir",
  missing: () =>
    existsSync(new URL("../../dist/cli/main.js", import.meta.url)) ? undefined : "npm run build",
  start: (options) => startWeir(options),
};

function onlyChild(pid: number): number {
  const [first = ""] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
  return Number(first);
}

function configuration(port: number, { sinkPort, destinations = 0 }: PeerOptions, variant: WeirVariant) {
  const indented = (lines: readonly string[]): string => lines.map((line) => `    ${line}\n`).join("");
  const route = (name: string, addressSpace: string): string =>
    `  - name: ${name}
    addressSpaces: ["${addressSpace}"]
    smartHosts: ["[127.0.0.1]:${sinkPort}"]
${indented(variant.send ?? [])}`;
  const routes = Array.from({ length: destinations }, (_, i) => route(`Out${i}`, `d${i}.test`));
  return `hostname: relay.test
dataDirectory: ./data
receiveConnectors:
  - name: AppRelay
    bindings: ["127.0.0.1:${port}"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
    maxRecipientsPerMessage: 5000
    maxInboundConnection: 20000
${indented(variant.receive ?? unlimited)}sendConnectors:
${route("Out", "*")}${routes.join("")}${(variant.sections ?? []).join("\n")}
`;
}
