/**
 * What came to the doors, remembered: each connection and submission with its instants, in files of
 * `<dataDirectory>/traffic`, bounded by age and size. What happens is gathered in memory and written twice a second, so that a
 * kill loses half a second of it; nobody waits for it, and what the disk does not take is counted as lost while mail goes
 * on. Each run of a relay begins a file of its own.
 */
import { TrafficEncoder } from "../core/traffic/traffic-encoder.ts";
import { dayOf, type LogFamily } from "../logs/log-files.ts";
import type { Clock, Timer } from "../ports/ports.ts";
import { wallRetention, type RetentionClock } from "../ports/retention-clock.ts";
import type { Traffic } from "./traffic.ts";
import { copyOfRecord, type CopiedPeriod, writeCopy } from "./record-copy.ts";
import { openReplayThread, type ReplayThread } from "./replay-thread.ts";
import { createTrafficFiles, trafficFamily } from "./traffic-files.ts";

export interface TrafficSettings {
  readonly trafficRecordEnabled: boolean;
  /** Milliseconds. */
  readonly trafficRecordMaxAge: number;
  /** Octets. */
  readonly trafficRecordMaxDirectorySize: number;
}

export interface TrafficRecord extends Traffic {
  reconfigure(settings: TrafficSettings): void;
  /** Resolves when what was told before is in the file, or could not be put there. Never rejects. */
  flush(): Promise<void>;
  /** What was told until now is handed to `onGathered`. */
  gather(): void;
  /** Where it is. */
  readonly family: LogFamily;
  /** Tells this run from others, as the record does. */
  readonly runMs: number;
  /** Plays it under other settings, what was told until now included. As replay-thread.ts. */
  replay: ReplayThread["replay"];
  /** What use was made of the limits, until now. As replay-thread.ts. */
  use: ReplayThread["use"];
  /** Its files of that time, what was told until now included, for another node. As record-copy.ts. */
  copy(period: CopiedPeriod): AsyncIterable<Uint8Array>;
  /** Writes what another node's `copy` told into the directory. As record-copy.ts. */
  receiveCopy(
    chunks: AsyncIterable<Uint8Array>,
    directory: string,
    options: Parameters<typeof writeCopy>[3],
  ): Promise<LogFamily>;
  /** Further calls are ignored. Never rejects. */
  close(): Promise<void>;
}

/** In octets. */
export interface TrafficRoom {
  /** What damage can cost, and how often names cost to be told again. */
  readonly segment: number;
  /** Then the next file begins; before it is compressed. */
  readonly file: number;
  /** So late may a disk be. */
  readonly waiting: number;
}

/** `waiting`: some 200,000 connections. */
const defaultRoom: TrafficRoom = {
  segment: 256 * 1024,
  file: 4 * 1024 * 1024,
  waiting: 4 * 1024 * 1024,
};
const writeDelayMs = 500;
const firstRetryMs = 1_000;
const longestRetryMs = 30_000;
const sweepMs = 60 * 60_000;
/** The clock on the wall was set, or the machine slept: by less it may be off. */
const clockStepMs = 1_000;

interface Chunk {
  readonly octets: Buffer;
  readonly beginsSegment: boolean;
  readonly entries: number;
}

