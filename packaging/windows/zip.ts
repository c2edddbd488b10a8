import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { project, sourceDate } from "../project.ts";
import { programOf } from "../program/program-tree.ts";
import { run } from "../run-command.ts";
import type { Target } from "../target.ts";
import { below, writeTree } from "../tree.ts";
import { windowsPlace, windowsTree } from "./windows-tree.ts";

/** The zip for Windows, by zip(1). Resolves with its path. The same source gives the same octets. */
export async function buildZip(options: {
  readonly cpu: Target["cpu"];
  readonly out: string;
  readonly version?: string;
  readonly node?: string;
}): Promise<string> {
  const { cpu, out, version = project.version, node } = options;
  if (cpu !== "x64" && node === undefined)
    throw new Error(
      "for Windows on arm64 name a node.exe with --node; the registry has the LTS for x64 alone",
    );
  const seconds = await sourceDate();
  const program = await programOf({ platform: "win32", cpu }, windowsPlace, node);
  const scratch = await mkdtemp(join(tmpdir(), "weir-windows-"));
  try {
    const name = `weir-${version}-windows-${cpu}`;
    const tree = below(name, windowsTree(program));
    await writeTree(tree, scratch, seconds);
    const list = join(scratch, "list");
    await writeFile(list, `${[...tree.keys()].join("\n")}\n`);
    await mkdir(out, { recursive: true });
    const file = join(out, `${name}.zip`);
    await rm(file, { force: true });
    // No owners, no access times; what stands in a zip as local time is UTC.
    await run("sh", ["-c", 'zip -X -q -9 "$0" -@ < list', file], { cwd: scratch, env: { TZ: "UTC" } });
    return file;
  } finally {
    await rm(scratch, { recursive: true, force: true });
    await program.remove();
  }
}
