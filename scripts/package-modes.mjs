// npm puts files into a package with the modes they have on disk, which are those of somebody's umask: what a package takes
// gets the usual ones, so that two packages of one source are the same.
import { execFileSync } from "node:child_process";
import { chmodSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const words = ["pack", "--dry-run", "--json", "--ignore-scripts"];
const [{ files }] = JSON.parse(execFileSync("npm", words, { cwd: root, encoding: "utf8" }));
for (const { path } of files) {
  const file = join(root, path);
  const { mode } = statSync(file);
  const usual = mode & 0o100 ? 0o755 : 0o644;
  if ((mode & 0o777) !== usual) chmodSync(file, usual);
}
