/**
 * Looks through a tracking file that has no index, from its end, a chunk at a time. A line is taken apart only when
 * its octets already hold what is looked for. Cost: 1 to 4 ms for each MiB; not for the main thread.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { rawNeedle, trackingMatcher, type TrackingFilter } from "./filter.ts";
import { parseTrackingLine } from "./tracking-line.ts";

/** Lines of a file, the newest first. */
export interface Places {
  readonly offsets: number[];
  /** Without the line end. */
  readonly lengths: number[];
}

const chunkBytes = 1024 * 1024;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const instantLength = "2026-11-24T06:00:00.000Z".length;
/** The only characters beyond ASCII that a search finds by a letter of ASCII: K (kelvin) and I with a dot. */
const oddCapitals = [Buffer.from("\u212a"), Buffer.from("\u0130")];

/** At most `most` lines. None where the file is gone; other faults of the file system are thrown. */
export function scanFile(path: string, filter: TrackingFilter, most: number): Places {
  const found: Places = { offsets: [], lengths: [] };
  const look = chunkSearch(filter, found, most);
  eachChunkBackward(path, (lines, at) => look(lines, at) && found.offsets.length < most);
  return found;
}

/** Lines with their ends, and where in the file they begin. Returns false when nothing older is wanted. */
type Look = (lines: Buffer, at: number) => boolean;

function chunkSearch(filter: TrackingFilter, found: Places, most: number): Look {
  const matches = trackingMatcher(filter);
  const needle = rawNeedle(filter);
  const expression =
    needle === undefined ? undefined : new RegExp(needle.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&"), "gi");
  const from = filter.start?.toISOString() ?? "";
  const to = filter.end?.toISOString() ?? "~";
  const timed = filter.start !== undefined || filter.end !== undefined;
  return (lines, base) => {
    const searchable = expression !== undefined && oddCapitals.every((odd) => !lines.includes(odd));
    const places = searchable ? linesWith(lines, expression) : everyLine(lines);
    for (let i = places.length - 1; i >= 0 && found.offsets.length < most; i--) {
      const at = places[i]!;
      if (timed) {
        const instant = lines.toString("latin1", at, at + instantLength);
        if (instant < from || instant >= to) continue;
      }
      const end = lineEnd(lines, at);
      const record = parseTrackingLine(lines.toString("utf8", at, end));
      if (record === undefined || !matches(record)) continue;
      found.offsets.push(base + at);
      found.lengths.push(end - at);
    }
    return true;
  };
}

function lineEnd(lines: Buffer, at: number): number {
  const end = lines.indexOf(lineFeed, at);
  return end > at && lines[end - 1] === carriageReturn ? end - 1 : end;
}

/** Where the lines begin that hold the expression. */
function linesWith(lines: Buffer, expression: RegExp): number[] {
  const text = lines.toString("latin1");
  const places: number[] = [];
  expression.lastIndex = 0;
  for (let hit = expression.exec(text); hit !== null; hit = expression.exec(text)) {
    places.push(text.lastIndexOf("\n", hit.index) + 1);
    const end = text.indexOf("\n", hit.index);
    if (end < 0) break;
    expression.lastIndex = end + 1;
  }
  return places;
}

function everyLine(lines: Buffer): number[] {
  const places: number[] = [];
  for (let at = 0; at < lines.length; at = lines.indexOf(lineFeed, at) + 1) places.push(at);
  return places;
}

/** Hands whole lines to `look`, the last chunk first. What has no line end yet is left out. */
function eachChunkBackward(path: string, look: Look): void {
  const file = openExisting(path);
  if (file === undefined) return;
  try {
    let end = fstatSync(file).size;
    /** The rest of a line that begins in an earlier chunk. */
    let rest: Buffer = Buffer.alloc(0);
    let ended = false;
    while (end > 0) {
      const start = Math.max(0, end - chunkBytes);
      const chunk = Buffer.allocUnsafe(end - start + rest.length);
      if (readSync(file, chunk, 0, end - start, start) < end - start) return;
      rest.copy(chunk, end - start);
      end = start;
      let whole = chunk;
      if (!ended) {
        whole = chunk.subarray(0, chunk.lastIndexOf(lineFeed) + 1);
        ended = whole.length > 0;
      }
      const head = start === 0 ? 0 : whole.indexOf(lineFeed) + 1;
      rest = whole.subarray(0, head);
      // A line longer than a chunk goes on in an earlier one.
      if (head === 0 && start > 0) rest = whole;
      else if (!look(whole.subarray(head), start + head)) return;
    }
  } finally {
    closeSync(file);
  }
}

/** Undefined when it is gone. */
export function openExisting(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
