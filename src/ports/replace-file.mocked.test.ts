/** The directory cannot be synced: the file is replaced by then, and must not be called unchanged. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { replaceFile } from "./replace-file.ts";

vi.mock("./directory-sync.ts", () => ({
  syncDirectory: () => Promise.reject(new Error("EIO: i/o error, fsync")),
}));

test("a fault of the directory says that the new file stands there", async () => {
  const directory = await mkdtemp(join(tmpdir(), "weir-replace-"));
  const file = join(directory, "file");
  try {
    await writeFile(file, "one");
    await expect(replaceFile(file, "two", { mode: 0o600 })).rejects.toMatchObject({
      name: "FileFault",
      code: "failed",
      message: `${file} is replaced, but a loss of power may bring the old one back: EIO: i/o error, fsync`,
    });
    expect(await readFile(file, "utf8")).toBe("two");
  } finally {
    await rm(directory, { recursive: true });
  }
});
