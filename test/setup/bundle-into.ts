/** One file of JavaScript for a program of the tests: it starts ten times as fast as the sources do. */
import { basename, join } from "node:path";
import { rolldown } from "rolldown";

/** Packages are loaded from where they are by whoever runs it below a folder with `node_modules`. Gives the file's path. */
export async function bundleInto(folder: string, source: string): Promise<string> {
  const build = await rolldown({ input: source, platform: "node", external: ["lmdb"] });
  const file = join(folder, basename(source).replace(/\.ts$/u, ".mjs"));
  await build.write({ file, format: "esm", codeSplitting: false });
  await build.close();
  return file;
}
