import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { makeDirectory } from "./make-directory.ts";

const disk = vi.hoisted(() => ({ code: "" }));
vi.mock("node:fs/promises", async (importOriginal) => {
  const real = await importOriginal<typeof import("node:fs/promises")>();
  return {
    ...real,
    /** As Node 20 to 24 on such a disk. */
    mkdir: (path: string, options: { recursive?: boolean }) => {
      if (disk.code === "") return real.mkdir(path, options);
      const code = options.recursive === true ? "ENOENT" : disk.code;
      return Promise.reject(Object.assign(new Error(`${code}, mkdir '${path}'`), { code }));
    },
  };
});

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-make-"));
});
beforeEach(() => {
  disk.code = "";
});
afterAll(() => rm(directory, { recursive: true }));

test("makes what is missing and says where it began", async () => {
  expect(await makeDirectory(join(directory, "a", "b"), 0o700)).toBe(join(directory, "a"));
  expect((await stat(join(directory, "a", "b"))).mode & 0o777).toBe(0o700);
  expect(await makeDirectory(join(directory, "a", "b"))).toBeUndefined();
});

test.each(["ENOSPC", "EROFS", "EIO"])(
  "a disk that says %s is not told as something missing",
  async (code) => {
    disk.code = code;
    await expect(makeDirectory(join(directory, "c", "d"))).rejects.toMatchObject({ code });
  },
);
