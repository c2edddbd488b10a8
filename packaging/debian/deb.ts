/** The Debian package: its tree and its scripts, put together by dpkg-deb. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { project, sourceDate } from "../project.ts";
import { programOf } from "../program/program-tree.ts";
import { run } from "../run-command.ts";
import { architectures, type Target } from "../target.ts";
import { copy, joined, text, writeTree, type Tree } from "../tree.ts";
import { control, debianVersion } from "./control.ts";
import { conffiles, debianFiles, debianTree, programPlace } from "./debian-tree.ts";

export interface DebOptions {
  readonly cpu: Target["cpu"];
  /** Folder the package is written into. */
  readonly out: string;
  /** In place of the one in package.json: for trials of an upgrade. */
  readonly version?: string;
  readonly node?: string;
  /** For a comparison, which is done sooner so. */
  readonly uncompressed?: boolean;
}

/** Resolves with the package's path. The same source gives the same octets. */
export async function buildDeb({
  cpu,
  out,
  version = project.version,
  node,
  uncompressed = false,
}: DebOptions): Promise<string> {
  const seconds = await sourceDate();
  const program = await programOf({ platform: "linux", cpu }, programPlace, node);
  const scratch = await mkdtemp(join(tmpdir(), "weir-deb-"));
  try {
    const tree = debianTree(program, seconds);
    await writeTree(tree, scratch, seconds);
    const facts = {
      version: debianVersion(version),
      architecture: architectures[cpu],
      installedKib: await kibOf(scratch),
      summary: "application mail relay that explains its limits",
    };
    await writeTree(controlTree(control(facts), await digests(tree, scratch)), scratch, seconds);
    await mkdir(out, { recursive: true });
    const file = join(out, `weir_${facts.version}_${facts.architecture}.deb`);
    // One thread: what several make depends on how many there are.
    const compression = uncompressed ? ["-Znone"] : ["-Zxz", "-z3", "--threads-max=1"];
    await run("dpkg-deb", ["--root-owner-group", ...compression, "--build", scratch, file], {
      env: { SOURCE_DATE_EPOCH: String(seconds) },
    });
    return file;
  } finally {
    await rm(scratch, { recursive: true, force: true });
    await program.remove();
  }
}

function controlTree(controlText: string, md5sums: string): Tree {
  const scripts = ["postinst", "prerm", "postrm"].map(
    (name) => [`DEBIAN/${name}`, copy(join(debianFiles, name), 0o755)] as const,
  );
  return joined(
    new Map([
      ["DEBIAN/control", text(controlText)],
      ["DEBIAN/conffiles", text(`${conffiles.join("\n")}\n`)],
      ["DEBIAN/md5sums", text(md5sums)],
    ]),
    new Map(scripts),
  );
}

async function kibOf(folder: string): Promise<number> {
  return Number((await run("du", ["-sk", "--apparent-size", folder])).split("\t")[0]);
}

/** For `dpkg --verify`; configuration is not among them. */
async function digests(tree: Tree, folder: string): Promise<string> {
  const paths = [...tree].filter(
    ([path, { kind }]) =>
      (kind === "file" || kind === "copy") && !(conffiles as readonly string[]).includes(`/${path}`),
  );
  return run("md5sum", ["--", ...paths.map(([path]) => path)], { cwd: folder });
}
