/** How much of each limit of one connector is and was in use. Some 50 KB, and its sources. */
import type { ConnectionCounts } from "../../core/policy/connection-limits.ts";
import {
  nothingRefused,
  oneMoreRefused,
  placeFreed,
  refusedStillThere,
  type RefusedDemand,
} from "../../core/policy/refused-demand.ts";
import type { Refusal } from "../../core/refusals/refusal.ts";
import { UsageRing } from "./usage-ring.ts";
import { refusedKey, SourceState } from "./usage-source.ts";

/** Limits that usage is measured for; refusals are counted for any limit. */
export const measuredLimits = [
  "maxInboundConnection",
  "maxInboundConnectionPerSource",
  "maxInboundConnectionPercentagePerSource",
  "messageRateLimit",
] as const;
export type MeasuredLimit = (typeof measuredLimits)[number];

/** Limits at the door: what they refuse is a connection that the source wanted. Others end one that it had. */
const doorLimits: ReadonlySet<string> = new Set([
  "maxInboundConnection",
  "maxInboundConnectionPerSource",
  "maxInboundConnectionPercentagePerSource",
  "maxConnectionRatePerMinute",
]);

export function isDoorLimit(limit: string | undefined): boolean {
  return limit !== undefined && doorLimits.has(limit);
}

const slotMs = 60_000;
/** How many sources with open connections are passed over in search of one to forget. */
const searchLength = 16;
/** New durations count for at least this share in the mean. */
const leastShare = 0.001;

interface Measure {
  readonly used: UsageRing;
  /** As used, with what was refused. */
  readonly wanted: UsageRing;
}

export class ConnectorState {
  readonly name: string;
  open = 0;
  readonly sources = new Map<string, SourceState>();
  /** By `refusedKey`. */
  readonly refusedBy = new Map<string, { readonly limit: string | undefined; readonly ring: UsageRing }>();
  readonly #measures: Readonly<Record<"all" | "perSource" | "messages", Measure>>;
  readonly #maxSources: number;
  /** How many sources have so many connections open, by that number. */
  readonly #sourcesWith: number[] = [];
  #mostFromSource = 0;
  #refused: RefusedDemand = nothingRefused;
  #ended = 0;
  #meanMs: number | undefined;

  constructor(name: string, maxSources: number, nowMs: number) {
    this.name = name;
    this.#maxSources = maxSources;
    const measure = (): Measure => ({
      used: new UsageRing(slotMs, nowMs),
      wanted: new UsageRing(slotMs, nowMs),
    });
    this.#measures = { all: measure(), perSource: measure(), messages: measure() };
  }

  /** Mean duration of its connections, recent ones more; undefined before one has ended. */
  get meanMs(): number | undefined {
    return this.#meanMs;
  }

  entered(source: string, counts: ConnectionCounts, nowMs: number): void {
    this.#hold(this.#source(source, nowMs), counts.open, counts.openFromSource, nowMs);
  }

