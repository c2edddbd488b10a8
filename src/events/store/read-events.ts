/** Reads stored events newest first, from the lines that still wait and then from the files. */
import { open } from "node:fs/promises";
import { listLogFiles, type LogFamily } from "../../logs/log-files.ts";
import { backwardLines } from "./backward-lines.ts";
import { eventMatcher, type EventFilter } from "./event-filter.ts";
import { decodeStoredEvent, lineHead, type StoredEvent } from "./stored-event.ts";

/** An entry is written up to this long after its time: when its minute is over. */
const latenessMs = 5 * 60_000;

/**
 * `waiting`: lines not in the files yet, oldest first; some may be in both. `now` completes an entry whose minute
 * still runs. Reading ends when `limit` are found, or with the first entry from well before `since`: entries
 * behind a wall clock that was set back are then not found.
 */
export async function readEvents(
  family: LogFamily,
  waiting: readonly string[],
  filter: EventFilter,
  now: (event: StoredEvent) => StoredEvent,
): Promise<StoredEvent[]> {
  const found: StoredEvent[] = [];
  const wanted = selection(filter, found, now);
  if (!wanted(waiting.toReversed())) return found;
  for (const { path } of await newestFirst(family)) {
    for await (const lines of backwardLines(path)) if (!wanted(lines)) return found;
  }
  return found;
}

/** Takes lines newest first; false when no more are wanted. */
function selection(
  filter: EventFilter,
  found: StoredEvent[],
  now: (event: StoredEvent) => StoredEvent,
): (lines: readonly string[]) => boolean {
  const matches = eventMatcher(filter);
  const replaced = new Set<number>();
  const tooOld =
    filter.since === undefined ? "" : new Date(filter.since.getTime() - latenessMs).toISOString();
  let before = Infinity;

  return (lines) => {
    for (const line of lines) {
      if (found.length >= filter.limit) return false;
      const head = lineHead(line);
      if (head === undefined || head.sequence >= before) continue;
      before = head.sequence;
      // An entry and the one that replaces it have the same id, so neither is missed here.
      if (filter.eventIds !== undefined && !filter.eventIds.includes(head.id)) continue;
      const event = decodeStoredEvent(line);
      if (event === undefined) continue;
      if (event.at < tooOld) return false;
      if (event.replaces !== undefined) replaced.add(event.replaces);
      if (replaced.delete(event.sequence)) continue;
      if (filter.beforeSequence !== undefined && event.sequence >= filter.beforeSequence) continue;
      const current = now(event);
      if (matches(current)) found.push(current);
    }
    return found.length < filter.limit;
  };
}

/** By the first entry, not by name: names follow the wall clock, which may have been set back. */
async function newestFirst(family: LogFamily): Promise<{ path: string; firstSequence: number }[]> {
  const files = await Promise.all(
    (await listLogFiles(family)).map(async ({ path }) => ({
      path,
      firstSequence: await firstSequence(path),
    })),
  );
  return files.sort((a, b) => b.firstSequence - a.firstSequence);
}

async function firstSequence(path: string): Promise<number> {
  const handle = await open(path, "r").catch(() => undefined);
  if (handle === undefined) return 0;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0);
    return lineHead(buffer.toString("latin1", 0, bytesRead))?.sequence ?? 0;
  } finally {
    await handle.close();
  }
}
