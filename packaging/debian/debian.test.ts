import { execFile } from "node:child_process";
import { access, readFile, readdir } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/parse-config.ts";
import { text } from "../tree.ts";
import { control, debianVersion } from "./control.ts";
import { conffiles, debianFiles, debianTree } from "./debian-tree.ts";

const execute = promisify(execFile);
const hasAnalyze = await access("/usr/bin/systemd-analyze").then(
  () => true,
  () => false,
);
const unit = await readFile(join(debianFiles, "weir.service"), "utf8");
const program = new Map([
  ["node", text("", 0o755)],
  ["bin/weir.js", text("", 0o755)],
]);
const tree = debianTree({ tree: program }, 0);

test("everything stands where Debian looks for it", () => {
  const places = [...tree.keys()].filter((path) => !path.startsWith("usr/share/doc/"));
  expect(places).toEqual([
    "etc/weir",
    "etc/weir/weir.yaml",
    "usr/bin/weir",
    "usr/lib/systemd/system/weir.service",
    "usr/lib/weir/bin/weir.js",
    "usr/lib/weir/node",
    "usr/share/bash-completion/completions/weir",
    "usr/share/man/man1/weir.1.gz",
    "usr/share/man/man5/weir.yaml.5.gz",
    "usr/share/zsh/vendor-completions/_weir",
  ]);
  for (const name of ["copyright", "CHANGELOG.md.gz", "limits.md", "examples/alerts.yaml"])
    expect(tree.has(`usr/share/doc/weir/${name}`)).toBe(true);
  for (const file of conffiles) expect(tree.has(file.slice(1))).toBe(true);
});

test("what the unit and the links name is there", () => {
  const named = [...unit.matchAll(/^Exec\w+=.*$/gm)].flatMap(
    ([line]) => line.match(/\/usr\/[\w/.-]+/g) ?? [],
  );
  expect(named.length).toBeGreaterThan(2);
  for (const path of named) expect(tree.has(path.slice(1)), path).toBe(true);
  for (const [path, entry] of tree)
    if (entry.kind === "link") expect(tree.has(posix.join(dirname(path), entry.to)), path).toBe(true);
});

test("its weir.yaml is one, private, and opens the shell to the group", () => {
  const entry = tree.get("etc/weir/weir.yaml");
  const written = entry?.kind === "file" ? String(entry.content) : "";
  const result = parseConfig(written, { file: "/etc/weir/weir.yaml" });
  expect(result).toMatchObject({
    ok: true,
    warnings: [],
    settings: { dataDirectory: "/var/lib/weir", admin: { socketGroup: "weir" } },
  });
  expect(entry).toMatchObject({ mode: 0o640 });
  expect(written).toContain("# The limits, with their defaults:");
});

test.runIf(hasAnalyze)("the unit is hardened", async () => {
  const words = ["security", "--offline=yes", "--no-pager", join(debianFiles, "weir.service")];
  const { stdout } = await execute("systemd-analyze", words);
  const level = /exposure level for weir.service: ([\d.]+)/.exec(stdout)?.[1];
  expect(Number(level)).toBeLessThanOrEqual(2);
});

test("the scripts are sh", async () => {
  const scripts = (await readdir(debianFiles)).filter((name) => /^(pre|post)/.test(name));
  expect(scripts).toHaveLength(3);
  for (const name of scripts) await execute("sh", ["-n", join(debianFiles, name)]);
});

test("control says what it is and needs", () => {
  const said = control({ version: "1.2.3", architecture: "arm64", installedKib: 7, summary: "a relay" });
  expect(said).toMatch(/^Package: weir\nVersion: 1\.2\.3\nArchitecture: arm64\n/);
  expect(said).toMatch(/^Depends: libc6 \(>= 2\.28\), .*adduser/m);
  expect(said).toMatch(/^Description: a relay\n /m);
});

test.each([
  ["1.2.3", "1.2.3"],
  ["2.0.0-rc.1", "2.0.0~rc.1"],
])("version %s is Debian's %s", (version, debian) => {
  expect(debianVersion(version)).toBe(debian);
});
