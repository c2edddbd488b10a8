/** Where files of this package lie, from the sources as from the bundle. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = rootOf(dirname(fileURLToPath(import.meta.url)));

/** Absolute path of a file or folder of the package, named from its root: `dist/console`. */
export function packageFile(path: string): string {
  return join(root, path);
}

function rootOf(directory: string): string {
  const above = dirname(directory);
  return above === directory || existsSync(join(directory, "package.json")) ? directory : rootOf(above);
}
