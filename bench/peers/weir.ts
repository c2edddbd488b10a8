/** Weir itself, as a newcomer runs it: the built program, the durable spool, no limit per source. */
import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../../src/testing/free-port.ts";
import { version } from "../../src/version.ts";
import { untilListening } from "../until-listening.ts";
import type { PeerKind } from "./peer.ts";

const program = fileURLToPath(new URL("../../bin/weir.js", import.meta.url));

export const weir: PeerKind = {
  name: "weir",
  missing: () =>
    existsSync(new URL("../../dist/cli/main.js", import.meta.url)) ? undefined : "npm run build",
  async start({ directory, sinkPort }) {
    const port = await freePort();
    const file = join(directory, "weir.yaml");
    writeFileSync(file, configuration(port, sinkPort));
    const child = spawn(process.execPath, [program, "start", "--config", file], { stdio: "ignore" });
    const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    await untilListening(port);
    return {
      name: "weir",
      version: `Weir ${version}, Node ${process.versions.node}`,
      port,
      pid: child.pid ?? 0,
      async stop() {
        child.kill("SIGTERM");
        await exited;
      },
    };
  },
};

const configuration = (port: number, sinkPort: number): string => `hostname: relay.test
dataDirectory: ./data
receiveConnectors:
  - name: AppRelay
    bindings: ["127.0.0.1:${port}"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
    maxInboundConnectionPerSource: unlimited
    maxInboundConnectionPercentagePerSource: 100
    maxRecipientsPerMessage: 5000
sendConnectors:
  - name: Out
    addressSpaces: ["*"]
    smartHosts: ["[127.0.0.1]:${sinkPort}"]
`;
