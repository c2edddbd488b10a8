/** Where and of what it was measured. No names of hosts, no paths. */
import { execFileSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";
import { version } from "../src/version.ts";
import { fileSystemOf } from "./disk.ts";

export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryMb: number;
  readonly kernel: string;
  readonly node: string;
  readonly weir: string;
  readonly postfix: string | undefined;
  /** That of the folder the servers work in. */
  readonly fileSystem: string;
  readonly commit: string;
  /** Whether src/ or bench/ differ from that commit. */
  readonly changed: boolean;
  /** UTC, to the minute. */
  readonly date: string;
}

export function describeMachine(folder: string): Machine {
  const said = (program: string, ...args: string[]): string | undefined => {
    try {
      return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    } catch {
      return undefined;
    }
  };
  return {
    cores: cpus().length,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    memoryMb: Math.round(totalmem() / 2 ** 20),
    // The number alone: what follows it names whose build it is.
    kernel: /^[\d.]+/.exec(release())?.[0] ?? "unknown",
    node: process.versions.node,
    weir: version,
    postfix: said("/usr/sbin/postconf", "-d", "-h", "mail_version"),
    fileSystem: fileSystemOf(folder),
    commit: said("git", "rev-parse", "--short", "HEAD") ?? "unknown",
    changed:
      said("git", "status", "--porcelain", "--untracked-files=no", "src", "bench/*.ts", "bench/*/*.ts") !==
      "",
    date: new Date().toISOString().slice(0, 16),
  };
}

/** One line. */
export function machineText(machine: Machine): string {
  return [
    `${machine.cores} × ${machine.cpu}`,
    `${machine.memoryMb} MB`,
    machine.fileSystem,
    `Linux ${machine.kernel}`,
    `Node ${machine.node}`,
    ...(machine.postfix === undefined ? [] : [`Postfix ${machine.postfix}`]),
    `Weir ${machine.weir} at ${machine.commit}${machine.changed ? ", changed" : ""}`,
    `${machine.date.replace("T", " ")} UTC`,
  ].join(", ");
}
