/** What the programme needs of the machine, and whether it is there. */
import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const systemFolders = [
  "/usr/sbin",
  "/sbin",
  "/usr/lib/x86_64-linux-gnu/faketime",
  "/usr/lib/aarch64-linux-gnu/faketime",
];

const found = (program: string): boolean =>
  [...(process.env["PATH"] ?? "").split(delimiter), ...systemFolders].some((folder) => {
    try {
      accessSync(join(folder, program), constants.R_OK);
      return true;
    } catch {
      return false;
    }
  });

const program = (name: string, debianPackage: string) => ({
  there: () => found(name),
  wanted: `${name} (Debian's package ${debianPackage})`,
});

function givesNamespaces(): boolean {
  try {
    execFileSync("unshare", ["--net", "true"], { stdio: "ignore" });
    return found("ip");
  } catch {
    return false;
  }
}

function givesLoopDevices(): boolean {
  try {
    execFileSync("losetup", ["-f"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const tools = {
  linux: { there: () => process.platform === "linux", wanted: "Linux" },
  root: { there: () => process.getuid?.() === 0, wanted: "root" },
  strace: program("strace", "strace"),
  mkfs: program("mkfs.ext4", "e2fsprogs"),
  perl: program("perl", "perl"),
  cc: program("cc", "gcc, with libc6-dev"),
  unshare: program("unshare", "util-linux"),
  nsd: program("nsd", "nsd"),
  unbound: program("unbound", "unbound"),
  posttlsFinger: program("posttls-finger", "postfix"),
  prlimit: program("prlimit", "util-linux"),
  faketime: program("libfaketimeMT.so.1", "libfaketime"),
  postgres: {
    there: () => existsSync("/usr/lib/postgresql"),
    wanted: "PostgreSQL 15 or later (Debian's package postgresql)",
  },
  pgbouncer: program("pgbouncer", "pgbouncer"),
  namespaces: { there: givesNamespaces, wanted: "network namespaces, and ip (Debian's package iproute2)" },
  loop: { there: givesLoopDevices, wanted: "loop devices" },
  memoryCgroup: {
    there: () =>
      existsSync("/sys/fs/cgroup/memory/memory.limit_in_bytes") ||
      existsSync("/sys/fs/cgroup/cgroup.controllers"),
    wanted: "the memory controller of cgroups",
  },
} as const;

export type ToolName = keyof typeof tools;

/** What of these is not there, in words. */
export const missingOf = (names: readonly ToolName[]): readonly string[] =>
  names.filter((name) => !tools[name].there()).map((name) => tools[name].wanted);