  left(source: string, durationMs: number, nowMs: number): void {
    const state = this.sources.get(source);
    if (state === undefined || state.open === 0) return;
    state.ended(durationMs);
    this.#refused = placeFreed(this.#refused);
    const share = Math.max(leastShare, 1 / ++this.#ended);
    this.#meanMs =
      this.#meanMs === undefined ? durationMs : this.#meanMs + (durationMs - this.#meanMs) * share;
    this.#hold(state, Math.max(0, this.open - 1), state.open - 1, nowMs);
  }

  refused(source: string, refusal: Refusal, nowMs: number): void {
    const state = this.#source(source, nowMs);
    state.refused(nowMs, refusal);
    const key = refusedKey(refusal);
    let by = this.refusedBy.get(key);
    if (by === undefined)
      this.refusedBy.set(key, (by = { limit: refusal.limit, ring: new UsageRing(slotMs, nowMs) }));
    by.ring.add(nowMs, 1);
    if (refusal.limit === "messageRateLimit") {
      this.#measures.messages.wanted.raise(nowMs, state.message(nowMs, true).wanted);
    } else if (isDoorLimit(refusal.limit)) {
      this.#refused = oneMoreRefused(this.#refused, nowMs, this.#meanMs);
      this.#measures.all.wanted.raise(nowMs, this.#wantedAt(nowMs));
      this.#measures.perSource.wanted.raise(nowMs, state.connectionRefused(nowMs, this.#meanMs));
    }
  }

  /** By a limit that is only looked at: nothing was refused, and nothing wanted in vain. */
  wouldRefuse(source: string, refusal: Refusal, nowMs: number): void {
    this.#source(source, nowMs).wouldRefuse(nowMs, refusal);
  }

  message(source: string, nowMs: number): void {
    const { sent, wanted } = this.#source(source, nowMs).message(nowMs, false);
    this.#measures.messages.used.raise(nowMs, sent);
    this.#measures.messages.wanted.raise(nowMs, wanted);
  }

  measureOf(limit: MeasuredLimit): Measure {
    switch (limit) {
      case "maxInboundConnection":
        return this.#measures.all;
      case "maxInboundConnectionPerSource":
      case "maxInboundConnectionPercentagePerSource":
        return this.#measures.perSource;
      case "messageRateLimit":
        return this.#measures.messages;
    }
  }

  /** For limits per source: what the source that has most of it has. */
  inUse(limit: MeasuredLimit, nowMs: number): number {
    switch (limit) {
      case "maxInboundConnection":
        return this.open;
      case "maxInboundConnectionPerSource":
      case "maxInboundConnectionPercentagePerSource":
        return this.#mostFromSource;
      case "messageRateLimit": {
        let most = 0;
        for (const source of this.sources.values()) most = Math.max(most, source.messagesLastMinute(nowMs));
        return most;
      }
    }
  }

  #hold(state: SourceState, open: number, openFromSource: number, nowMs: number): void {
    this.open = open;
    this.#countSource(state.open, openFromSource);
    state.hold(nowMs, openFromSource, this.#meanMs);
    const { all, perSource } = this.#measures;
    all.used.hold(nowMs, open);
    all.wanted.hold(nowMs, open);
    all.wanted.raise(nowMs, this.#wantedAt(nowMs));
    perSource.used.hold(nowMs, this.#mostFromSource);
    perSource.wanted.hold(nowMs, this.#mostFromSource);
  }

  #countSource(before: number, after: number): void {
    const counts = this.#sourcesWith;
    if (before > 0) counts[before]!--;
    if (after > 0) {
      while (counts.length <= after) counts.push(0);
      counts[after]!++;
    }
    this.#mostFromSource = Math.max(this.#mostFromSource, after);
    while (this.#mostFromSource > 0 && counts[this.#mostFromSource] === 0) this.#mostFromSource--;
  }

  #wantedAt(nowMs: number): number {
    return Math.round(this.open + refusedStillThere(this.#refused, nowMs, this.#meanMs));
  }

  #source(name: string, nowMs: number): SourceState {
    const known = this.sources.get(name);
    if (known !== undefined) {
      // The Map's order is that of last use, to the minute: moving an entry each time would cost more than it tells.
      if (nowMs - known.lastSeenMs >= slotMs) {
        known.lastSeenMs = nowMs;
        this.sources.delete(name);
        this.sources.set(name, known);
      }
      return known;
    }
    if (this.sources.size >= this.#maxSources) this.#forgetOne();
    const state = new SourceState(nowMs);
    this.sources.set(name, state);
    return state;
  }

  /** Of those without open connections the one unseen for longest; the others are looked at again much later. */
  #forgetOne(): void {
    let left = searchLength;
    for (const [name, state] of this.sources) {
      this.sources.delete(name);
      if (state.open === 0) return;
      this.sources.set(name, state);
      if (--left === 0) return;
    }
  }
}
