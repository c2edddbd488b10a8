// Keeps imports pointing down: which folder of src/ may import what. Prints each violation; exits 1 if any.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

const src = resolve(dirname(fileURLToPath(import.meta.url)), "../src");

/** Folder of src/ (or file directly in it) → the folders it may import. A folder always may import itself. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  ports: ["core"],
  logs: ["core", "ports", "version.ts"],
  events: ["core", "logs", "ports"],
  http: ["core"],
  metrics: ["core", "events", "http", "ports"],
  tracking: ["core", "events", "logs", "ports", "version.ts"],
  spool: ["core", "events", "ports"],
  resources: ["core", "events", "ports"],
  receive: ["core", "events", "logs", "metrics", "ports", "spool", "tracking"],
  send: ["core", "events", "logs", "metrics", "ports", "spool", "tracking"],
  cluster: ["core", "events", "ports", "receive", "send", "spool"],
  config: ["core", "events", "ports"],
  "relay.ts": [
    "config",
    "core",
    "events",
    "http",
    "logs",
    "metrics",
    "ports",
    "receive",
    "resources",
    "send",
    "spool",
    "tracking",
    "version.ts",
  ],
  "index.ts": [
    "admin",
    "config",
    "core",
    "events",
    "ports",
    "receive",
    "relay.ts",
    "send",
    "spool",
    "version.ts",
  ],
  admin: [
    "config",
    "core",
    "events",
    "http",
    "logs",
    "metrics",
    "ports",
    "relay.ts",
    "spool",
    "tracking",
    "version.ts",
  ],
  cli: ["*"],
  testing: ["*"],
};

/** Of config, only these may be imported from outside: the types of parsed settings. */
const openConfigFiles = new Set(["config/settings.ts"]);
const mayParseConfig = new Set(["config", "cli", "admin", "index.ts", "testing"]);

/** Package → the only folders that may import it. Packages not named here are free outside core. */
const packageOwners: Readonly<Record<string, readonly string[]>> = {
  pg: ["cluster"],
  lmdb: ["spool"],
  yaml: ["config"],
  zod: ["config", "admin"],
};

/** Packages without I/O that core may import. */
const purePackages = new Set(["ipaddr.js"]);

const importPattern =
  /(?:^|[\s;}])(?:import|export)\s(?:[^"';]*?\sfrom\s*)?["']([^"']+)["']|\bimport\s*\(\s*["']([^"']+)["']\s*\)|^\s*import\s*["']([^"']+)["']/gm;

const firstSegment = (path: string): string => path.split("/", 1)[0] ?? "";

/** What is wrong with `specifier` in the file `file` (path below src/, with slashes), or undefined. */
export function violation(file: string, specifier: string): string | undefined {
  const area = firstSegment(file);
  const isTest = file.endsWith(".test.ts");
  if (!specifier.startsWith(".")) {
    if (area === "core" && !isTest && !purePackages.has(specifier))
      return "core is pure: it imports nothing from outside core";
    const name = specifier.startsWith("@")
      ? specifier.split("/").slice(0, 2).join("/")
      : firstSegment(specifier);
    const owners = packageOwners[name];
    if (owners && !owners.includes(area)) return `only ${owners.join(" and ")} may import ${name}`;
    return undefined;
  }
  const target = relative(src, resolve(src, dirname(file), specifier))
    .split(sep)
    .join("/");
  if (target.startsWith("..")) return "src imports nothing from outside src";
  const targetArea = firstSegment(target);
  if (targetArea === area) return undefined;
  const allowed = mayImport[area];
  if (allowed === undefined) return `folder ${area} has no line in scripts/check-borders.ts`;
  if (isTest && targetArea === "testing") return undefined;
  if (!allowed.includes("*") && !allowed.includes(targetArea)) return `${area} must not import ${targetArea}`;
  if (targetArea === "testing") return "only tests import testing";
  if (targetArea === "config" && !openConfigFiles.has(target) && !mayParseConfig.has(area))
    return `${area} may import config/settings.ts only`;
  return undefined;
}

function* typescriptFiles(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* typescriptFiles(path);
    else if (entry.name.endsWith(".ts")) yield path;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  let violations = 0;
  for (const path of typescriptFiles(src)) {
    const file = relative(src, path).split(sep).join("/");
    const text = readFileSync(path, "utf8");
    for (const match of text.matchAll(importPattern)) {
      const specifier = match[1] ?? match[2] ?? match[3] ?? "";
      const fault = violation(file, specifier);
      if (fault === undefined) continue;
      const line = text.slice(0, match.index).split("\n").length;
      console.error(`src/${file}:${line}: "${specifier}": ${fault}`);
      violations++;
    }
  }
  process.exitCode = violations === 0 ? 0 : 1;
}
