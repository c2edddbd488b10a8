/**
 * What became of each message, told entry by entry. The log file is the truth: Exchange's MSGTRK files in
 * `<dataDirectory>/logs/MessageTracking`, rolled by day and size, removed by age and total size. Writing never waits
 * for the disk; what a stuck disk leaves no room for is counted (logs/rolling-log.ts).
 * Source: Exchange, Set-TransportService MessageTrackingLog*.
 */
import { join } from "node:path";
import { instantTexts } from "../core/units/instant-text.ts";
import { csvField } from "../logs/csv.ts";
import type { LogFamily } from "../logs/log-files.ts";
import { createRollingLog } from "../logs/rolling-log.ts";
import type { Clock } from "../ports/ports.ts";
import { trackingHeader, trackingLine } from "./tracking-line.ts";
import type { TrackingRecord } from "./tracking-record.ts";
import type { TrackingFilter } from "./filter.ts";
import { indexPath } from "./index/index-file.ts";
import { messageSteps, type MessageStep } from "./message-lines.ts";
import type { TrackingEntry } from "./tracking-entry.ts";
import { openSearchThread } from "./search-thread.ts";

export type { TrackedMessage, TrackingEntry } from "./tracking-entry.ts";

/** What stations tell. */
export interface Tracking {
  /** False: nobody needs to build an entry. */
  readonly enabled: boolean;
  /** Never throws, never waits. Cost: one string, written within 50 ms. */
  track(entry: TrackingEntry): void;
}

/** Where steps of messages are told as they happen, beside the tracking log. */
export interface MessageLog {
  readonly wantsMessages: boolean;
  /** Never throws, never waits. */
  message(step: MessageStep & { readonly at: Date }): void;
}

export const noTracking: Tracking = { enabled: false, track: () => {} };

export interface TrackingSettings {
  readonly messageTrackingLogEnabled: boolean;
  readonly messageTrackingLogSubjectLoggingEnabled: boolean;
  /** Milliseconds. */
  readonly messageTrackingLogMaxAge: number;
  /** Octets. */
  readonly messageTrackingLogMaxDirectorySize: number;
  /** Octets. */
  readonly messageTrackingLogMaxFileSize: number;
}

