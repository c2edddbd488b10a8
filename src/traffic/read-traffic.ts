/** Reads the record from its files and tells it in order. Blocks while it reads: for a thread of its own. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { TrafficDamage, TrafficDecoder } from "../core/traffic/traffic-decoder.ts";
import type { TrafficListener } from "../core/traffic/traffic-facts.ts";
import { dayOf, listLogFiles, type LogFamily } from "../logs/log-files.ts";
import { segmentsOf, type StoredSegment } from "./traffic-frames.ts";

export interface DamagedPlace {
  /** The file's name. */
  readonly file: string;
  readonly what: string;
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
  const firstDay = dayOf(new Date(Math.max(0, fromMs - dayMs)));
  const files = (await listLogFiles(family)).filter(({ day }) => day >= firstDay);
  const totalBytes = files.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
  const decoder = new TrafficDecoder(listener);
  const damaged: DamagedPlace[] = [];
  let readBytes = 0;
  /** The latest that may be needed: it is, unless the next begins before `fromMs` too. */
  let last: { readonly segment: StoredSegment; readonly file: string } | undefined;
  /** From here on all of it, whatever the clock on the wall was set to. */
  let isTelling = false;

  const tell = (one: NonNullable<typeof last>): void => {
    try {
      decoder.segment(one.segment.octets());
    } catch (error) {
      if (!(error instanceof TrafficDamage)) throw error;
      damaged.push({ file: one.file, what: error.message });
      decoder.damaged();
    }
    if (one.segment.isCutOff) decoder.damaged();
  };

  for (const { path, sizeBytes } of files) {
    const file = basename(path);
    const octets = contentOf(path);
    if (octets === undefined) continue;
    for (const segment of segmentsOf(octets, (at, what) =>
      damaged.push({ file, what: `${what} at ${at}` }),
    )) {
      isTelling ||= segment.wallMs > fromMs;
      if (last !== undefined && isTelling) tell(last);
      last = { segment, file };
    }
    readBytes += sizeBytes;
    onPart(totalBytes === 0 ? 1 : Math.min(1, readBytes / totalBytes));
  }
  if (last !== undefined) tell(last);
  return damaged;
}

/** Undefined: it was removed meanwhile. */
function contentOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
