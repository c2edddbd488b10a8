/**
 * Two builds of the last commit in places that differ in what must not matter: path, umask, time zone and language. What they
 * make must be the same octets (reproducible-builds.org).
 */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./project.ts";
import { run } from "./run-command.ts";

const places = [
  { folder: "one", umask: "022", env: { TZ: "UTC", LANG: "C.UTF-8" } },
  { folder: "two, ünd elsewhere", umask: "077", env: { TZ: "Pacific/Auckland", LANG: "de_DE.UTF-8" } },
] as const;

/**
 * Debs are compared uncompressed: what compresses them gives the same octets for the same. Images without their layer of compiled code:
 * V8 keeps what was called, in which no two runs of the same program agree (docs/decisions/0074).
 */
const making = [
  "node scripts/build.mjs",
  "node scripts/package-modes.mjs",
  "npm pack --ignore-scripts --pack-destination packages",
  "node_modules/.bin/tsx packaging/run.ts deb oci windows sbom --uncompressed",
];

export interface Reproduced {
  /** What both made alike, with digests. */
  readonly same: ReadonlyMap<string, string>;
  /** Names of what they did not. */
  readonly different: readonly string[];
}

/** Cost: some minutes. Rejects where one of the two cannot be made. */
export async function reproduce(): Promise<Reproduced> {
  const scratch = await mkdtemp(join(tmpdir(), "weir-reproduce-"));
  try {
    const commit = (await run("git", ["rev-parse", "HEAD"], { cwd: root })).trim();
    const made: ReadonlyMap<string, string>[] = [];
    for (const place of places) made.push(await makeIn(join(scratch, place.folder), commit, place));
    const [one = new Map<string, string>(), two = new Map<string, string>()] = made;
    const names = [...new Set([...one.keys(), ...two.keys()])].toSorted();
    const different = names.filter((name) => one.get(name) !== two.get(name));
    return { same: new Map([...one].filter(([name, digest]) => two.get(name) === digest)), different };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Digests of the packages made there, by name. */
async function makeIn(
  folder: string,
  commit: string,
  { umask, env }: Pick<(typeof places)[number], "umask" | "env">,
): Promise<ReadonlyMap<string, string>> {
  const shell = (commands: readonly string[], cwd: string) =>
    run("sh", ["-c", [`umask ${umask}`, ...commands].join(" && ")], { cwd, env });
  await shell([`git clone --quiet --no-checkout ${quoted(root)} ${quoted(folder)}`], root);
  await shell([`git checkout --quiet --detach ${commit}`], folder);
  // Links where they can be: the modules are not changed.
  const modules = join(root, "node_modules");
  await shell([`cp -al ${quoted(modules)} . 2>/dev/null || cp -a ${quoted(modules)} .`], folder);
  await mkdir(join(folder, "packages"));
  await shell(making, folder);
  const packages = join(folder, "packages");
  const digests = new Map<string, string>();
  for (const name of (await readdir(packages)).toSorted()) {
    const content = await readFile(join(packages, name));
    digests.set(name, createHash("sha256").update(content).digest("hex"));
  }
  return digests;
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
