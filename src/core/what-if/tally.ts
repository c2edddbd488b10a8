/** What one scenario would have done to the recorded traffic, by connector. */
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
  /** Refused or lost most first. */
  readonly sources: readonly SourceOutcome[];
  /** Refusals by hour: its beginning, how many. In order. */
  readonly hours: readonly (readonly [at: number, refused: number])[];
}

const hourMs = 3_600_000;

class Highest {
  value = 0;
  at = 0;
  source = "";

  raise(value: number, at: number, source: string): void {
    if (value <= this.value) return;
    this.value = value;
    this.at = at;
    this.source = source;
  }

  get peak(): Peak {
    const { value, at, source } = this;
    return { value, at, source };
  }
}

/** One source on one connector. */
export class SourceTally {
  readonly source: string;
  connections = 0;
  messages = 0;
  lostConnections = 0;
  lostMessages = 0;
  readonly refused: ByLimit = {};
  firstRefused: number | undefined;
  lastRefused: number | undefined;
  readonly highestOpen = new Highest();
  readonly highestMessages = new Highest();

  constructor(source: string) {
    this.source = source;
  }

  get outcome(): SourceOutcome {
    const { source, connections, messages, refused, firstRefused, lastRefused } = this;
    const { lostConnections, lostMessages } = this;
    const [highestOpen, highestMessages] = [this.highestOpen.peak, this.highestMessages.peak];
    return {
      source,
      connections,
      messages,
      refused,
      firstRefused,
      lastRefused,
      lostConnections,
      lostMessages,
      highestOpen,
      highestMessages,
    };
  }
}

export class ConnectorTally {
  readonly connector: string;
  connections = 0;
  messages = 0;
  lostConnections = 0;
  lostMessages = 0;
  waitedConnections = 0;
  waitedMessages = 0;
  waitedMs = 0;
  longestWaitMs = 0;
  readonly #refused: ByLimit = {};
  readonly highestOpen = new Highest();
  readonly highestOpenFromSource = new Highest();
  readonly highestMessages = new Highest();
  readonly sources: SourceTally[] = [];
  readonly #hours = new Map<number, number>();

  constructor(connector: string) {
    this.connector = connector;
  }

  refused(of: SourceTally, limit: ReplayedLimit, at: number): void {
    this.#refused[limit] = (this.#refused[limit] ?? 0) + 1;
    of.refused[limit] = (of.refused[limit] ?? 0) + 1;
    of.firstRefused ??= at;
    of.lastRefused = at;
    const hour = at - (at % hourMs);
    this.#hours.set(hour, (this.#hours.get(hour) ?? 0) + 1);
  }

  waited(what: "connection" | "message", ms: number): void {
    if (what === "connection") this.waitedConnections++;
    else this.waitedMessages++;
    this.waitedMs += ms;
    this.longestWaitMs = Math.max(this.longestWaitMs, ms);
  }

  get outcome(): ConnectorOutcome {
    return {
      connector: this.connector,
      connections: this.connections,
      messages: this.messages,
      refused: this.#refused,
      lostConnections: this.lostConnections,
      lostMessages: this.lostMessages,
      waits: {
        connections: this.waitedConnections,
        messages: this.waitedMessages,
        totalMs: this.waitedMs,
        longestMs: this.longestWaitMs,
      },
      highestOpen: this.highestOpen.peak,
      highestOpenFromSource: this.highestOpenFromSource.peak,
      highestMessages: this.highestMessages.peak,
      sources: this.sources.map(({ outcome }) => outcome).sort(byTrouble),
      hours: [...this.#hours].sort(([a], [b]) => a - b),
    };
  }
}

export function totalOf(refused: ByLimit): number {
  return Object.values(refused).reduce((total, count) => total + count, 0);
}

function byTrouble(a: SourceOutcome, b: SourceOutcome): number {
  return (
    totalOf(b.refused) - totalOf(a.refused) ||
    b.lostMessages - a.lostMessages ||
    b.highestOpen.value - a.highestOpen.value ||
    b.connections - a.connections
  );
}
