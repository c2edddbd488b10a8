/** `npm run package -- deb|oci|windows [--arch amd64|arm64] [--out DIR] [--node FILE] [--try [--base ROOT]]` */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { arch } from "node:os";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { root } from "./project.ts";
import { cpuOf, type Target } from "./target.ts";

interface Options {
  readonly cpu: Target["cpu"];
  readonly out: string;
  readonly version?: string;
  readonly node?: string;
  readonly uncompressed: boolean;
}

/** Each makes its files and resolves with their paths. */
const kinds: Readonly<Record<string, (options: Options) => Promise<string>>> = {
  deb: async (options) => (await import("./debian/deb.ts")).buildDeb(options),
  sbom: async (options) => (await import("./sbom.ts")).buildSbom(options),
  windows: async (options) => (await import("./windows/zip.ts")).buildZip(options),
  oci: async (options) => (await import("./oci/image.ts")).buildImage(options),
};
/** `base`: a root that is there already. */
const trials: Readonly<Record<string, (file: string, base: string | undefined) => Promise<void>>> = {
  deb: async (file, base) => (await import("./debian/try.ts")).tryDeb(file, base),
  oci: async (file) => (await import("./oci/try.ts")).tryImage(file),
};

const usage = `npm run package -- KIND… [--arch amd64|arm64] [--out DIR] [--node FILE] [--try [--base ROOT]]

  KIND       ${Object.keys(kinds).join(", ")}
  --arch     for which processor; default: this machine's
  --out      where the package goes; default: packages/
  --node     this executable in place of the Node of packaging/runtime
  --version  in place of package.json's, for trials
  --uncompressed  for a comparison: a deb so, an image without the layer of compiled code
  --try      install it into a fresh root and use it there; as root on Debian
  --base     a root that debootstrap made, so that --try makes none
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      arch: { type: "string", default: arch() },
      out: { type: "string", default: join(root, "packages") },
      node: { type: "string" },
      version: { type: "string" },
      base: { type: "string" },
      try: { type: "boolean", default: false },
      uncompressed: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const cpu = cpuOf(values.arch);
  const unknown = positionals.filter((kind) => !(kind in kinds));
  if (values.help || positionals.length === 0 || unknown.length > 0 || cpu === undefined) {
    process.stderr.write(usage);
    return values.help ? 0 : 2;
  }
  const { node, version, uncompressed } = values;
  const options = {
    cpu,
    uncompressed,
    out: resolve(values.out),
    ...(node === undefined ? {} : { node: resolve(node) }),
    ...(version === undefined ? {} : { version }),
  };
  for (const kind of positionals) {
    const file = await kinds[kind]?.(options);
    if (file === undefined) continue;
    const digest = createHash("sha256")
      .update(await readFile(file))
      .digest("hex");
    process.stdout.write(`${digest}  ${basename(file)}\n`);
    if (values.try) await trials[kind]?.(file, values.base);
  }
  return 0;
}

try {
  process.exitCode = await main();
} catch (fault) {
  process.stderr.write(`package: ${fault instanceof Error ? fault.message : String(fault)}\n`);
  process.exitCode = 1;
}
