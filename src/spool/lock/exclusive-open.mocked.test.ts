/** The lock of macOS, the BSDs and Windows, as far as another system can play it: what `open` says is made up. */
import { mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { tryExclusiveOpen } from "./exclusive-open.ts";

const disk = vi.hoisted(() => ({ says: undefined as string | undefined, flags: 0 }));
vi.mock("node:fs/promises", async (importOriginal) => {
  const fs = await importOriginal<typeof import("node:fs/promises")>();
  return {
    ...fs,
    open: async (path: string, flags: number, mode: number) => {
      disk.flags = flags;
      if (disk.says !== undefined) throw Object.assign(new Error(disk.says), { code: disk.says });
      // The flag for one alone means nothing, or something else, here.
      return fs.open(path, fs.constants.O_RDWR | fs.constants.O_CREAT, mode);
    },
  };
});

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "weir-exclusive-"));
  path = join(directory, "lock");
  disk.says = undefined;
});
afterEach(() => rmSync(directory, { recursive: true }));

test("it is held until it is given back, and the file is left", async () => {
  const lock = await tryExclusiveOpen(directory);
  if ("heldBy" in lock) return expect.unreachable();
  expect(disk.flags & 0x20).toBe(0x20);
  expect(await lock.lost()).toBeUndefined();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await lock.unlock();
  expect(statSync(path).isFile()).toBe(true);
  await lock.unlock();
});

test("tells that its file was removed or replaced", async () => {
  const lock = await tryExclusiveOpen(directory);
  if ("heldBy" in lock) return expect.unreachable();
  renameSync(path, `${path}.aside`);
  expect(await lock.lost()).toBe(`${path} was removed`);
  writeFileSync(path, "");
  expect(await lock.lost()).toBe(`${path} was replaced`);
  await lock.unlock();
});

test.each(["EAGAIN", "EWOULDBLOCK", "EBUSY", "EPERM"])("%s: another has it", async (code) => {
  disk.says = code;
  expect(await tryExclusiveOpen(directory)).toEqual({ heldBy: path });
});

test("any other fault is none of another holder", async () => {
  disk.says = "EACCES";
  await expect(tryExclusiveOpen(directory)).rejects.toMatchObject({ code: "EACCES" });
});
