import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FileFault, fileFault, isFull } from "./file-fault.ts";
import { replaceFile } from "./replace-file.ts";

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-replace-"));
  file = join(directory, "file");
});
afterEach(() => rm(directory, { recursive: true }));

test("makes or replaces a file with the mode asked for, and leaves no draft", async () => {
  await replaceFile(file, "one", { mode: 0o640 });
  await chmod(file, 0o644);
  await replaceFile(file, Buffer.from("two"), { mode: 0o600 });
  expect(await readFile(file, "utf8")).toBe("two");
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readdir(directory)).toEqual(["file"]);
});

test("what comes between leaves the file as it was", async () => {
  await writeFile(file, "one");
  const beforeRename = () => Promise.reject(new Error("no"));
  await expect(replaceFile(file, "two", { mode: 0o600, beforeRename })).rejects.toThrow("no");
  expect(await readFile(file, "utf8")).toBe("one");
  expect(await readdir(directory)).toEqual(["file"]);
});

test("a fault names the file", async () => {
  const missing = join(directory, "none", "file");
  await expect(replaceFile(missing, "x", { mode: 0o600 })).rejects.toMatchObject({
    name: "FileFault",
    code: "failed",
    message: expect.stringContaining(`${missing} cannot be written: ENOENT`) as string,
  });
});

test("a full disk is told with its file system; a fault is made once", async () => {
  const error = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  const fault = await fileFault("/proc/self/fd/none", error);
  expect(fault).toBeInstanceOf(FileFault);
  expect(fault.code).toBe("full");
  expect(fault.message).toMatch(
    /^\/proc\/self\/fd\/none cannot be written: the file system at \/.* is full \(ENOSPC: no space left on device\)$/,
  );
  expect(await fileFault("elsewhere", fault)).toBe(fault);
  expect([isFull({ code: "EDQUOT" }), isFull({ code: "EIO" })]).toEqual([true, false]);
});
