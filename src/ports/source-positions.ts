/**
 * Stack traces that name the sources. Node's own `--enable-source-maps` reads every map when its file is loaded, which
 * costs more than the whole start; here a map is read when a stack is first asked for.
 */
import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";

/** The map of a file of the bundle, by its path or `file:` URL; undefined where there is none. */
export type MapOf = (file: string) => SourceMap | undefined;

/** From here on every error's `stack` has the positions of the sources. For a process of our own, not a library. */
export function nameSources(mapOf: MapOf = createMaps()): void {
  Error.prepareStackTrace = (error, frames) => stackText(error, frames, mapOf);
}

function stackText(error: Error, frames: readonly NodeJS.CallSite[], mapOf: MapOf): string {
  return [headOf(error), ...frames.map((frame) => `    at ${frameText(frame, mapOf)}`)].join("\n");
}

/** As the engine prints it, with the source's place where it is known. */
function frameText(frame: NodeJS.CallSite, mapOf: MapOf): string {
  const text = (frame as { toString(): string }).toString();
  const file = frame.getFileName();
  const line = frame.getLineNumber();
  const column = frame.getColumnNumber();
  if (file === null || file === undefined || line === null || column === null) return text;
  if (!file.startsWith("file:") && !isAbsolute(file)) return text;
  const entry = mapOf(file)?.findEntry(line - 1, column - 1);
  if (entry === undefined || !("originalSource" in entry)) return text;
  const { originalSource, originalLine, originalColumn } = entry;
  const source = originalSource.replace(/^(?:\.\.\/)+/, "");
  return text.replace(`${file}:${line}:${column}`, `${source}:${originalLine + 1}:${originalColumn + 1}`);
}

function headOf(error: Error): string {
  try {
    return String(error);
  } catch {
    return "an error that cannot be printed";
  }
}

function createMaps(): MapOf {
  const known = new Map<string, SourceMap | undefined>();
  return (file) => {
    if (!known.has(file)) known.set(file, readMap(file));
    return known.get(file);
  };
}

function readMap(file: string): SourceMap | undefined {
  const path = file.startsWith("file:") ? fileURLToPath(file) : file;
  try {
    return new SourceMap(JSON.parse(readFileSync(`${path}.map`, "utf8")) as never);
  } catch {
    return undefined;
  }
}
