/**
 * Haraka, installed from npm into the folder for temporary files when it is asked for: every message goes into its
 * queue on disk and from there to the sink, without limits, with as many connections to the next hop as Postfix has.
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeSelfSigned } from "../../src/receive/tls/self-signed.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { onInterrupt } from "../interrupt.ts";
import { progress } from "../progress.ts";
import { untilListening } from "../until-listening.ts";
import type { PeerKind } from "./peer.ts";
import { spawnServer } from "./spawn-server.ts";

const version = "3.3.2";
/** Kept between runs of the bench. */
const home = join(tmpdir(), `weir-bench-haraka-${version}`);
const packageFolder = join("node_modules", "Haraka");

export const haraka: PeerKind = {
  name: "haraka",
  missing: () => undefined,
  async start({ directory, sinkPort, internet }) {
    if (internet !== undefined)
      throw new Error("Haraka's configuration here knows one next hop: leave it out of --peers");
    install();
    const port = await freePort();
    for (const folder of ["plugins", "queue"]) mkdirSync(join(directory, folder), { recursive: true });
    const config = join(directory, "config");
    // A file of one's own takes the place of Haraka's whole file of that name: they are its own, changed.
    cpSync(join(home, packageFolder, "config"), config, { recursive: true });
    const write = (name: string, text: string): void => writeFileSync(join(config, name), text);
    write("smtp.ini", `listen=127.0.0.1:${port}\nnodes=0\n`);
    write("plugins", "tls\nbench_relay\n");
    // The kind of certificate that Weir makes for itself.
    const { certificate, key } = await makeSelfSigned("haraka.test", new Date());
    write("tls_cert.pem", certificate);
    write("tls_key.pem", key);
    write("me", "haraka.test\n");
    write("log.ini", "[main]\nlevel=warn\n");
    write("outbound.ini", "concurrency_max=50\nenable_tls=false\n");
    const connection = readFileSync(join(config, "connection.ini"), "utf8");
    write("connection.ini", connection.replace(/^bytes=.*$/m, "bytes=100000000"));
    writeFileSync(join(directory, "plugins", "bench_relay.js"), plugin(sinkPort));
    const program = join(home, packageFolder, "bin", "haraka");
    const server = spawnServer(process.execPath, [program, "-c", directory]);
    await untilListening(port, 30_000, () => server.hasEnded());
    return {
      name: "haraka",
      version: `Haraka ${version}`,
      port,
      pid: server.child.pid ?? 0,
      async stop() {
        // It waits half a minute for connections of its own when it is asked to end.
        server.child.kill("SIGKILL");
        await server.exited;
      },
    };
  },
};

function install(): void {
  if (existsSync(home)) return;
  const making = `${home}-${process.pid}`;
  mkdirSync(making, { recursive: true });
  const remove = (): void => rmSync(making, { recursive: true, force: true });
  const keep = onInterrupt(remove);
  progress(`installing Haraka ${version} from npm`);
  try {
    writeFileSync(join(making, "package.json"), "{}");
    const options = ["--no-audit", "--no-fund", "--omit=optional", "--ignore-scripts", "--loglevel=error"];
    execFileSync("npm", ["install", ...options, `Haraka@${version}`], {
      cwd: making,
      stdio: ["ignore", "ignore", "inherit"],
      timeout: 300_000,
    });
    renameSync(making, home);
  } catch (error) {
    remove();
    throw error;
  } finally {
    keep();
  }
}

/** Whoever comes may relay, as in the others; no queue plugin takes the message, so its outbound queue does. */
const plugin = (sinkPort: number): string => `
exports.register = function () {
  this.register_hook("connect_init", "open");
  this.register_hook("rcpt", "rcpt");
  this.register_hook("get_mx", "mx");
};
exports.open = (next, connection) => { connection.relaying = true; next(); };
exports.rcpt = (next, connection) => next(OK);
exports.mx = (next) => next(OK, { priority: 0, exchange: "127.0.0.1", port: ${sinkPort} });
`;
