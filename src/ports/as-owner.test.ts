import { chown, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { asOwner, foreignOwnerOf, makeDirectoryFor } from "./as-owner.ts";

const isRoot = process.geteuid?.() === 0;
const somebody = { uid: 4_321, gid: 4_322 };
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-as-owner-"));
});
afterEach(() => rm(directory, { recursive: true }));

test("nobody is foreign to who is not root, nor to root what is its own or not there", async () => {
  expect(await foreignOwnerOf("/", 1_000)).toBeUndefined();
  expect(await foreignOwnerOf("/", 0)).toBeUndefined();
  expect(await foreignOwnerOf(join(directory, "missing"), 0)).toBeUndefined();
});

test.runIf(isRoot)("root makes directories for the one whose relay it is, and no other's", async () => {
  await makeDirectoryFor(somebody, join(directory, "a/b"));
  for (const path of ["a", "a/b"]) expect(await stat(join(directory, path))).toMatchObject(somebody);
  expect((await stat(directory)).uid).toBe(0);
  await mkdir(join(directory, "c"));
  await makeDirectoryFor(somebody, join(directory, "c"));
  expect((await stat(join(directory, "c"))).uid).toBe(0);
});

test.runIf(isRoot)("what is done as the owner is the owner's, and the owner's alone", async () => {
  const home = join(directory, "home");
  await makeDirectoryFor(somebody, home);
  await chown(directory, somebody.uid, somebody.gid);
  await writeFile(join(directory, "of-root"), "secret", { mode: 0o600 });
  const owner = await foreignOwnerOf(home);
  expect(owner).toEqual(somebody);
  await asOwner(owner, async () => {
    await writeFile(join(home, "file"), "x");
    await expect(readFile(join(directory, "of-root"))).rejects.toMatchObject({ code: "EACCES" });
  });
  await expect(asOwner(owner, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await stat(join(home, "file"))).toMatchObject(somebody);
  expect([process.geteuid?.(), process.getegid?.()]).toEqual([0, 0]);
  expect(await readFile(join(directory, "of-root"), "utf8")).toBe("secret");
});
