import { chmod, mkdtemp, mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { commitTo, closeEnvironment, dataFile, fileUse, openEnvironment } from "./lmdb-environment.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-lmdb-"));
});
afterEach(async () => {
  await chmod(directory, 0o700);
  await rm(directory, { recursive: true });
});

it("opens what it made", async () => {
  for (let i = 0; i < 2; i++) await closeEnvironment(openEnvironment(directory));
});

// Within LMDB each of these would end the process by a signal.
it.each([dataFile, "lock.mdb"])("says that %s cannot be opened", async (name) => {
  await mkdir(join(directory, name));
  expect(() => openEnvironment(directory)).toThrow(/EISDIR/);
});

it("says that the directory is gone", async () => {
  expect(() => openEnvironment(join(directory, "nowhere"))).toThrow(/ENOENT/);
});

it("tells used pages from free ones, whatever they hold", async () => {
  const environment = openEnvironment(directory);
  const large = Array.from({ length: 20 }, (_, n) => ({
    table: "messages" as const,
    key: Buffer.from(`large ${n}`),
    value: Buffer.alloc(100_000),
  }));
  const small = Array.from({ length: 2_000 }, (_, n) => ({
    table: "queue" as const,
    key: Buffer.from(`small ${n}`),
    value: Buffer.alloc(100),
  }));
  await commitTo(environment, [...large, ...small], 1);
  const full = fileUse(environment);
  expect(full.pageBytes).toBe(4096);
  expect(full.pages).toBeGreaterThan(20 * 25 + 50);
  // Those of the commits that made the tables.
  expect(full.freePages).toBeGreaterThanOrEqual(0);
  expect(full.freePages).toBeLessThan(20);
  expect(full.branchPages).toBeGreaterThan(0);
  await commitTo(
    environment,
    [...large, ...small].map((write) => ({ ...write, value: undefined })),
    2,
  );
  const drained = fileUse(environment);
  expect(drained.freePages).toBeGreaterThan(drained.pages - 50);
  expect(drained.freePages).toBeLessThan(drained.pages - 2);
  expect(drained.branchPages).toBe(0);
  await closeEnvironment(environment);
});
