/** The files of a record in the order in which they were written, which is not that of their names where the clock was set back. */
import { open } from "node:fs/promises";
import { listLogFiles, type LogFamily, type LogFileInfo } from "../logs/log-files.ts";
import { firstSegmentHead, frameBytes, frameHeadBytes } from "./traffic-frames.ts";

export interface PlaceInRecord {
  readonly runMs: number;
  readonly sequence: number;
}

export interface PlacedFile extends LogFileInfo {
  /** Of its first segment; undefined where that cannot be read. */
  readonly begins: PlaceInRecord | undefined;
}

/** Rejects when the directory cannot be read. Cost: the first frame of each file. */
export async function filesInOrder(family: LogFamily, firstDay = ""): Promise<readonly PlacedFile[]> {
  const files = (await listLogFiles(family)).filter(({ day }) => day >= firstDay);
  const placed: { readonly file: PlacedFile; readonly at: PlaceInRecord | undefined }[] = [];
  for (const file of files) {
    const begins = await placeOfFile(file.path);
    // Without a place of its own it stays behind the file that it follows by name.
    placed.push({ file: { ...file, begins }, at: begins ?? placed.at(-1)?.at });
  }
  return placed.sort((one, other) => comparePlaces(one.at, other.at)).map(({ file }) => file);
}

/** Negative: `one` was written before. */
export function comparePlaces(one: PlaceInRecord | undefined, other: PlaceInRecord | undefined): number {
  if (one === undefined || other === undefined)
    return Number(one !== undefined) - Number(other !== undefined);
  return one.runMs - other.runMs || one.sequence - other.sequence;
}

async function placeOfFile(path: string): Promise<PlaceInRecord | undefined> {
  const handle = await open(path).catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const head = Buffer.alloc(frameHeadBytes);
    await handle.read(head, 0, frameHeadBytes, 0);
    const frame = Buffer.alloc(frameBytes(head, (await handle.stat()).size));
    await handle.read(frame, 0, frame.length, 0);
    return firstSegmentHead(frame);
  } catch {
    // Whoever reads the file tells of it.
    return undefined;
  } finally {
    await handle.close();
  }
}
