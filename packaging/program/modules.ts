/** What of the installed packages runs: of lmdb's 21 MB one binary and its JavaScript. */
import type { Target } from "../target.ts";

const noise =
  /(^|\/)(rollup\.config\.js|README|CHANGELOG|HISTORY|SECURITY|CONTRIBUTING)[^/]*$|\.(md|markdown|map|gyp|gypi|c|cc|cpp|h|hpp|S|s|patch|flow)$|\.d\.[cm]?ts$|\.ts$/i;
const folders = /(^|\/)(\.[^/]+|src|dependencies|tests?|benchmarks?|docs?|examples?|bin|tools?|assets)\//;

/**
 * `path` from node_modules on. Of binaries the one of Node-API stays, which every Node can load: those for single
 * versions of V8 save a copy of each value, and tie the package to one Node.
 */
export function runs(path: string, { platform, cpu }: Target): boolean {
  const inPackage = path.replace(/^(@[^/]+\/)?[^/]+\//, "");
  if (inPackage.endsWith(".node")) {
    const isOfTarget = path.includes(`-${platform}-${cpu}/`);
    return isOfTarget && /(^|\/)node\.napi(\.glibc)?\.node$/.test(inPackage);
  }
  if (path.startsWith("node-addon-api/") || path.startsWith(".")) return false;
  if (/^licen[cs]e/i.test(inPackage)) return true;
  return !noise.test(inPackage) && !folders.test(inPackage);
}
