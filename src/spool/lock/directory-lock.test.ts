import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
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

const source = new URL("./directory-lock.ts", import.meta.url).pathname;
const tsx = new URL("../../../node_modules/tsx/dist/loader.mjs", import.meta.url).href;
const holding = (where: string): string[] => [
  "--import",
  tsx,
  "--input-type=module",
  "-e",
  `const { lockDirectory } = await import(${JSON.stringify(source)});
   await lockDirectory(${JSON.stringify(where)}, 100);
   console.log("locked"); setInterval(() => {}, 1000);`,
];
/** Another process that holds the lock, and says its outcome. */
const startHolder = async (where: string, wrap: readonly string[] = []) => {
  const [command = process.execPath, ...rest] = [...wrap, process.execPath, ...holding(where)];
  const child = spawn(command, rest, { stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  const said = await new Promise<string>((resolve) => {
    child.stdout.once("data", (octets: Buffer) => resolve(octets.toString()));
    child.once("exit", () => resolve("ended"));
  });
  return { child, said: said.trim() };
};
const killed = async (child: ChildProcess): Promise<void> => {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
};
const canUnshare = (() => {
  try {
    execFileSync("unshare", ["-p", "-f", "--mount-proc", "true"], { stdio: "ignore" });
    return true;
  } catch {
    console.log("SKIPPED: the lock across process namespaces needs unshare and the right to use it");
    return false;
  }
})();

test("a lock that was given back can be taken again, and leaves nothing", async () => {
  await (await lockDirectory(directory)).unlock();
  const lock = await lockDirectory(directory);
  expect(await lock.lost()).toBeUndefined();
  await lock.unlock();
  expect((await readdir(directory)).filter((name) => name.startsWith("holder."))).toEqual([]);
});

test("of many that start at once one holds it", async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => lockDirectory(directory, 1_500)));
  const locks = outcomes.filter((outcome) => outcome.status === "fulfilled");
  expect(locks).toHaveLength(1);
  for (const { reason } of outcomes.filter((outcome) => outcome.status === "rejected"))
    expect(reason).toMatchObject({ code: "failed" });
  for (const { value } of locks) await value.unlock();
});

test("a holder that stands still keeps the lock, a killed one does not", async () => {
  const { child } = await startHolder(directory);
  child.kill("SIGSTOP");
  await expect(lockDirectory(directory, 100)).rejects.toMatchObject({ code: "failed" });
  await killed(child);
  await (await lockDirectory(directory)).unlock();
});

test.skipIf(!canUnshare)(
  "a holder is seen from another process namespace, and the other way round, also with the same process id",
  async () => {
    const apart = ["unshare", "-p", "-f", "--kill-child", "--mount-proc"];
    const holder = await startHolder(directory, apart);
    expect(holder.said).toBe("locked");
    await expect(lockDirectory(directory, 100)).rejects.toMatchObject({ code: "failed" });
    // Process 1 of its namespace, as the holder is of its own.
    expect((await startHolder(directory, apart)).said).toBe("ended");
    await killed(holder.child);
    const next = await startHolder(directory, apart);
    expect(next.said).toBe("locked");
  },
);

describe.skipIf(process.platform !== "linux")("entries of holders", () => {
  test("what a killed start, an earlier release, a copy or somebody's pid file left does not matter", async () => {
    const { child } = await startHolder(directory);
    const copy = join(directory, "copy");
    await mkdir(copy);
    execFileSync("cp", ["-a", ...(await readdir(directory)).filter((it) => it !== "copy"), copy], {
      cwd: directory,
    });
    await (await lockDirectory(copy)).unlock();
    await killed(child);
    await writeFile(join(directory, "lock"), `${process.pid} boot:1\n`);
    await writeFile(join(directory, "entering.7-aa"), "");
    await writeFile(join(directory, "lock.mdb"), "LMDB's");
    const lock = await lockDirectory(directory);
    expect((await readdir(directory)).filter((it) => it !== "copy" && !it.startsWith("holder."))).toEqual([
      "lock.mdb",
    ]);
    await lock.unlock();
  });

  test("tells that its entry was removed or replaced", async () => {
    const lock = await lockDirectory(directory);
    const [name = ""] = await readdir(directory);
    await rename(join(directory, name), join(directory, "aside"));
    expect(await lock.lost()).toContain("was removed");
    await writeFile(join(directory, name), "");
    expect(await lock.lost()).toContain("was replaced");
    await lock.unlock();
  });

  test("works where the path is too long for a socket", async () => {
    const long = join(directory, "a".repeat(120), "spool");
    await mkdir(long, { recursive: true });
    const lock = await lockDirectory(long);
    expect(await lock.lost()).toBeUndefined();
    await expect(lockDirectory(long, 100)).rejects.toMatchObject({ code: "failed" });
    await lock.unlock();
  });

  test("one whose kernel cannot be asked lives while it touches its entry", async () => {
    const entry = join(directory, "holder.7-0123456789ab");
    await writeFile(entry, "");
    const touching = setInterval(() => void utimes(entry, new Date(), new Date()), 200);
    await expect(lockDirectory(directory, 100)).rejects.toMatchObject({ code: "failed" });
    clearInterval(touching);
  });
});
