/** The image as one tar: an OCI layout that docker load, podman load and skopeo read. Made without a container engine. */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { project, sourceDate } from "../project.ts";
import { programOf } from "../program/program-tree.ts";
import { run } from "../run-command.ts";
import { architectures, type Target } from "../target.ts";
import { below, directory, joined, link, writeTree, type Tree } from "../tree.ts";
import { imageUser } from "./base-files.ts";
import { baseTree } from "./base-tree.ts";
import { compiledTree } from "./compiled-tree.ts";
import {
  type Described,
  dockerManifest,
  imageConfig,
  imageIndex,
  imageManifest,
  type Layer,
  nodeFlags,
} from "./image-config.ts";

export interface ImageOptions {
  readonly cpu: Target["cpu"];
  readonly out: string;
  readonly version?: string;
  readonly node?: string;
  /** Without what Node compiles of the program, in which no two makings are alike: for a comparison. */
  readonly uncompressed?: boolean;
}

/**
 * Resolves with the tar's path. The same source and the same Debian packages give the same layers, but for that of compiled code
 * and with it the tar.
 */
export async function buildImage({
  cpu,
  out,
  version = project.version,
  node,
  uncompressed = false,
}: ImageOptions): Promise<string> {
  const seconds = await sourceDate();
  const architecture = architectures[cpu];
  const program = await programOf(
    { platform: "linux", cpu },
    { folder: "/usr/lib/weir", config: "/data/weir.yaml" },
    node,
  );
  const scratch = await mkdtemp(join(tmpdir(), "weir-image-"));
  try {
    const base = await baseTree(architecture, join(scratch, "debian"));
    const layout = join(scratch, "layout");
    await mkdir(join(layout, "blobs/sha256"), { recursive: true });
    const [runtime, code] = [isRuntime, (path: string) => !isRuntime(path)].map((belongs) =>
      below("usr/lib/weir", new Map([...program.tree].filter(([path]) => belongs(path)))),
    ) as [Tree, Tree];
    const making = { scratch: join(scratch, "compiled"), seconds, flags: nodeFlags };
    const compiled = uncompressed ? new Map() : await compiledTree(program.tree, cpu, making);
    const layers: Layer[] = [];
    for (const [what, tree, owner] of [
      [`Debian: ${base.packages.join(", ")}; Node ${program.nodeVersion}`, joined(base.tree, runtime), 0],
      [`Weir ${version}`, joined(code, new Map([["usr/bin/weir", link("../lib/weir/bin/weir.js")]])), 0],
      ["what Node compiles of it", below("usr/lib/weir", compiled), 0],
      ["a place for the volume", new Map([["data", directory(0o710)]]), imageUser],
    ] as const)
      if (tree.size > 0) layers.push(await layerOf(what, tree, owner, { scratch, layout, seconds }));

    const name = `weir:${version}`;
    const created = new Date(seconds * 1000).toISOString();
    const labels = { "io.weir.node.version": program.nodeVersion };
    const config = await blob(layout, imageConfig({ architecture, created, version, layers, labels }));
    const manifest = await blob(layout, imageManifest(config, layers));
    const write = (file: string, value: object): Promise<void> =>
      writeFile(join(layout, file), JSON.stringify(value));
    await write("oci-layout", { imageLayoutVersion: "1.0.0" });
    await write("index.json", imageIndex(manifest, architecture, name));
    await write("manifest.json", dockerManifest(config, layers, name));
    await mkdir(out, { recursive: true });
    const file = join(out, `weir-${version}-oci-${architecture}.tar`);
    await writeFile(file, await tarOf(layout, 0, seconds));
    return file;
  } finally {
    await rm(scratch, { recursive: true, force: true });
    await program.remove();
  }
}

/** Changes seldom, and is most of the image. */
function isRuntime(path: string): boolean {
  return path === "node" || path === "LICENSE.node" || path.startsWith("node_modules/");
}

async function layerOf(
  what: string,
  tree: Tree,
  owner: number,
  {
    scratch,
    layout,
    seconds,
  }: { readonly scratch: string; readonly layout: string; readonly seconds: number },
): Promise<Layer> {
  const folder = await mkdtemp(join(scratch, "layer-"));
  await writeTree(tree, folder, seconds);
  const tar = await tarOf(folder, owner, seconds);
  await rm(folder, { recursive: true });
  const { digest, size } = await blob(layout, await promisify(gzip)(tar, { level: 6 }));
  return { what, digest, size, diffId: digestOf(tar) };
}

async function tarOf(folder: string, owner: number, seconds: number): Promise<Buffer> {
  const file = `${folder}.tar`;
  await run("tar", [
    "--create",
    `--file=${file}`,
    `--directory=${folder}`,
    "--format=gnu",
    "--sort=name",
    `--mtime=@${seconds}`,
    "--numeric-owner",
    `--owner=${owner}`,
    `--group=${owner}`,
    "--",
    ...(await readdir(folder)).toSorted(),
  ]);
  const content = await readFile(file);
  await rm(file);
  return content;
}

async function blob(layout: string, value: Buffer | object): Promise<Described> {
  const content = Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value));
  const digest = digestOf(content);
  await writeFile(join(layout, "blobs/sha256", digest.replace("sha256:", "")), content);
  return { digest, size: content.length };
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}