/** Opens no file before there is something to write. */
export function openTrafficRecord(options: {
  readonly dataDirectory: string;
  readonly clock: Clock;
  readonly settings: TrafficSettings;
  /** Tells what is too old, and numbers runs. Default: the clock on the wall. */
  readonly retention?: RetentionClock;
  /** Told once when the record begins to fail. */
  readonly onFault?: (error: Error) => void;
  /** Hears what is to be written, before it is: the octets of a segment, in pieces of whole entries. */
  readonly onGathered?: (octets: Buffer, beginsSegment: boolean) => void;
  readonly room?: TrafficRoom;
}): TrafficRecord {
  const { clock, onFault, onGathered, room = defaultRoom } = options;
  const { retention = wallRetention(clock) } = options;
  let { settings } = options;
  const family = trafficFamily(options.dataDirectory);
  const thread = openReplayThread(family);
  const files = createTrafficFiles(family, {
    clock,
    agedBy: () => retention.now(),
    fileBytes: room.file,
    limits: () => ({
      maxAgeMs: settings.trafficRecordMaxAge,
      maxDirectorySizeBytes: settings.trafficRecordMaxDirectorySize,
    }),
  });
  const now = (): number => Math.floor(clock.now());

  let encoder = new TrafficEncoder(retention.nextRun());
  let waiting: Chunk[] = [];
  let waitingBytes = 0;
  /** Gathered since it was taken last, and what was lost before. */
  let entries = 0;
  let beginsSegment = true;
  let day = "";
  let wallOffsetMs = 0;
  let running: Promise<void> | undefined;
  let failures = 0;
  let closed = false;
  let timer: Timer | undefined;

  const offsetNow = (): number => Math.round(clock.wall().getTime() - clock.now());
  const begin = (): void => {
    wallOffsetMs = offsetNow();
    encoder.begin(now(), wallOffsetMs);
    beginsSegment = true;
    day = dayOf(clock.wall());
  };
  begin();

  /** Nothing of what waits is written. The new segment tells who is connected, so that what follows is exact again. */
  const dropWaiting = (): void => {
    for (const chunk of waiting) entries += chunk.entries;
    waiting = [];
    waitingBytes = 0;
    const untold = encoder.take();
    // Whoever counts what is gathered counts it nevertheless.
    if (untold.length > 0) onGathered?.(untold, beginsSegment);
    begin();
    encoder.lost(now(), entries);
  };

  /** A file begins with a segment, and each day with a file; a segment has one wall clock. */
  const isFull = (): boolean =>
    encoder.segmentBytes > room.segment + 4 * encoder.openingBytes ||
    day !== dayOf(clock.wall()) ||
    Math.abs(offsetNow() - wallOffsetMs) >= clockStepMs;

  const gather = (): void => {
    if (entries > 0) {
      const octets = encoder.take();
      waiting.push({ octets, beginsSegment, entries });
      waitingBytes += octets.length;
      onGathered?.(octets, beginsSegment);
      beginsSegment = false;
      entries = 0;
    }
    if (waitingBytes > room.waiting) dropWaiting();
    else if (isFull()) begin();
  };

  const tellFault = (error: unknown): void => {
    if (failures++ > 0) return;
    try {
      onFault?.(error instanceof Error ? error : new Error(String(error)));
    } catch {
      // Whoever listens must not end the record.
    }
  };

  const writeWaiting = async (): Promise<void> => {
    for (let chunk = waiting.shift(); chunk !== undefined; chunk = waiting.shift()) {
      waitingBytes -= chunk.octets.length;
      try {
        await files.append(chunk.octets, chunk.beginsSegment);
        failures = 0;
      } catch (error) {
        tellFault(error);
        entries += chunk.entries;
        dropWaiting();
      }
    }
  };

  const attempt = (): Promise<void> => {
    timer?.cancel();
    timer = undefined;
    gather();
    running = writeWaiting().then(() => {
      running = undefined;
      if (entries > 0 || waiting.length > 0) schedule();
    });
    return running;
  };

  const schedule = (): void => {
    if (timer !== undefined || running !== undefined || closed) return;
    const retryMs = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(failures - 1, 10));
    timer = clock.after(failures === 0 ? writeDelayMs : retryMs, () => void attempt());
  };

  /** Behind each entry. */
  const told = (): void => {
    entries++;
    if (encoder.waitingBytes > room.waiting) gather();
    if (timer === undefined) schedule();
  };

  const flush = async (): Promise<void> => {
    while (running !== undefined) await running;
    if (entries > 0 || waiting.length > 0) await attempt();
  };

  const sweep = (): void => {
    sweepTimer = clock.after(sweepMs, sweep);
    // What comes first after quiet days would else stand in a file of theirs, where nobody looks for it.
    if (entries === 0 && !beginsSegment && isFull()) begin();
    void files.removeOld();
  };
  let sweepTimer: Timer = clock.after(sweepMs, sweep);
  void files.compressEarlier();

  const isOn = (): boolean => settings.trafficRecordEnabled && !closed;

  return {
    admitted(client) {
      if (!isOn()) return 0;
      const connection = encoder.admitted(now(), client);
      told();
      return connection;
    },
    held(client, refusal) {
      if (!isOn()) return 0;
      const connection = encoder.held(now(), client, refusal);
      told();
      return connection;
    },
    turnedAway(client, refusal) {
      if (!isOn()) return;
      encoder.turnedAway(now(), client, refusal);
      told();
    },
    resumed(connection) {
      if (encoder.resumed(now(), connection)) told();
    },
    left(connection) {
      if (encoder.left(now(), connection)) told();
    },
    described(connection, user, application, heloName, tls, mechanism) {
      if (encoder.described(now(), connection, user, application, heloName, tls, mechanism)) told();
    },
    message(connection) {
      if (encoder.message(now(), connection)) told();
    },
    messageHeld(connection) {
      if (encoder.messageHeld(now(), connection)) told();
    },
    kept(connection, recipients, sizeBytes) {
      if (encoder.kept(now(), connection, recipients, sizeBytes)) told();
    },
    refused(connection, refusal) {
      if (encoder.refused(now(), connection, refusal)) told();
    },
    reconfigure(next) {
      const isTurned = next.trafficRecordEnabled !== settings.trafficRecordEnabled;
      settings = next;
      if (!isTurned) return;
      // Who was connected meanwhile is not known: it is as a start.
      gather();
      encoder = new TrafficEncoder(retention.nextRun());
      begin();
    },
    flush,
    gather() {
      // Where nothing is to be written, no segment may begin behind one that was begun.
      if (entries > 0) gather();
    },
    family,
    get runMs() {
      return encoder.runMs;
    },
    async replay(question, given) {
      await flush();
      return thread.replay(question, given);
    },
    async use(question, given) {
      await flush();
      return thread.use(question, given);
    },
    async *copy(period) {
      await flush();
      yield* copyOfRecord(family, period);
    },
    receiveCopy: (chunks, directory, limits) => writeCopy(chunks, directory, family, limits),
    async close() {
      await flush();
      await thread.close();
      closed = true;
      timer?.cancel();
      sweepTimer.cancel();
      await files.close();
    },
  };
}