export interface TrackingLog extends Tracking {
  /**
   * Newest first, entries still on their way to the disk included. Rejects when the log cannot be read. Cost for the
   * main thread: about 5 µs an entry found; the search itself is another thread's.
   */
  search(filter: TrackingFilter): Promise<readonly TrackingRecord[]>;
  /**
   * The newest `resultSize` entries as a file of their own, header first, oldest entry first, as their lines stand in
   * the log. Read piece by piece as it is taken: memory does not grow with the number of entries.
   */
  export(filter: TrackingFilter): AsyncGenerator<Uint8Array, void, undefined>;
  reconfigure(settings: TrackingSettings): void;
  /** Resolves when what was told is in the file, or could not be put there. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** A second of mail at full speed; a disk that is away longer costs entries. Characters. */
const maxBufferedChars = 16 * 1024 * 1024;
/** More stand in several lines. */
const recipientsPerLine = 500;
const none: readonly string[] = [];

export function trackingFamily(dataDirectory: string): LogFamily {
  return {
    directory: join(dataDirectory, "logs", "MessageTracking"),
    prefix: "MSGTRK",
    extension: "LOG",
    companion: indexPath,
  };
}

/** Opens no file before the first entry. */
export function openTracking(options: {
  readonly dataDirectory: string;
  readonly hostname: string;
  readonly clock: Clock;
  readonly settings: TrackingSettings;
  /** The time by which files are too old. Default: the clock on the wall. */
  readonly agedBy?: () => number;
  /** Told once when the log begins to fail. */
  readonly onFault?: (error: Error) => void;
  /** Who writes steps of messages elsewhere too. */
  readonly messageLog?: MessageLog | undefined;
}): TrackingLog {
  const { hostname, clock, onFault, messageLog } = options;
  let settings = options.settings;
  const family = trackingFamily(options.dataDirectory);
  const thread = openSearchThread(family, clock);
  let indexFails = false;
  const index = (): void => {
    thread.index().then(
      () => {
        indexFails = false;
      },
      (error: unknown) => {
        if (!closed && !indexFails) onFault?.(error instanceof Error ? error : new Error(String(error)));
        indexFails = true;
      },
    );
  };
  let closed = false;
  const toldAt = instantTexts();
  const arrived = instantTexts();
  const log = createRollingLog({
    ...family,
    within: options.dataDirectory,
    clock,
    agedBy: options.agedBy,
    limits: {
      get maxAgeMs() {
        return settings.messageTrackingLogMaxAge;
      },
      get maxDirectorySizeBytes() {
        return settings.messageTrackingLogMaxDirectorySize;
      },
      get maxFileSizeBytes() {
        return settings.messageTrackingLogMaxFileSize;
      },
    },
    maxBufferedChars,
    header: trackingHeader,
    onRolled: index,
    lostLine: (count, reason) => `#Lost: ${count} entries: ${csvField(reason)}\r\n`,
    ...(onFault && { onFault }),
  });

  const recordOf = (entry: TrackingEntry, recipients: readonly string[], count: number): TrackingRecord => {
    const { eventId, source, message } = entry;
    const { origin, content, arrivedAt } = message;
    const received = eventId === "RECEIVE" || eventId === "DUPLICATE";
    const wall = clock.wall();
    const latencyMs =
      received || arrivedAt === undefined ? 0 : Math.max(0, Math.round(clock.now() - arrivedAt));
    const clientIp = origin?.sourceAddress ?? "";
    return {
      at: toldAt(wall.getTime()),
      clientIp: received ? clientIp : "",
      clientHostname: received ? (origin?.helloName ?? "") : hostname,
      serverHostname: received ? hostname : (entry.host ?? ""),
      sourceContext: entry.context ?? (received ? (origin?.sessionId ?? "") : ""),
      connectorId: entry.connector ?? (received ? `${hostname}\\${origin?.connector ?? ""}` : ""),
      source,
      eventId,
      internalMessageId: message.id,
      messageId: content?.messageId ?? "",
      recipients,
      recipientStatus: entry.status ?? "",
      totalBytes: content?.sizeBytes ?? 0,
      recipientCount: count,
      reference: entry.reference ?? "",
      messageSubject: settings.messageTrackingLogSubjectLoggingEnabled ? (content?.subject ?? "") : "",
      sender: message.envelope?.reversePath ?? "",
      arrivedAt: received || arrivedAt === undefined ? "" : arrived(wall.getTime() - latencyMs),
      originalClientIp: clientIp,
      latencyMs,
      ...(entry.tls === undefined ? undefined : { tls: entry.tls }),
    };
  };

  return {
    get enabled() {
      return settings.messageTrackingLogEnabled || messageLog?.wantsMessages === true;
    },
    track(entry) {
      if (messageLog?.wantsMessages === true) {
        const at = clock.wall();
        for (const step of messageSteps(entry, clock.now() - (entry.message.arrivedAt ?? clock.now())))
          messageLog.message({ at, ...step });
      }
      if (!settings.messageTrackingLogEnabled) return;
      const all =
        entry.recipients ?? entry.message.envelope?.recipients.map(({ forwardPath }) => forwardPath) ?? none;
      let at = 0;
      do {
        const some = all.length <= recipientsPerLine ? all : all.slice(at, at + recipientsPerLine);
        log.write(trackingLine(recordOf(entry, some, all.length)));
        at += recipientsPerLine;
      } while (at < all.length);
    },
    async search(filter) {
      await log.flush();
      const found: TrackingRecord[] = [];
      for await (const piece of thread.records(filter)) for (const record of piece) found.push(record);
      return found;
    },
    async *export(filter) {
      await log.flush();
      yield Buffer.from(trackingHeader(clock.wall()));
      yield* thread.lines(filter);
    },
    reconfigure(next) {
      settings = next;
    },
    flush: () => log.flush(),
    async close() {
      closed = true;
      await log.close();
      await thread.close();
    },
  };
}
