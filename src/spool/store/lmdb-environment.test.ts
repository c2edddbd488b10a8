import { chmod, mkdtemp, mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { closeEnvironment, dataFile, openEnvironment } from "./lmdb-environment.ts";

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
