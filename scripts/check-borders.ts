// Keeps imports pointing down: which folder of src/ may import what, and no circle anywhere, not even of types.
// Prints each violation; exits 1 if any.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { circlesIn } from "./import-circles.ts";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const src = join(root, "src");
/** Looked through for circles. */
const ownCode = ["src", "console/src", "bench", "test", "scripts", "packaging"];

/** Folder of src/ (or file directly in it) → the folders it may import. A folder always may import itself. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  ports: ["core"],
  logs: ["core", "ports", "version.ts"],
  formats: ["core", "ports", "version.ts"],
  backup: ["core", "events", "formats", "logs", "ports", "spool", "tracking", "version.ts"],
  events: ["core", "logs", "ports"],
  http: ["core"],
  metrics: ["core", "events", "http", "ports"],
  tracking: ["core", "events", "logs", "ports", "version.ts"],
  traffic: ["core", "logs", "ports"],
  inventory: ["core", "events", "logs", "ports", "spool", "traffic"],
  webhooks: ["core", "events", "ports", "spool", "version.ts"],
  spool: ["core", "events", "ports"],
  capture: ["core", "ports"],
  dns: ["core", "ports"],
  dkim: ["core", "dns", "events", "ports", "spool"],
  resources: ["core", "events", "ports"],
  receive: ["core", "events", "logs", "metrics", "ports", "spool", "tracking", "traffic", "version.ts"],
  send: ["capture", "core", "dkim", "dns", "events", "logs", "metrics", "ports", "spool", "tracking"],
  cluster: ["core", "events", "ports", "receive", "send", "spool"],
  config: ["core", "dkim", "dns", "events", "ports"],
  "version.ts": ["ports"],
  "relay-contract.ts": [
    "capture",
    "cluster",
    "config",
    "core",
    "events",
    "inventory",
    "metrics",
    "receive",
    "send",
    "spool",
    "tracking",
    "traffic",
    "webhooks",
  ],
  relay: [
    "cluster",
    "config",
    "core",
    "dns",
    "events",
    "formats",
    "http",
    "inventory",
    "logs",
    "metrics",
    "ports",
    "receive",
    "relay-contract.ts",
    "resources",
    "send",
    "spool",
    "tracking",
    "traffic",
    "version.ts",
    "webhooks",
  ],
  "relay.ts": ["config", "metrics", "ports", "receive", "relay", "relay-contract.ts"],
  "index.ts": [
    "admin",
    "config",
    "core",
    "events",
    "ports",
    "receive",
    "relay-contract.ts",
    "relay.ts",
    "send",
    "spool",
    "version.ts",
  ],
  admin: [
    "backup",
    "config",
    "core",
    "dkim",
    "dns",
    "events",
    "http",
    "logs",
    "metrics",
    "ports",
    "relay-contract.ts",
    "spool",
    "tracking",
    "version.ts",
  ],
  cli: ["*"],
  testing: ["*"],
};

/**
 * Folders whose insides are layered: imports point down. A folder or file imports itself and those of the lines above
 * it; files that no line names put the others together, and may import all.
 */
const layers: Readonly<Record<string, readonly (readonly string[])[]>> = {
  spool: [
    ["spool-answers.ts"],
    ["spool.ts"],
    ["spool-inspection.ts"],
    ["lock"],
    ["store"],
    ["answers", "bodies"],
    ["messages"],
    ["queues"],
    ["flow", "inspection", "snapshot"],
  ],
  "send/delivery/smtp": [["wire"], ["peer"], ["job"], ["opening"], ["transaction"], ["session"], ["pool"]],
};

function layerViolation(file: string, target: string): string | undefined {
  for (const [folder, lines] of Object.entries(layers)) {
    if (!file.startsWith(`${folder}/`) || !target.startsWith(`${folder}/`)) continue;
    const [from, to] = [file, target].map((path) => firstSegment(path.slice(folder.length + 1))) as [
      string,
      string,
    ];
    const [fromLayer, toLayer] = [from, to].map((name) => lines.findIndex((line) => line.includes(name))) as [
      number,
      number,
    ];
    if (from === to || fromLayer === -1) continue;
    if (toLayer === -1 || toLayer >= fromLayer) return `${folder}/${from} must not import ${folder}/${to}`;
  }
  return undefined;
}

/** Of config, only these may be imported from outside: the types of parsed settings. */
const openConfigFiles = new Set(["config/settings.ts", "config/relay-stopping.ts"]);
const mayParseConfig = new Set(["config", "cli", "admin", "index.ts", "testing"]);

/** Package → the only folders that may import it. Packages not named here are free outside core. */
const packageOwners: Readonly<Record<string, readonly string[]>> = {
  pg: ["cluster"],
  "dns-packet": ["dns", "testing"],
  lmdb: ["spool"],
  yaml: ["config"],
  zod: ["config", "admin", "receive/http"],
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
    if (owners && !owners.some((owner) => owner === area || file.startsWith(`${owner}/`)))
      return `only ${owners.join(" and ")} may import ${name}`;
    return undefined;
  }
  const target = relative(src, resolve(src, dirname(file), specifier))
    .split(sep)
    .join("/");
  if (target.startsWith("..")) return "src imports nothing from outside src";
  const targetArea = firstSegment(target);
  if (targetArea === area) return isTest ? undefined : layerViolation(file, target);
  const allowed = mayImport[area];
  if (allowed === undefined) return `folder ${area} has no line in scripts/check-borders.ts`;
  if (isTest && targetArea === "testing") return undefined;
  if (!allowed.includes("*") && !allowed.includes(targetArea)) return `${area} must not import ${targetArea}`;
  if (targetArea === "testing") return "only tests import testing";
  if (targetArea === "config" && !openConfigFiles.has(target) && !mayParseConfig.has(area))
    return `${area} may import config/relay-stopping.ts and settings.ts only`;
  return undefined;
}

function* typescriptFiles(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* typescriptFiles(path);
    else if (/\.tsx?$/.test(entry.name)) yield path;
  }
}

interface Import {
  readonly specifier: string;
  readonly line: number;
}

function importsOf(path: string): readonly Import[] {
  const text = readFileSync(path, "utf8");
  return Array.from(text.matchAll(importPattern), (match) => ({
    specifier: match[1] ?? match[2] ?? match[3] ?? "",
    line: text.slice(0, match.index).split("\n").length,
  }));
}

/** Paths from the repository's root, with slashes. */
const fromRoot = (path: string): string => relative(root, path).split(sep).join("/");

function* borderViolations(): Generator<string> {
  for (const path of typescriptFiles(src)) {
    const file = relative(src, path).split(sep).join("/");
    for (const { specifier, line } of importsOf(path)) {
      const fault = violation(file, specifier);
      if (fault !== undefined) yield `src/${file}:${line}: "${specifier}": ${fault}`;
    }
  }
}

function* circles(): Generator<string> {
  const imports = new Map<string, readonly string[]>();
  for (const folder of ownCode) {
    for (const path of typescriptFiles(join(root, folder))) {
      const targets = importsOf(path)
        .filter(({ specifier }) => specifier.startsWith("."))
        .map(({ specifier }) => fromRoot(resolve(dirname(path), specifier)));
      imports.set(fromRoot(path), targets);
    }
  }
  for (const circle of circlesIn(imports)) yield `a circle of imports: ${circle.join(", ")}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const faults = [...borderViolations(), ...circles()];
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
