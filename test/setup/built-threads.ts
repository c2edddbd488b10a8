/**
 * Once for all tests: what `startThread` starts, each in a file, since from the sources a thread loads the loader and all
 * its modules anew, at half a second of CPU. Where WEIR_TEST_THREADS is set already it stays: empty, threads are started
 * from the sources, which is for whoever changes these while tests run.
 */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { rolldown } from "rolldown";

const root = resolve(import.meta.dirname, "../..");

export default async function buildThreads(): Promise<(() => Promise<void>) | undefined> {
  if (process.env["WEIR_TEST_THREADS"] !== undefined) return undefined;
  const sources = await readdir(join(root, "src"), { recursive: true });
  const workers = sources.filter((file) => file.endsWith("-worker.ts"));
  // Below the package's root, where they find its files.
  const folder = await mkdtemp(join(root, "node_modules/.weir-threads-"));
  const build = await rolldown({
    input: Object.fromEntries(workers.map((file) => [basename(file, ".ts"), join(root, "src", file)])),
    cwd: root,
    platform: "node",
  });
  await build.write({ dir: folder, format: "cjs", entryFileNames: "[name].cjs", dynamicImportInCjs: false });
  await build.close();
  process.env["WEIR_TEST_THREADS"] = folder;
  return async () => {
    delete process.env["WEIR_TEST_THREADS"];
    await rm(folder, { recursive: true, force: true });
  };
}
