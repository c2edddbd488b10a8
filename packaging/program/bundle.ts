/** Which files of dist/ the program needs: those it begins with, and what they load, at once or later. */
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

/** What bin/weir.js starts, and threads by their name. The library and its test doubles stay out. */
const isEntry = (name: string): boolean => /^(program|sendmail|[a-z]+-worker)\.cjs$/.test(name);

/** Names in `dist`, sorted, with their source maps, the console and the licences. */
export async function bundleFiles(dist: string): Promise<readonly string[]> {
  const needed = new Set<string>();
  const follow = async (name: string): Promise<void> => {
    if (needed.has(name)) return;
    needed.add(name);
    for (const loaded of loadedBy(await readFile(join(dist, name), "utf8"))) await follow(loaded);
  };
  const there = new Set(await readdir(dist));
  for (const entry of [...there].filter(isEntry)) await follow(entry);
  const maps = [...needed].map((name) => `${name}.map`).filter((name) => there.has(name));
  const console = await readdir(join(dist, "console"), { recursive: true, withFileTypes: true });
  const pages = console
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(dist.length + 1));
  return [...needed, ...maps, ...pages, "THIRD-PARTY-LICENSES.txt"].toSorted();
}

/** Names beside it in the text of a file of the bundle. */
export function loadedBy(text: string): readonly string[] {
  const found = text.matchAll(/(?:\bfrom|\bimport|\brequire|new URL)\s*\(?\s*["'`]\.\/([\w.-]+\.c?js)["'`]/g);
  return [...new Set([...found].map(([, name = ""]) => name))];
}
