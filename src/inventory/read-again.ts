/** Counts what is in the traffic record and was not counted when the relay ended. */
import { readFile } from "node:fs/promises";
import { neverSaved } from "../core/inventory/sender.ts";
import type { Inventory } from "../core/inventory/inventory.ts";
import { TrafficDamage, TrafficDecoder, readSegmentHead } from "../core/traffic/traffic-decoder.ts";
import { dayOf, listLogFiles, type LogFamily } from "../logs/log-files.ts";
import { segmentsOf } from "../traffic/traffic-frames.ts";
import type { CountedTo } from "./inventory-store.ts";
import { placeOf } from "./place.ts";

const dayMs = 86_400_000;
/** Clients and profiles the decoder remembers. */
const mostKnown = 10_000;

/**
 * Up to the run of `presentRunMs`, which tells itself. `pause` is waited for behind each segment, some 10 ms of work. Rejects
 * when the directory cannot be read; parts that cannot be read are passed over.
 */
export async function readAgain(
  family: LogFamily,
  from: CountedTo | undefined,
  presentRunMs: number,
  inventory: Inventory,
  pause: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const firstDay = from === undefined ? "" : dayOf(new Date(Math.max(0, from.atMs - dayMs)));
  const decoder = new TrafficDecoder(inventory, mostKnown);
  for (const { path, day } of await listLogFiles(family)) {
    if (signal.aborted) return;
    if (day < firstDay) continue;
    // It may have been removed meanwhile.
    const octets = await readFile(path).catch(() => undefined);
    if (octets === undefined) continue;
    for (const segment of segmentsOf(octets)) {
      try {
        const plain = segment.octets();
        const head = readSegmentHead(plain);
        if (head.runMs === presentRunMs) continue;
        if (from !== undefined && wasCounted(head, from)) continue;
        decoder.segment(plain, (entry) =>
          inventory.readingAt({ runMs: head.runMs, place: placeOf(head.sequence, entry) }),
        );
        if (segment.isCutOff) decoder.damaged();
      } catch (error) {
        if (!(error instanceof TrafficDamage)) throw error;
        decoder.damaged();
      }
      await pause();
    }
  }
  inventory.readingAt(neverSaved);
}

/** All of the segment was. */
function wasCounted(
  head: {
    readonly runMs: number;
    readonly sequence: number;
    readonly baseMs: number;
    readonly wallOffsetMs: number;
  },
  from: CountedTo,
): boolean {
  return head.runMs === from.runMs
    ? placeOf(head.sequence + 1, 0) <= from.place
    : head.baseMs + head.wallOffsetMs <= from.atMs;
}
