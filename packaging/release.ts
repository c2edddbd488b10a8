/** `npm run release -- VERSION [--dry-run]`: changelog, version, packages with their digests, commit and tag; pushes nothing. */
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { project, root } from "./project.ts";
import { planRelease } from "./release-plan.ts";
import { reproduce } from "./reproduce.ts";
import { run } from "./run-command.ts";

const usage = `npm run release -- [VERSION] [--dry-run]

  VERSION    default: package.json's, where it was never released
  --dry-run  checks everything, builds the last commit twice and compares, and says what would be done; changes nothing
`;

async function release(version: string, dryRun: boolean): Promise<void> {
  const say = (text: string): boolean => process.stdout.write(`${text}\n`);
  const changelogFile = join(root, "CHANGELOG.md");
  const date = new Date().toISOString().slice(0, 10);
  const plan = planRelease(await readFile(changelogFile, "utf8"), project.version, version, date);
  const dirty = (await run("git", ["status", "--porcelain"], { cwd: root })).trim();
  if (dirty !== "" && !dryRun) throw new Error(`there is what is not committed:\n${dirty}`);
  const tags = (await run("git", ["tag", "--list", plan.tag], { cwd: root })).trim();
  if (tags !== "") throw new Error(`there is a tag ${plan.tag} already`);
  const packed = JSON.parse(
    await run("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: root }),
  ) as readonly { readonly filename: string; readonly entryCount: number; readonly size: number }[];
  say(`${plan.tag}: ${plan.notes.split("\n").filter((line) => line.startsWith("- ")).length} changes`);
  for (const { filename, entryCount, size } of packed)
    say(`npm package ${filename}: ${entryCount} files, ${Math.round(size / 1024)} KiB`);
  if (dryRun) {
    const { same, different } = await reproduce();
    for (const [name, digest] of same) say(`made twice alike: ${digest}  ${name}`);
    if (different.length > 0)
      throw new Error(`two builds of the last commit differ: ${different.join(", ")}`);
    if (dirty !== "") say(`not committed yet, and not part of it:\n${dirty}`);
    say(
      "would write CHANGELOG.md and package.json, commit, tag, and make: deb (amd64, arm64), oci (amd64), windows, sbom",
    );
    return;
  }
  await writeFile(changelogFile, plan.changelog);
  if (version !== project.version)
    await run("npm", ["version", "--no-git-tag-version", version], { cwd: root });
  await run("git", ["commit", "--all", "--quiet", "--message", `release: ${version}`], { cwd: root });
  await run("git", ["tag", "--annotate", plan.tag, "--message", plan.notes], { cwd: root });
  await run("npm", ["run", "build"], { cwd: root });
  const words = ["--no-install", "tsx", "packaging/run.ts"];
  const made = [
    await run("npx", [...words, "deb", "oci", "windows", "sbom"], { cwd: root }),
    await run("npx", [...words, "deb", "--arch", "arm64"], { cwd: root }),
  ];
  await run("node", ["scripts/package-modes.mjs"], { cwd: root });
  const tarball = (
    await run("npm", ["pack", "--ignore-scripts", "--pack-destination", "packages"], { cwd: root })
  )
    .trim()
    .split("\n")
    .at(-1);
  if (tarball !== undefined) {
    const octets = await readFile(join(root, "packages", tarball));
    made.push(`${createHash("sha256").update(octets).digest("hex")}  ${basename(tarball)}\n`);
  }
  await writeFile(join(root, "packages/SHA256SUMS"), made.join(""));
  say(`${made.join("")}in packages/; now: git push --follow-tags`);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { "dry-run": { type: "boolean", default: false }, help: { type: "boolean", default: false } },
});
if (values.help || positionals.length > 1) {
  process.stderr.write(usage);
  process.exitCode = values.help ? 0 : 2;
} else {
  try {
    await release(positionals[0] ?? project.version, values["dry-run"]);
  } catch (fault) {
    process.stderr.write(`release: ${fault instanceof Error ? fault.message : String(fault)}\n`);
    process.exitCode = 1;
  }
}
