/**
 * Events kept on disk for people who ask later: JSON lines in rolling files, bounded in age and size, readable
 * while the relay runs. Subscribe `record` to the event log.
 */
import { dirname, join } from "node:path";
import { createRollingLog } from "../../logs/rolling-log.ts";
import type { LogFamily, LogLimits } from "../../logs/log-files.ts";
import type { Clock } from "../../ports/ports.ts";
import { catalogue, type Category, type EventLevelNumber } from "../catalogue.ts";
import { eventLevels } from "../event-level.ts";
import type { EventRecord } from "../events.ts";
import type { EventFilter } from "./event-filter.ts";
import { createLimitHits, defaultLimitHitSettings, type LimitHitSettings } from "./limit-hits.ts";
import { readEvents } from "./read-events.ts";
import { encodeStoredEvent, storedEvent, type StoredEvent, type Tally } from "./stored-event.ts";

export interface EventStore {
  /**
   * Keeps an event. Never throws, never waits; on disk within some 50 ms, synced within some 5 s. Refusals by
   * limits are gathered by minute (limit-hits.ts). Cost: some microseconds; of one more refusal by the same limit
   * of the same source, well under one.
   */
  record(event: EventRecord): void;
  /** Newest first. An entry whose minute still runs has the count so far. Rejects when files cannot be read. */
  query(filter: EventFilter): Promise<StoredEvent[]>;
  /**
   * Hears each entry as it is written; one with `replaces` is the last word on an earlier one. Returns what ends
   * it. A listener that throws is not asked again.
   */
  follow(listener: (event: StoredEvent) => void): () => void;
  /** Resolves when all entries so far are in the files, or could not be put there. */
  flush(): Promise<void>;
  /** Writes the totals of running minutes and closes. */
  close(): Promise<void>;
}

/** 30 days, 100 MB in all, 10 MB a file. */
export const defaultEventStoreLimits: LogLimits = {
  maxAgeMs: 30 * 86_400_000,
  maxFileSizeBytes: 10 * 1024 * 1024,
  maxDirectorySizeBytes: 100 * 1024 * 1024,
};

/** Room for a minute's closing entries of many sources while the disk is slow. */
const maxBufferedChars = 8 * 1024 * 1024;
const syncDelayMs = 5_000;

/** `<dataDirectory>/events`. */
export function eventStoreDirectory(dataDirectory: string): string {
  return join(dataDirectory, "events");
}

/** Never rejects: a relay whose events cannot be read still relays. The fault is told to `onFault`. */
export async function openEventStore(options: {
  readonly directory: string;
  readonly clock: Clock;
  readonly limits?: LogLimits;
  /** The time by which files are too old. Default: the clock on the wall. */
  readonly agedBy?: () => number;
  readonly limitHits?: Partial<LimitHitSettings>;
  /** The level set for a category now. Default: Lowest, at which refusals are not written singly. */
  readonly levelOf?: (category: Category) => EventLevelNumber;
  /** Told once when writing begins to fail, and when the store could not be read at opening. */
  readonly onFault?: (error: Error) => void;
}): Promise<EventStore> {
  const { directory, clock, limits = defaultEventStoreLimits, onFault } = options;
  const levelOf = options.levelOf ?? (() => eventLevels.Lowest);
  const family: LogFamily = { directory, prefix: "EVENTS", extension: "jsonl" };
  const listeners = new Set<(event: StoredEvent) => void>();
  let sequence = await lastSequence(family, clock, onFault);

  const log = createRollingLog({
    ...family,
    within: dirname(directory),
    clock,
    limits,
    agedBy: options.agedBy,
    maxBufferedChars,
    syncDelayMs,
    lostLine: (count, error) => {
      const fields = { count, error, log: "event store" };
      return encodeStoredEvent(
        storedEvent(
          { name: "LogLinesLost", definition: catalogue.LogLinesLost, at: clock.wall(), fields },
          ++sequence,
        ),
      );
    },
    ...(onFault && { onFault }),
  });

  const write = (record: EventRecord, tally?: Tally): number => {
    const event = storedEvent(record, ++sequence, tally);
    log.write(encodeStoredEvent(event));
    for (const listener of listeners) {
      try {
        listener(event);
      } catch {
        listeners.delete(listener);
      }
    }
    return event.sequence;
  };

  const limitHits = createLimitHits({
    clock,
    settings: { ...defaultLimitHitSettings, ...options.limitHits },
    write,
    wantsSingles: ({ definition }) => levelOf(definition.category) >= eventLevels.Expert,
  });

  const withTallySoFar = (event: StoredEvent): StoredEvent => {
    const tally = event.count === undefined ? undefined : limitHits.tallyOf(event.sequence);
    return tally === undefined ? event : { ...event, ...tally, at: tally.lastAt };
  };

  return {
    record(event) {
      if (event.definition.limitHit === true) limitHits.add(event);
      else write(event);
    },
    async query(filter) {
      await log.flush();
      return readEvents(family, log.waiting(), filter, withTallySoFar);
    },
    follow(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    flush: () => log.flush(),
    async close() {
      limitHits.finish();
      await log.close();
    },
  };
}

/** Where to go on counting. Without readable files: far above any count there can have been. */
async function lastSequence(
  family: LogFamily,
  clock: Clock,
  onFault: ((error: Error) => void) | undefined,
): Promise<number> {
  try {
    const [last] = await readEvents(family, [], { limit: 1 }, (event) => event);
    return last?.sequence ?? 0;
  } catch (error) {
    onFault?.(error instanceof Error ? error : new Error(String(error)));
    return clock.wall().getTime();
  }
}
