/** Which tests reach a source file, and how far they stand from it. */
import { readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { type Node, children, isNode, parse, runningNodes } from "./syntax.ts";

/** File → what runs when it is loaded. Paths from the root, with slashes. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

export function readImportGraph(root: string, files: readonly string[]): ImportGraph {
  const known = new Set(files);
  return new Map(
    files.map((file) => {
      const targets = importedBy(readFileSync(join(root, file), "utf8"))
        .map((specifier) => posix.join(dirname(file), specifier))
        .map((target) => (known.has(target) ? target : target.replace(/\.js$/, ".ts")));
      return [file, targets.filter((target) => known.has(target))];
    }),
  );
}

/** The files a source names: imports and exports but those of types alone, and threads (`startThread(import.meta.url, "x-worker", …)`). */
export function importedBy(source: string): readonly string[] {
  const parsed = parse(source);
  if (parsed === undefined) return [];
  const { staticImports, staticExports, dynamicImports } = parsed.module;
  const literals = dynamicImports.map(({ moduleRequest }) =>
    source.slice(moduleRequest.start + 1, moduleRequest.end - 1),
  );
  return [
    ...staticImports
      .filter(({ entries }) => entries.length === 0 || entries.some(({ isType }) => !isType))
      .map(({ moduleRequest }) => moduleRequest.value),
    ...staticExports
      .flatMap(({ entries }) => entries)
      .flatMap(({ moduleRequest, isType }) => (moduleRequest && !isType ? [moduleRequest.value] : [])),
    ...literals,
    ...Array.from(runningNodes(parsed.program)).flatMap(threadFile),
  ].filter((specifier) => specifier.startsWith("."));
}

function threadFile(node: Node): readonly string[] {
  const callee = node["callee"];
  if (node.type !== "CallExpression" || !isNode(callee) || callee["name"] !== "startThread") return [];
  const script = children(node, "arguments")[1]?.["value"];
  return typeof script === "string" ? [`./${script}.ts`] : [];
}

/** How many steps of imports lie between each file that reaches `target` and it. */
export function distancesTo(target: string, graph: ImportGraph): ReadonlyMap<string, number> {
  const importers = new Map<string, string[]>();
  for (const [file, targets] of graph) {
    for (const imported of targets) importers.set(imported, [...(importers.get(imported) ?? []), file]);
  }
  const distances = new Map([[target, 0]]);
  for (const [file, distance] of distances) {
    for (const importer of importers.get(file) ?? []) {
      if (!distances.has(importer)) distances.set(importer, distance + 1);
    }
  }
  return distances;
}
