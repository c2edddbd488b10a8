/** What one source did on one connector within the last day. Some 1 to 3 KB a source. */
import {
  nothingRefused,
  oneMoreRefused,
  placeFreed,
  refusedStillThere,
  type RefusedDemand,
} from "../../core/policy/refused-demand.ts";
import type { Refusal } from "../../core/refusals/refusal.ts";
import { SlidingMinute } from "../../core/policy/sliding-minute.ts";
import { UsageRing } from "./usage-ring.ts";

/** Refusals of a source of one kind, by one limit. `lastHour` reaches up to a quarter of an hour further back. */
export interface SourceRefusals {
  readonly lastHour: number;
  readonly lastDay: number;
  readonly lastAt: Date;
  readonly last: Refusal;
  /** The most that was held against the limit since the kind was first met. */
  readonly mostSeen: number | undefined;
  /** What they were about (domains, accounts), the latest last; at most five. */
  readonly about: readonly string[];
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
  mostSeen: number | undefined;
  about: readonly string[];
}

/** Kinds of refusal told apart for a source: a client that tries everything forgets the one it met longest ago. */
const mostKinds = 16;
const mostAbout = 5;

/** What one source was refused, or would have been, by kind. */
class RefusalCounts {
  readonly by = new Map<string, RefusedBy>();

  add(nowMs: number, refusal: Refusal): void {
    const key = refusedKey(refusal);
    let by = this.by.get(key);
    if (by === undefined) {
      if (this.by.size >= mostKinds) this.#forgetOneKind();
      const ring = new UsageRing(slotMs, nowMs);
      by = { ring, lastAtMs: nowMs, last: refusal, mostSeen: undefined, about: [] };
      this.by.set(key, by);
    }
    by.ring.add(nowMs, 1);
    by.lastAtMs = nowMs;
    by.last = refusal;
    const { seen, about } = refusal;
    if (seen !== undefined) by.mostSeen = Math.max(by.mostSeen ?? 0, seen);
    if (about !== undefined && about !== by.about.at(-1))
      by.about = [...by.about.filter((other) => other !== about), about].slice(-mostAbout);
  }

  #forgetOneKind(): void {
    let oldest: string | undefined;
    let oldestMs = Infinity;
    for (const [key, { lastAtMs }] of this.by) {
      if (lastAtMs >= oldestMs) continue;
      oldest = key;
      oldestMs = lastAtMs;
    }
    if (oldest !== undefined) this.by.delete(oldest);
  }

  all(nowMs: number, dateOf: (atMs: number) => Date): SourceRefusals[] {
    return Array.from(this.by.values(), ({ ring, lastAtMs, last, mostSeen, about }) => ({
      lastHour: ring.sumLastHour(nowMs),
      lastDay: ring.sumLastDay(nowMs),
      lastAt: dateOf(lastAtMs),
      last,
      mostSeen,
      about,
    }));
  }
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
  readonly #refusals = new RefusalCounts();
  #wouldBe: RefusalCounts | undefined;
  lastSeenMs: number;

  constructor(nowMs: number) {
    this.lastSeenMs = nowMs;
  }

  /** By `refusedKey`. */
  get refusedBy(): ReadonlyMap<string, Pick<RefusedBy, "last" | "ring">> {
    return this.#refusals.by;
  }

  /** Mean duration of its connections, recent ones more; undefined before one has ended. */
  get meanConnectionMs(): number | undefined {
    return this.#meanMs;
  }

  ended(durationMs: number): void {
    this.#refused = placeFreed(this.#refused);
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
    this.#refusals.add(nowMs, refusal);
  }

  /** By a limit that is only looked at. */
  wouldRefuse(nowMs: number, refusal: Refusal): void {
    (this.#wouldBe ??= new RefusalCounts()).add(nowMs, refusal);
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

  /** By kind, `dateOf` turning the clock's milliseconds into the wall clock's. */
  refusals(nowMs: number, dateOf: (atMs: number) => Date): SourceRefusals[] {
    return this.#refusals.all(nowMs, dateOf);
  }

  wouldBeRefusals(nowMs: number, dateOf: (atMs: number) => Date): SourceRefusals[] {
    return this.#wouldBe?.all(nowMs, dateOf) ?? [];
  }

  #wantedAt(nowMs: number, connectorMeanMs: number | undefined): number {
    return Math.round(this.open + refusedStillThere(this.#refused, nowMs, this.#meanMs ?? connectorMeanMs));
  }
}

/** What refusals are counted by: the kind, and of back pressure the threshold. */
export function refusedKey({ kind, limit }: Pick<Refusal, "kind" | "limit">): string {
  return limit === undefined ? kind : `${kind} ${limit}`;
}

function peaksOf(ring: UsageRing | undefined, nowMs: number): Peaks {
  return { lastHour: ring?.highestLastHour(nowMs) ?? 0, lastDay: ring?.highestLastDay(nowMs) ?? 0 };
}
