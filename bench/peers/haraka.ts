/**
 * Haraka, installed from npm into a folder of its own when asked for: everything into its durable outbound queue and
 * from there to the sink, no limits, as many connections to the next hop as the others have.
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../src/testing/free-port.ts";
import { untilListening } from "../until-listening.ts";
import type { PeerKind } from "./peer.ts";

const version = "3.3.2";
const home = join(tmpdir(), `weir-bench-haraka-${version}`);
const program = join(home, "node_modules", "Haraka", "bin", "haraka");

export const haraka: PeerKind = {
  name: "haraka",
  missing: () => undefined,
  async start({ directory, sinkPort }) {
    install();
    const port = await freePort();
    for (const folder of ["config", "plugins", "queue"]) mkdirSync(join(directory, folder));
    const write = (name: string, text: string): void => writeFileSync(join(directory, "config", name), text);
    write("smtp.ini", `listen=127.0.0.1:${port}\nnodes=0\n[headers]\nmax_received=100\n`);
    write("plugins", "relay_all\n");
    write("me", "haraka.test\n");
    write("loglevel", "WARN\n");
    write("log.ini", "[main]\nlevel=warn\n");
    write("outbound.ini", "concurrency_max=50\nmaxTempFailures=50\nenable_tls=false\n");
    write("connection.ini", "[main]\nspool_dir=/tmp\n[max]\nbytes=100000000\n");
    writeFileSync(join(directory, "plugins", "relay_all.js"), plugin(sinkPort));
    const child = spawn(process.execPath, [program, "-c", directory], { stdio: "ignore" });
    const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    await untilListening(port);
    return {
      name: "haraka",
      version: `Haraka ${version}`,
      port,
      pid: child.pid ?? 0,
      async stop() {
        child.kill("SIGKILL");
        await exited;
      },
    };
  },
};

function install(): void {
  if (existsSync(program)) return;
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, "package.json"), "{}");
  console.log(`installing Haraka ${version} into ${home} …`);
  execFileSync("npm", ["install", "--no-audit", "--no-fund", "--omit=optional", `Haraka@${version}`], {
    cwd: home,
    stdio: ["ignore", "ignore", "inherit"],
  });
}

const plugin = (sinkPort: number): string => `
exports.register = function () {
  this.register_hook("connect_init", "init");
  this.register_hook("rcpt", "rcpt");
  this.register_hook("get_mx", "mx");
};
exports.init = (next, connection) => { connection.relaying = true; next(); };
exports.rcpt = (next, connection) => { connection.relaying = true; next(OK); };
exports.mx = (next) => next(OK, { priority: 0, exchange: "127.0.0.1", port: ${sinkPort} });
`;
