/** Entries of the message tracking log, newest first: in one piece, or more than that from the export. */
import type { AdminClient } from "../../admin/client.ts";
import type { Input, Output as Answer } from "../../admin/contract.ts";
import { parseTrackingLine } from "../../tracking/tracking-line.ts";

export type TrackingEntry = Answer<"searchMessageTracking">["entries"][number];

/** What the relay answers in one piece. */
const inOnePiece = 10_000;
const lineFeed = 0x0a;

/** `resultSize`: Infinity for all. Cost of a large one: it is held in memory, about a kilobyte an entry. */
export async function trackingEntries(
  relay: AdminClient,
  filter: Omit<Input<"exportMessageTracking">, "resultSize">,
  resultSize: number,
): Promise<readonly TrackingEntry[]> {
  if (resultSize <= inOnePiece)
    return (await relay.call("searchMessageTracking", { ...filter, resultSize })).entries;
  const size = Number.isFinite(resultSize) ? { resultSize } : {};
  const entries: TrackingEntry[] = [];
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of await relay.octets("exportMessageTracking", { ...filter, ...size })) {
    const octets = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    let start = 0;
    for (let end = octets.indexOf(lineFeed); end >= 0; end = octets.indexOf(lineFeed, start)) {
      const record = parseTrackingLine(octets.toString("utf8", start, end).replace(/\r$/, ""));
      if (record !== undefined) entries.push({ ...record, recipients: [...record.recipients] });
      start = end + 1;
    }
    rest = octets.subarray(start);
  }
  return entries.reverse();
}
