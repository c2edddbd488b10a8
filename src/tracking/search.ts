/**
 * Searches the tracking log: each file by its index where it has one, else from end to end. The newest file is
 * looked at first, so that a search for what is frequent ends early. Synchronous file access throughout: for a thread
 * of its own (search-thread.ts).
 */
import { closeSync, readSync, rmSync, statSync } from "node:fs";
import { listLogFiles, type LogFamily } from "../logs/log-files.ts";
import type { TrackingFilter } from "./filter.ts";
import { IndexDamage, indexPath, openIndexFile } from "./index/index-file.ts";
import { matchIndex } from "./index/match-index.ts";
import { openExisting, scanFile, type Places } from "./scan-file.ts";
import { parseTrackingLine } from "./tracking-line.ts";
import type { TrackingRecord } from "./tracking-record.ts";

export type { TrackingFilter } from "./filter.ts";

/** What was found in one file. */
export interface FoundInFile extends Places {
  readonly path: string;
}

/** Newest file first. Rejects when a file cannot be read; one that is removed meanwhile is left out. */
export async function findEntries(family: LogFamily, filter: TrackingFilter): Promise<FoundInFile[]> {
  const found: FoundInFile[] = [];
  let left = filter.resultSize;
  for (const { path } of (await listLogFiles(family)).reverse()) {
    if (left <= 0) break;
    const places = findByIndex(path, filter, left) ?? scanFile(path, filter, left);
    if (places.offsets.length > 0) found.push({ path, ...places });
    left -= places.offsets.length;
  }
  return found;
}

/** Undefined when there is no index of use. */
function findByIndex(path: string, filter: TrackingFilter, most: number): Places | undefined {
  const log = statSync(path, { throwIfNoEntry: false });
  if (log === undefined) return { offsets: [], lengths: [] };
  const index = openIndexFile(indexPath(path), { sizeBytes: log.size, changedMs: log.mtimeMs });
  if (index === undefined) return undefined;
  try {
    const numbers = matchIndex(index, filter, most);
    if (numbers.length === 0) return { offsets: [], lengths: [] };
    const offsets = index.offsets();
    const lengths = index.lengths();
    return {
      offsets: numbers.map((number) => offsets[number]!),
      lengths: numbers.map((number) => lengths[number]!),
    };
  } catch (error) {
    if (!(error instanceof IndexDamage)) throw error;
    // Without it the next pass makes a new one.
    rmSync(indexPath(path), { force: true });
    return undefined;
  } finally {
    index.close();
  }
}

/** Newest first. A file that is gone, or was cut short, has no entries any more. */
export function* readEntries(found: readonly FoundInFile[]): Generator<TrackingRecord> {
  for (const { path, offsets, lengths } of found) {
    const file = openExisting(path);
    if (file === undefined) continue;
    try {
      const lineAt = lineReader(file);
      for (let i = 0; i < offsets.length; i++) {
        const line = lineAt(offsets[i]!, lengths[i]!);
        const record = line && parseTrackingLine(line.toString());
        if (record !== undefined) yield record;
      }
    } finally {
      closeSync(file);
    }
  }
}

const lineEnd = Buffer.from("\r\n");

/** The lines as they stand in the files, oldest first, in pieces of some size. */
export function* readLines(found: readonly FoundInFile[], pieceBytes = 256 * 1024): Generator<Buffer> {
  let lines: Buffer[] = [];
  let size = 0;
  for (const { path, offsets, lengths } of found.toReversed()) {
    const file = openExisting(path);
    if (file === undefined) continue;
    try {
      const lineAt = lineReader(file);
      for (let i = offsets.length - 1; i >= 0; i--) {
        const line = lineAt(offsets[i]!, lengths[i]!);
        if (line === undefined) continue;
        lines.push(line, lineEnd);
        size += line.length + lineEnd.length;
        if (size < pieceBytes) continue;
        yield joined(lines, size);
        lines = [];
        size = 0;
      }
    } finally {
      closeSync(file);
    }
  }
  if (size > 0) yield joined(lines, size);
}

/** In memory of its own, that can be handed to another thread. */
function joined(lines: readonly Buffer[], size: number): Buffer {
  const piece = Buffer.allocUnsafeSlow(size);
  let at = 0;
  for (const line of lines) at += line.copy(piece, at);
  return piece;
}

const windowBytes = 64 * 1024;

/** Reads lines that lie close together in one go, whichever way they are asked for. */
function lineReader(file: number): (at: number, length: number) => Buffer | undefined {
  let held = Buffer.alloc(0);
  let heldAt = 0;
  return (at, length) => {
    if (at < heldAt || at + length > heldAt + held.length) {
      // As much before the line as behind it.
      const from = Math.max(0, at - windowBytes);
      const octets = Buffer.allocUnsafe(at - from + length + windowBytes);
      held = octets.subarray(0, readSync(file, octets, 0, octets.length, from));
      heldAt = from;
      if (at + length > heldAt + held.length) return undefined;
    }
    return held.subarray(at - heldAt, at - heldAt + length);
  };
}
