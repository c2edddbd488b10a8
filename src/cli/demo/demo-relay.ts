/** The demo's relay: `weir start` as a process of its own, on a free port, with a folder that goes with it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connectAdmin, NoRelayError, type AdminClient } from "../../admin/client.ts";
import { packageFile } from "../../ports/package-files.ts";
import { CommandFault } from "../exit-code.ts";

export interface DemoRelay {
  readonly configFile: string;
  readonly directory: string;
  readonly admin: AdminClient;
  readonly port: number;
  /** Ends the process and removes the folder. */
  stop(): Promise<void>;
}

const program = packageFile("bin/weir.js");
const startMs = 30_000;
const stopMs = 10_000;

const configuration = `# The relay of weir demo: a connector as somebody makes it, with no word about limits.
hostname: relay.example
dataDirectory: data
receiveConnectors:
  - name: AppRelay
    bindings: ["127.0.0.1:0"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
sendConnectors:
  - name: Drop
    addressSpaces: ["*"]
    dropDirectory: drop
applications:
  - name: Helpdesk
    owner: Service team
    purpose: answers to tickets
    addresses: ["127.0.0.1"]
`;

/** Rejects with CommandFault when the relay does not start. Nothing is left behind then. */
export async function startDemoRelay(signal: AbortSignal): Promise<DemoRelay> {
  const directory = await mkdtemp(join(tmpdir(), "weir-demo-"));
  const configFile = join(directory, "weir.yaml");
  await writeFile(configFile, configuration);
  const child = spawn(process.execPath, [program, "start", "--config", configFile], {
    cwd: directory,
    stdio: ["ignore", "ignore", "pipe"],
    // Ctrl-C is for the demo, which stops the relay in its turn.
    detached: process.platform !== "win32",
  });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (log = `${log}${text}`.slice(-4_000)));
  const exited = once(child, "close");
  exited.catch(() => undefined);
  const dieWithUs = (): void => {
    child.kill("SIGKILL");
  };
  process.once("exit", dieWithUs);

  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      const late = setTimeout(dieWithUs, stopMs);
      await exited;
      clearTimeout(late);
    }
    process.removeListener("exit", dieWithUs);
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  };

  try {
    const admin = await connectAdmin({ dataDirectory: join(directory, "data") });
    const [listener = ""] = await listening(admin, () => child.exitCode === null, signal);
    return {
      configFile,
      directory,
      admin,
      port: Number(listener.slice(listener.lastIndexOf(":") + 1)),
      stop,
    };
  } catch (fault) {
    await stop();
    if (signal.aborted) throw fault;
    throw new CommandFault(`the demo's relay did not start: ${log.trim() || String(fault)}`);
  }
}

async function listening(
  admin: AdminClient,
  isRunning: () => boolean,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const deadline = performance.now() + startMs;
  for (;;) {
    try {
      const { listeners } = await admin.call("about", {});
      if (listeners.length > 0) return listeners;
    } catch (fault) {
      if (!(fault instanceof NoRelayError)) throw fault;
    }
    if (!isRunning()) throw new Error("it ended at once");
    if (performance.now() > deadline) throw new Error(`it did not listen within ${startMs / 1000} s`);
    await sleep(50, undefined, { signal });
  }
}
