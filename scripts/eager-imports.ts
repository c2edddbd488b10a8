/** What a source file loads at once, itself and by what it imports: `import()` and imports of types do not count. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

const staticImport =
  /^\s*(?:import|export)\s+(?!type\b)(?:[^"';]*?\sfrom\s*)?["'](?<specifier>[^"']+)["']/gmu;

export interface EagerImports {
  /** Absolute paths, the file itself among them. */
  readonly files: ReadonlySet<string>;
  /** By package, and `node:` module: the files that import it. */
  readonly packages: ReadonlyMap<string, readonly string[]>;
}

export function eagerImports(entry: string): EagerImports {
  const files = new Set<string>();
  const packages = new Map<string, string[]>();
  const follow = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    for (const { groups } of readFileSync(file, "utf8").matchAll(staticImport)) {
      const specifier = groups?.["specifier"] ?? "";
      if (specifier.startsWith(".")) follow(resolve(dirname(file), specifier));
      else packages.set(specifier, [...(packages.get(specifier) ?? []), file]);
    }
  };
  follow(resolve(entry));
  return { files, packages };
}
