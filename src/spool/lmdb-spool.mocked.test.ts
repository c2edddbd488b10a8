/** What a power cut right behind the first opening must not take: the directories themselves. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { createFakeClock } from "../testing/fake-clock.ts";
import { openLmdbSpool } from "./lmdb-spool.ts";

const synced = vi.hoisted((): string[] => []);
vi.mock("../ports/directory-sync.ts", async (importOriginal) => {
  const real = await importOriginal<typeof import("../ports/directory-sync.ts")>();
  return {
    ...real,
    syncDirectory: async (path: string) => {
      await real.syncDirectory(path);
      synced.push(path);
    },
  };
});

test("a new spool's entries, and each directory made for it, are on disk before it is used", async () => {
  const root = await mkdtemp(join(tmpdir(), "weir-entries-"));
  onTestFinished(() => rm(root, { recursive: true }));
  const directory = join(root, "var", "lib", "spool");
  const clock = createFakeClock();
  await (await openLmdbSpool({ directory, clock })).close();
  const last = [root, join(root, "var"), join(root, "var", "lib"), directory];
  expect(synced).toEqual(expect.arrayContaining(last));

  synced.length = 0;
  await (await openLmdbSpool({ directory, clock })).close();
  expect(synced).toContain(directory);
  expect(synced).not.toContain(root);
});
