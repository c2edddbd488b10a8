/** A tree of files before it is a package: by path, what each is. Owners and times are the package's business. */
import { chmod, copyFile, mkdir, symlink, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

export type Entry =
  | { readonly kind: "file"; readonly mode: number; readonly content: string | Buffer }
  /** As it stands on disk. */
  | { readonly kind: "copy"; readonly mode: number; readonly from: string }
  | { readonly kind: "link"; readonly to: string }
  | { readonly kind: "directory"; readonly mode: number };

/** Paths without a leading slash. */
export type Tree = ReadonlyMap<string, Entry>;

export const text = (content: string | Buffer, mode = 0o644): Entry => ({ kind: "file", mode, content });
export const copy = (from: string, mode = 0o644): Entry => ({ kind: "copy", mode, from });
export const link = (to: string): Entry => ({ kind: "link", to });
export const directory = (mode = 0o755): Entry => ({ kind: "directory", mode });

/** Below another folder. */
export function below(folder: string, tree: Tree): Tree {
  return new Map([...tree].map(([path, entry]) => [`${folder}/${path}`, entry]));
}

/** Later ones win. */
export function joined(...trees: readonly Tree[]): Tree {
  return new Map(trees.flatMap((tree) => [...tree]).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Writes it into an empty folder, whatever the umask, every file with the same time (seconds). */
export async function writeTree(tree: Tree, folder: string, seconds: number): Promise<void> {
  const folders = new Map<string, number>([[".", 0o755]]);
  for (const [path, entry] of tree) {
    for (let above = dirname(path); above !== "."; above = dirname(above))
      if (!folders.has(above)) folders.set(above, 0o755);
    if (entry.kind === "directory") folders.set(path, entry.mode);
  }
  const deepestLast = [...folders].toSorted(([a], [b]) => (a < b ? -1 : 1));
  for (const [path] of deepestLast) await mkdir(join(folder, path), { recursive: true });
  for (const [path, entry] of tree) await writeEntry(entry, join(folder, path), seconds);
  for (const [path, mode] of deepestLast.toReversed()) {
    await chmod(join(folder, path), mode);
    await utimes(join(folder, path), seconds, seconds);
  }
}

async function writeEntry(entry: Entry, path: string, seconds: number): Promise<void> {
  if (entry.kind === "directory") return;
  if (entry.kind === "link") return symlink(entry.to, path);
  if (entry.kind === "file") await writeFile(path, entry.content);
  else await copyFile(entry.from, path);
  await chmod(path, entry.mode);
  await utimes(path, seconds, seconds);
}
