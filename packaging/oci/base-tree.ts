/** Fetches Debian's packages for an architecture, as this machine's apt knows them, and takes from them what is needed. */
import { chmod, lstat, mkdir, readdir, readlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../run-command.ts";
import type { Architecture } from "../target.ts";
import { copy, directory, link, text, type Entry, type Tree } from "../tree.ts";
import { basePackages, belongsInImage, systemFiles } from "./base-files.ts";

export interface Base {
  readonly tree: Tree;
  /** `libc6 2.36-9`, … */
  readonly packages: readonly string[];
}

/** `scratch`: an empty folder for it. apt's own state is not touched. */
export async function baseTree(architecture: Architecture, scratch: string): Promise<Base> {
  const [state, cache, debs, files] = ["state", "cache", "debs", "files"].map((name) =>
    join(scratch, name),
  ) as [string, string, string, string];
  for (const folder of [join(state, "lists/partial"), join(cache, "archives/partial"), debs, files])
    await mkdir(folder, { recursive: true });
  // apt fetches as a user of its own.
  for (const folder of [scratch, debs]) await chmod(folder, 0o777);
  await writeFile(join(state, "status"), "");
  const apt = [
    "-qq",
    ...[
      `Dir::State=${state}`,
      `Dir::State::status=${state}/status`,
      `Dir::Cache=${cache}`,
      `APT::Architecture=${architecture}`,
      `APT::Architectures=${architecture}`,
      "APT::Sandbox::User=root",
    ].flatMap((option) => ["-o", option]),
  ];
  await run("apt-get", [...apt, "update"]);
  await run("apt-get", [...apt, "download", ...basePackages], { cwd: debs });

  const tree = new Map<string, Entry>();
  const packages: string[] = [];
  for (const deb of (await readdir(debs)).toSorted()) {
    const file = join(debs, deb);
    const control = await run("dpkg-deb", ["-f", file]);
    const [, name = ""] = /^Package: (.*)$/m.exec(control) ?? [];
    const [, version = ""] = /^Version: (.*)$/m.exec(control) ?? [];
    packages.push(`${name} ${version}`);
    // Where scanners look in images that have no dpkg.
    tree.set(`var/lib/dpkg/status.d/${name}`, text(control));
    const unpacked = join(files, name);
    await run("dpkg-deb", ["-x", file, unpacked]);
    for (const path of await pathsBelow(unpacked))
      if (belongsInImage(path)) tree.set(path, await entryOf(join(unpacked, path)));
  }
  for (const [path, content] of Object.entries(systemFiles)) tree.set(path, text(content));
  tree.set("tmp", directory(0o1777));
  for (const folder of ["data", "proc", "sys", "dev", "etc/weir"]) tree.set(folder, directory());
  return { tree, packages };
}

async function entryOf(path: string): Promise<Entry> {
  const found = await lstat(path);
  return found.isSymbolicLink() ? link(await readlink(path)) : copy(path, found.mode & 0o755);
}

async function pathsBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1));
}
