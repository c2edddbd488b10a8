/** Reads records from their files and tells them in order. Blocks while it reads: for a thread of its own. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { tellMerged, type MergedBreaks, type RecordPieces } from "../core/traffic/merged-traffic.ts";
import { nobodyKnown, TrafficDamage, TrafficDecoder } from "../core/traffic/traffic-decoder.ts";
import type { TrafficListener } from "../core/traffic/traffic-facts.ts";
import { dayOf, type LogFamily, type LogFileInfo } from "../logs/log-files.ts";
import { filesInOrder } from "./files-in-order.ts";
import { segmentsOf, type StoredSegment } from "./traffic-frames.ts";

export interface DamagedPlace {
  /** The file's name. */
  readonly file: string;
  readonly what: string;
}

interface ReadSegment {
  readonly segment: StoredSegment;
  readonly file: string;
}

const dayMs = 86_400_000;

/**
 * Tells what is recorded from `fromMs` on (wall clock), and what lies before it from the beginning of its segment on,
 * oldest first. `onPart` hears how much of the files is read, 0 to 1. Rejects when the directory cannot be read.
 * Returns what could not be read.
 */
export async function readTraffic(
  family: LogFamily,
  fromMs: number,
  listener: TrafficListener,
  onPart: (part: number) => void = () => undefined,
): Promise<readonly DamagedPlace[]> {
  const { pieces, damaged } = await openRecords([family], fromMs, onPart);
  for (const next of pieces) while (next(listener));
  return damaged;
}

export interface TrafficOfNodes {
  readonly damaged: readonly DamagedPlace[];
  readonly breaks: MergedBreaks;
}

/** The records of several nodes in one order (core/traffic/merged-traffic.ts); otherwise as `readTraffic`. */
export async function readTrafficOfNodes(
  families: readonly LogFamily[],
  period: { readonly fromMs: number; readonly toMs: number },
  listener: TrafficListener,
  onPart: (part: number) => void = () => undefined,
): Promise<TrafficOfNodes> {
  const { pieces, damaged } = await openRecords(families, period.fromMs, onPart);
  return { breaks: tellMerged(pieces, listener, period), damaged };
}

async function openRecords(
  families: readonly LogFamily[],
  fromMs: number,
  onPart: (part: number) => void,
): Promise<{ readonly pieces: readonly RecordPieces[]; readonly damaged: readonly DamagedPlace[] }> {
  const damaged: DamagedPlace[] = [];
  const known = nobodyKnown();
  const records = await Promise.all(families.map((family) => filesFrom(family, fromMs)));
  const totalBytes = records.flat().reduce((total, { sizeBytes }) => total + sizeBytes, 0);
  let readBytes = 0;
  const onRead = (sizeBytes: number): void => {
    readBytes += sizeBytes;
    onPart(totalBytes === 0 ? 1 : Math.min(1, readBytes / totalBytes));
  };
  const pieces = records.map((files): RecordPieces => {
    const segments = segmentsFrom(files, fromMs, damaged, onRead);
    let decoder: TrafficDecoder | undefined;
    return (listener) => {
      const next = segments.next();
      if (next.done === true) return false;
      tell((decoder ??= new TrafficDecoder(listener, Infinity, known)), next.value, damaged);
      return true;
    };
  });
  return { pieces, damaged };
}

/** Those that may have something of the time from then on, and what leads to it, in the order in which they were written. */
export function filesFrom(family: LogFamily, fromMs: number): Promise<readonly LogFileInfo[]> {
  return filesInOrder(family, dayOf(new Date(Math.max(0, fromMs - dayMs))));
}

function* segmentsFrom(
  files: readonly LogFileInfo[],
  fromMs: number,
  damaged: DamagedPlace[],
  onRead: (sizeBytes: number) => void,
): Generator<ReadSegment, undefined> {
  /** The latest that may be needed: it is, unless the next begins before `fromMs` too. */
  let last: ReadSegment | undefined;
  /** From here on all of it, whatever the clock on the wall was set to. */
  let isTelling = false;
  for (const { path, sizeBytes } of files) {
    const file = basename(path);
    let octets: Buffer;
    try {
      octets = readFileSync(path);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      // It was removed meanwhile, or the rest is worth no less for it.
      if (code !== "ENOENT") damaged.push({ file, what: message });
      continue;
    }
    for (const segment of segmentsOf(octets, (at, what) =>
      damaged.push({ file, what: `${what} at ${at}` }),
    )) {
      isTelling ||= segment.wallMs > fromMs;
      if (last !== undefined && isTelling) yield last;
      last = { segment, file };
    }
    onRead(sizeBytes);
  }
  if (last !== undefined) yield last;
  return undefined;
}

function tell(decoder: TrafficDecoder, { segment, file }: ReadSegment, damaged: DamagedPlace[]): void {
  try {
    decoder.segment(segment.octets());
  } catch (error) {
    if (!(error instanceof TrafficDamage)) throw error;
    damaged.push({ file, what: error.message });
    decoder.damaged();
  }
  if (segment.isCutOff) decoder.damaged();
}
