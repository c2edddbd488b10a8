/**
 * Threads of the program's own: of a bundle the file beside it, from the sources what tests have built of them
 * (test/setup/built-threads.ts), or the sources with the loader that reads them.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker, type WorkerOptions } from "node:worker_threads";

/**
 * `script` stands beside the module of `here` (its `import.meta.url`), without its ending. Its name ends in `-worker`,
 * by which scripts/build.mjs finds it, and is of one file alone.
 */
export function startThread(here: string, script: `${string}-worker`, options: WorkerOptions): Worker {
  if (!here.endsWith(".ts")) return new Worker(new URL(`./${script}.cjs`, here), options);
  const built = process.env["WEIR_TEST_THREADS"];
  if (built !== undefined && built !== "") return new Worker(join(built, `${script}.cjs`), options);
  // From the sources: the thread needs the loader first.
  const loader = createRequire(here).resolve("tsx/esm/api").replace(/cjs$/, "mjs");
  const [register, source] = [pathToFileURL(loader), new URL(`./${script}.ts`, here)].map(String);
  return new Worker(`import("${register}").then((tsx) => (tsx.register(), import("${source}")))`, {
    ...options,
    eval: true,
    execArgv: [],
  });
}
