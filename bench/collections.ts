/** How often a relay collects all its garbage: what that costs falls into whichever reading is under way. */
import { statSync } from "node:fs";

/** Flags of Node.js: an octet more in the file with each full collection. */
export function tellsCollections(file: string): readonly string[] {
  const program = [
    'import { appendFileSync } from "node:fs";',
    'import { PerformanceObserver, constants } from "node:perf_hooks";',
    "const isFull = ({ detail }) => detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR;",
    `const tell = (list) => list.getEntries().filter(isFull).forEach(() => appendFileSync(${JSON.stringify(file)}, "."));`,
    'new PerformanceObserver(tell).observe({ entryTypes: ["gc"] });',
  ];
  return ["--import", `data:text/javascript,${encodeURIComponent(program.join("\n"))}`];
}

/** So far. */
export const collectionsIn = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
