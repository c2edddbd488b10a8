import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockDirectory } from "./directory-lock.ts";

let directory: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-lock-"));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await rm(directory, { recursive: true });
});

const stat = (pid: number): string[] => {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
};
/** The lock file as the process `pid` would have written it. */
const lockOf = (pid: number): string =>
  `${pid} ${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}:${stat(pid)[19]}\n`;

test("a lock that was given back can be taken again", async () => {
  await (
    await lockDirectory(directory)
  )();
  await (
    await lockDirectory(directory)
  )();
  expect(existsSync(join(directory, "lock"))).toBe(false);
});

test.skipIf(!existsSync("/proc/self/stat"))(
  "a running holder keeps the lock, a killed one that nobody reaped does not",
  async () => {
    // The shell becomes a sleep that never waits for its child: killed, that stays a zombie.
    const parent = spawn("sh", ["-c", "sleep 60 & echo $!; exec sleep 60"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    children.push(parent);
    const pid = Number(await new Promise<Buffer>((resolve) => parent.stdout?.once("data", resolve)));
    await writeFile(join(directory, "lock"), lockOf(pid));
    await expect(lockDirectory(directory)).rejects.toMatchObject({ code: "failed" });
    process.kill(pid, "SIGKILL");
    await expect.poll(() => stat(pid)[0]).toBe("Z");
    await (
      await lockDirectory(directory)
    )();
  },
  15_000,
);
