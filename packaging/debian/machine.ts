/** A Debian of its own to try packages in: a fresh root, booted with systemd as its first process. As root on Debian. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { access, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../run-command.ts";

export interface Answer {
  readonly code: number;
  /** Of both outputs. */
  readonly said: string;
}

export interface Machine {
  /** Its files, as seen from here. */
  readonly root: string;
  /** Runs a line of sh in it, as root. */
  sh(line: string): Promise<Answer>;
  end(): Promise<void>;
}

const needed = ["systemd", "systemd-sysv", "dbus", "adduser"];

/**
 * `base`: a root made by debootstrap, used as it is and left so; else one is made, which takes minutes. What is done in the
 * machine goes into a layer above it.
 */
export async function bootMachine(base: string | undefined, suite = "bookworm"): Promise<Machine> {
  const scratch = await mkdtemp(join(tmpdir(), "weir-machine-"));
  const lower = base ?? join(scratch, "base");
  if (base === undefined)
    await run("debootstrap", ["--variant=minbase", `--include=${needed.join(",")}`, suite, lower]);
  const [upper, work, root] = ["upper", "work", "root"].map((name) => join(scratch, name)) as [
    string,
    string,
    string,
  ];
  for (const folder of [upper, work, root]) await mkdir(folder);
  await run("mount", [
    "-t",
    "overlay",
    "overlay",
    "-o",
    `lowerdir=${lower},upperdir=${upper},workdir=${work}`,
    root,
  ]);
  const boot = ["--quiet", "--register=no", "--keep-unit", "--private-network", "-D", root, "--boot"];
  const container = spawn("systemd-nspawn", boot, { stdio: "ignore" });
  const end = async (): Promise<void> => {
    await ended(container);
    await run("umount", [root]);
    await rm(scratch, { recursive: true, force: true });
  };
  try {
    const leader = await leaderOf(container);
    const sh = (line: string): Promise<Answer> => inNamespaces(leader, line);
    for (let look = 0; look < 300; look++) {
      const { said } = await sh("systemctl is-system-running");
      if (/^(running|degraded)/.test(said)) return { root, sh, end };
      await sleep(200);
    }
    throw new Error("systemd does not come up in the new root");
  } catch (fault) {
    await end();
    throw fault;
  }
}

/** There is one where systemd is the first process: sd_booted(3). */
const bootedBy = "run/systemd/system";

/** Its first process, whose namespaces are the machine. */
async function leaderOf({ pid, exitCode }: ChildProcess): Promise<number> {
  for (let look = 0; look < 100 && exitCode === null; look++) {
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
    const [first] = children.trim().split(" ");
    if (first !== undefined && first !== "" && (await isThere(join("/proc", first, "root", bootedBy))))
      return Number(first);
    await sleep(200);
  }
  throw new Error("systemd-nspawn does not start; it wants root and a kernel that lets it make namespaces");
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function inNamespaces(leader: number, line: string): Promise<Answer> {
  const words = ["-t", String(leader), "-m", "-u", "-i", "-n", "-p", "--", "/usr/bin/env", "-i"];
  const env = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"];
  return new Promise((resolve) => {
    execFile(
      "nsenter",
      [...words, ...env, "sh", "-c", `{ ${line}\n} 2>&1`],
      { maxBuffer: 16 * 1024 * 1024 },
      (error, said) => resolve({ code: error === null ? 0 : Number(error.code ?? 1), said }),
    );
  });
}

async function ended(container: ChildProcess): Promise<void> {
  if (container.exitCode !== null || container.signalCode !== null) return;
  const gone = new Promise((resolve) => container.once("exit", resolve));
  container.kill("SIGTERM");
  const timer = setTimeout(() => container.kill("SIGKILL"), 30_000);
  await gone;
  clearTimeout(timer);
}
