/**
 * What became of recipients that wait no more. The spool forgets them; the message tracking log knows, as far as it is
 * kept: where it tells nothing, nothing is claimed.
 */
import type { MessageId } from "../core/message/envelope.ts";
import type { TrackingLog } from "./tracking.ts";
import type { TrackingEventId } from "./tracking-record.ts";

export interface Fate {
  readonly status: "Complete" | "Failed" | "Removed";
  /** Undefined for those that were delivered. */
  readonly lastError: string | undefined;
}

/** More entries than one message has. */
const mostEntries = 10_000;

const ends = { SEND: "Complete", FAIL: "Failed", EXPIRE: "Failed", DROP: "Failed" } as const;

/** By address, as in the envelope. Cost: a search of the log. */
export async function finishedRecipients(
  tracking: Pick<TrackingLog, "search">,
  id: MessageId,
): Promise<ReadonlyMap<string, Fate>> {
  const entries = await tracking.search({
    internalMessageId: id,
    eventIds: Object.keys(ends),
    resultSize: mostEntries,
  });
  const fates = new Map<string, Fate>();
  for (const { eventId, source, recipients, recipientStatus } of entries.toReversed()) {
    if (!isEnd(eventId)) continue;
    const status = eventId === "DROP" && source === "ADMIN" ? "Removed" : ends[eventId];
    const lastError = status === "Complete" ? undefined : recipientStatus || undefined;
    for (const address of recipients) fates.set(address, { status, lastError });
  }
  return fates;
}

function isEnd(eventId: TrackingEventId): eventId is keyof typeof ends {
  return eventId in ends;
}
