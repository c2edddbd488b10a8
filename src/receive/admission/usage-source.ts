/** What one source did on one connector within the last day. Some 1 to 3 KB a source. */
import {
  nothingRefused,
  oneMoreRefused,
  refusedStillThere,
  type RefusedDemand,
} from "../../core/policy/refused-demand.ts";
import type { Refusal } from "../../core/policy/refusal.ts";
import { SlidingMinute } from "./sliding-minute.ts";
import { UsageRing } from "./usage-ring.ts";

/** The refusals of a source by one limit. `lastHour` reaches up to a quarter of an hour further back. */
export interface SourceRefusals {
  readonly limit: string;
  readonly lastHour: number;
  readonly lastDay: number;
  readonly lastAt: Date;
  readonly last: Refusal;
}

export interface Peaks {
  readonly lastHour: number;
  readonly lastDay: number;
}

const slotMs = 15 * 60_000;
/** New durations count for at least this share in the mean, so that it follows a changed application. */
const leastShare = 0.02;

interface RefusedBy {
  readonly ring: UsageRing;
  lastAtMs: number;
  last: Refusal;
}

export class SourceState {
  open = 0;
  #opens: UsageRing | undefined;
  #ended = 0;
  #meanMs: number | undefined;
  #refused: RefusedDemand = nothingRefused;
  #demand: UsageRing | undefined;
  #messages:
    | {
        readonly sent: SlidingMinute;
        readonly wanted: SlidingMinute;
        readonly peaks: UsageRing;
        readonly wantedPeaks: UsageRing;
      }
    | undefined;
  readonly refusedBy = new Map<string, RefusedBy>();
  lastSeenMs: number;

  constructor(nowMs: number) {
    this.lastSeenMs = nowMs;
  }

  /** Mean duration of its connections, recent ones more; undefined before one has ended. */
  get meanConnectionMs(): number | undefined {
    return this.#meanMs;
  }

  ended(durationMs: number): void {
    const share = Math.max(leastShare, 1 / ++this.#ended);
    this.#meanMs =
      this.#meanMs === undefined ? durationMs : this.#meanMs + (durationMs - this.#meanMs) * share;
  }

  hold(nowMs: number, open: number, connectorMeanMs: number | undefined): void {
    this.open = open;
    this.#opens ??= new UsageRing(slotMs, nowMs);
    this.#opens.hold(nowMs, open);
    if (this.#demand !== undefined) this.#demand.raise(nowMs, this.#wantedAt(nowMs, connectorMeanMs));
  }

  refused(nowMs: number, refusal: Refusal): void {
    const by = this.refusedBy.get(refusal.limit);
    if (by === undefined) {
      const ring = new UsageRing(slotMs, nowMs);
      ring.add(nowMs, 1);
      this.refusedBy.set(refusal.limit, { ring, lastAtMs: nowMs, last: refusal });
    } else {
      by.ring.add(nowMs, 1);
      by.lastAtMs = nowMs;
      by.last = refusal;
    }
  }

  /** Returns how many connections it wants now. */
  connectionRefused(nowMs: number, connectorMeanMs: number | undefined): number {
    this.#refused = oneMoreRefused(this.#refused, nowMs, this.#meanMs ?? connectorMeanMs);
    this.#demand ??= new UsageRing(slotMs, nowMs);
    const wanted = this.#wantedAt(nowMs, connectorMeanMs);
    this.#demand.raise(nowMs, wanted);
    return wanted;
  }

  /** Returns its messages in the minute that ends now: those taken, and those it wanted to send. */
  message(nowMs: number, refused: boolean): { readonly sent: number; readonly wanted: number } {
    const second = Math.floor(nowMs / 1000);
    this.#messages ??= {
      sent: new SlidingMinute(second),
      wanted: new SlidingMinute(second),
      peaks: new UsageRing(slotMs, nowMs),
      wantedPeaks: new UsageRing(slotMs, nowMs),
    };
    const { sent, wanted, peaks, wantedPeaks } = this.#messages;
    const counts = { sent: sent.totalAt(second), wanted: wanted.totalAt(second) + 1 };
    wanted.add();
    wantedPeaks.raise(nowMs, counts.wanted);
    if (!refused) {
      counts.sent++;
      sent.add();
      peaks.raise(nowMs, counts.sent);
    }
    return counts;
  }

  messagesLastMinute(nowMs: number): number {
    return this.#messages?.sent.totalAt(Math.floor(nowMs / 1000)) ?? 0;
  }

  highestOpen(nowMs: number): Peaks {
    return peaksOf(this.#opens, nowMs);
  }

  /** Most in a sliding minute. */
  highestMessages(nowMs: number): Peaks {
    return peaksOf(this.#messages?.peaks, nowMs);
  }

  /** Most in a sliding minute, refused ones included. */
  wantedMessages(nowMs: number): Peaks {
    return peaksOf(this.#messages?.wantedPeaks, nowMs);
  }

  /** Connections it wanted at once (core/policy/refused-demand.ts). */
  wantedConnections(nowMs: number): Peaks {
    const opens = this.highestOpen(nowMs);
    const demand = peaksOf(this.#demand, nowMs);
    return {
      lastHour: Math.max(opens.lastHour, demand.lastHour),
      lastDay: Math.max(opens.lastDay, demand.lastDay),
    };
  }

  /** By limit, `dateOf` turning the clock's milliseconds into the wall clock's. */
  refusals(nowMs: number, dateOf: (atMs: number) => Date): SourceRefusals[] {
    return [...this.refusedBy].map(([limit, { ring, lastAtMs, last }]) => ({
      limit,
      lastHour: ring.sumLastHour(nowMs),
      lastDay: ring.sumLastDay(nowMs),
      lastAt: dateOf(lastAtMs),
      last,
    }));
  }

  #wantedAt(nowMs: number, connectorMeanMs: number | undefined): number {
    return Math.round(this.open + refusedStillThere(this.#refused, nowMs, this.#meanMs ?? connectorMeanMs));
  }
}

function peaksOf(ring: UsageRing | undefined, nowMs: number): Peaks {
  return { lastHour: ring?.highestLastHour(nowMs) ?? 0, lastDay: ring?.highestLastDay(nowMs) ?? 0 };
}
