/**
 * Looks through the tracking log, the newest entry first, a chunk at a time: between two chunks mail goes on. A line
 * is taken apart only when its octets already hold what is looked for.
 * Cost: about 1 ms of the main thread for each MiB looked through; memory for one chunk and the result.
 */
import { open } from "node:fs/promises";
import { dayOf, listLogFiles, type LogFamily } from "../logs/log-files.ts";
import { rawNeedle, trackingMatcher, type TrackingFilter } from "./filter.ts";
import { parseTrackingLine } from "./tracking-line.ts";
import type { TrackingRecord } from "./tracking-record.ts";

export type { TrackingFilter } from "./filter.ts";

const chunkBytes = 1024 * 1024;
const lineFeed = 0x0a;
const instantLength = "2026-11-24T06:00:00.000Z".length;

/** Rejects when a file cannot be read; one that is removed meanwhile is left out. */
export async function searchTracking(family: LogFamily, filter: TrackingFilter): Promise<TrackingRecord[]> {
  const found: TrackingRecord[] = [];
  const { start, end, resultSize } = filter;
  const firstDay = start === undefined ? "" : dayOf(start);
  const lastDay = end === undefined ? "99999999" : dayOf(end);
  const look = chunkSearch(filter, found);
  const files = await listLogFiles(family);
  for (const { path, day } of files.reverse()) {
    if (found.length >= resultSize) break;
    if (day < firstDay || day > lastDay) continue;
    await eachChunkBackward(path, look);
  }
  return found;
}

/** Returns false when nothing older is wanted. */
type Look = (lines: Buffer) => boolean;

function chunkSearch(filter: TrackingFilter, found: TrackingRecord[]): Look {
  const matches = trackingMatcher(filter);
  const needle = rawNeedle(filter);
  const expression =
    needle === undefined ? undefined : new RegExp(needle.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&"), "gi");
  const from = filter.start?.toISOString() ?? "";
  const to = filter.end?.toISOString() ?? "";
  return (lines) => {
    if (lines.length === 0) return true;
    const firstAt = lines.toString("latin1", 0, instantLength);
    const dated = firstAt.startsWith("2") && firstAt.endsWith("Z");
    if (dated && to !== "" && firstAt >= to) return true;
    const places = expression === undefined ? everyLine(lines) : linesWith(lines, expression);
    for (let i = places.length - 1; i >= 0 && found.length < filter.resultSize; i--) {
      const at = places[i] ?? 0;
      const record = parseTrackingLine(lines.toString("utf8", at, lineEnd(lines, at)));
      if (record !== undefined && matches(record)) found.push(record);
    }
    return found.length < filter.resultSize && !(dated && firstAt < from);
  };
}

function lineEnd(lines: Buffer, at: number): number {
  const end = lines.indexOf(lineFeed, at);
  return lines[end - 1] === 0x0d ? end - 1 : end;
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

/** Hands whole lines, with their ends, to `look`, the last chunk first. What has no line end yet is left out. */
async function eachChunkBackward(path: string, look: Look): Promise<void> {
  const handle = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (handle === undefined) return;
  try {
    let end = (await handle.stat()).size;
    /** The rest of a line that begins in an earlier chunk. */
    let rest: Buffer = Buffer.alloc(0);
    let ended = false;
    while (end > 0) {
      const start = Math.max(0, end - chunkBytes);
      const chunk = Buffer.allocUnsafe(end - start + rest.length);
      const { bytesRead } = await handle.read(chunk, 0, end - start, start);
      if (bytesRead < end - start) return;
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
      else if (!look(whole.subarray(head))) return;
    }
  } finally {
    await handle.close();
  }
}
