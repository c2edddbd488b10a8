/** What one scenario would have done to the recorded traffic, by connector. */
import { Highest } from "./highest.ts";
import type { ReplayedLimit } from "./scenario.ts";

/** Instants are of the wall clock, milliseconds since the epoch. */
export interface Peak {
  readonly value: number;
  readonly at: number;
  /** Whose; empty where it is of all together. */
  readonly source: string;
}

export type ByLimit = Partial<Record<ReplayedLimit, number>>;

export interface SourceOutcome {
  readonly source: string;
  readonly connections: number;
  readonly messages: number;
  /** Refusals, tries again included. */
  readonly refused: ByLimit;
  readonly firstRefused: number | undefined;
  readonly lastRefused: number | undefined;
  /** Connections that never came in, or broke off before their last message, and gave up. */
  readonly lostConnections: number;
  readonly lostMessages: number;
  readonly highestOpen: Peak;
  readonly highestMessages: Peak;
}

export interface Waits {
  readonly connections: number;
  readonly messages: number;
  readonly totalMs: number;
  readonly longestMs: number;
}

export interface ConnectorOutcome {
  readonly connector: string;
  /** That came, each counted once however often it tried. */
  readonly connections: number;
  readonly messages: number;
  readonly refused: ByLimit;
  readonly lostConnections: number;
  readonly lostMessages: number;
  /** For a place or a minute, and got it (limitAction `delay`). */
  readonly waits: Waits;
  readonly highestOpen: Peak;
  readonly highestOpenFromSource: Peak;
  /** In any sliding minute, of those that a limit counts together. */
  readonly highestMessages: Peak;
  /** Refused or lost most first; as many as were asked for. */
  readonly sources: readonly SourceOutcome[];
  /** All of them. */
  readonly sourceCount: number;
  /** Refusals by hour: its beginning, how many. In order. */
  readonly hours: readonly (readonly [at: number, refused: number])[];
}

const hourMs = 3_600_000;

/** What one world has of one source on one connector that others do not. */
export class SourceTally {
  /** Beside those recorded: fewer where some were refused. */
  messages = 0;
  lostConnections = 0;
  lostMessages = 0;
  readonly refused: ByLimit = {};
  firstRefused: number | undefined;
  lastRefused: number | undefined;
}

/** What one world has of a connector. */
export class ConnectorTally {
  /** Beside those recorded. */
  messages = 0;
  lostConnections = 0;
  lostMessages = 0;
  waitedConnections = 0;
  waitedMessages = 0;
  waitedMs = 0;
  longestWaitMs = 0;
  readonly refused: ByLimit = {};
  readonly highestOpen = new Highest();
  readonly highestOpenFromSource = new Highest();
  readonly highestMessages = new Highest();
  readonly #hours = new Map<number, number>();
  /** The last one, not in `hours` yet. */
  #hour = 0;
  #inHour = 0;

  isRefused(of: SourceTally, limit: ReplayedLimit, at: number): void {
    this.refused[limit] = (this.refused[limit] ?? 0) + 1;
    of.refused[limit] = (of.refused[limit] ?? 0) + 1;
    of.firstRefused ??= at;
    of.lastRefused = at;
    if (at - this.#hour >= hourMs || at < this.#hour) {
      this.#endHour();
      this.#hour = at - (at % hourMs);
    }
    this.#inHour++;
  }

  waited(what: "connection" | "message", ms: number): void {
    if (what === "connection") this.waitedConnections++;
    else this.waitedMessages++;
    this.waitedMs += ms;
    this.longestWaitMs = Math.max(this.longestWaitMs, ms);
  }

  get waits(): Waits {
    return {
      connections: this.waitedConnections,
      messages: this.waitedMessages,
      totalMs: this.waitedMs,
      longestMs: this.longestWaitMs,
    };
  }

  get hours(): readonly (readonly [at: number, refused: number])[] {
    this.#endHour();
    return [...this.#hours].sort(([a], [b]) => a - b);
  }

  #endHour(): void {
    if (this.#inHour > 0) this.#hours.set(this.#hour, (this.#hours.get(this.#hour) ?? 0) + this.#inHour);
    this.#inHour = 0;
  }
}

export function totalOf(refused: ByLimit): number {
  return Object.values(refused).reduce((total, count) => total + count, 0);
}

/** Refused or lost most first. */
export function byTrouble(a: SourceOutcome, b: SourceOutcome): number {
  return (
    totalOf(b.refused) - totalOf(a.refused) ||
    b.lostMessages - a.lostMessages ||
    b.highestOpen.value - a.highestOpen.value ||
    b.connections - a.connections
  );
}
