/** Counts what is in the traffic record and was not counted when the relay ended. */
import { readFile } from "node:fs/promises";
import { neverSaved } from "../core/inventory/sender.ts";
import type { Inventory } from "../core/inventory/inventory.ts";
import { TrafficDamage, TrafficDecoder, readSegmentHead } from "../core/traffic/traffic-decoder.ts";
import type { LogFamily } from "../logs/log-files.ts";
import { filesInOrder, type PlaceInRecord } from "../traffic/files-in-order.ts";
import { segmentsOf } from "../traffic/traffic-frames.ts";
import type { CountedTo } from "./inventory-store.ts";
import { placeOf } from "./place.ts";

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
  const decoder = new TrafficDecoder(inventory, mostKnown);
  const files = await filesInOrder(family);
  for (const [index, { path }] of files.entries()) {
    if (signal.aborted) return;
    const next = files[index + 1]?.begins;
    if (from !== undefined && next !== undefined && wasCounted(next, from)) continue;
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

/** All of the segment was; so was what was written before it. */
function wasCounted({ runMs, sequence }: PlaceInRecord, from: CountedTo): boolean {
  return runMs === from.runMs ? placeOf(sequence + 1, 0) <= from.place : runMs < from.runMs;
}
