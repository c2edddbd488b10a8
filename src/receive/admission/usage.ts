/**
 * What was used of each limit, by whom, what was refused to whom, and what would have been needed: the ground of
 * Get-LimitUsage, Get-Refusal and `weir explain`. Admission and sessions feed it; it decides nothing. Values are by the minute for connectors and by
 * the quarter of an hour for sources, over the last day, in this process: a restart forgets them.
 */
import type { ConnectionCounts } from "../../core/policy/connection-limits.ts";
import { noConnectorName, type Refusal } from "../../core/refusals/refusal.ts";
import { sourceKey } from "../../core/policy/source.ts";
import { parseAddress } from "../../core/units/ip-address.ts";
import type { Clock } from "../../ports/ports.ts";
import { SlidingMinute } from "../../core/policy/sliding-minute.ts";
import { ConnectorState, isDoorLimit, measuredLimits, type MeasuredLimit } from "./usage-connector.ts";
import { UsageRing } from "./usage-ring.ts";
import type { SourceRefusals, SourceState } from "./usage-source.ts";

export interface LimitUsageRow {
  /** The setting's name. */
  readonly limit: string;
  /** Of limits for each source: what the source with most of it has. */
  readonly inUse: number;
  readonly highestLastHour: number;
  readonly highestLastDay: number;
  /** As `highest…`, with what was refused (core/policy/refused-demand.ts). */
  readonly wantedLastHour: number;
  readonly wantedLastDay: number;
  readonly refusedLastHour: number;
  readonly refusedLastDay: number;
  /** Most refused ones first, then those that used most; at most ten. */
  readonly topSources: readonly TopSource[];
}

export interface TopSource {
  readonly source: string;
  readonly inUse: number;
  readonly highestLastDay: number;
  readonly refusedLastHour: number;
  readonly refusedLastDay: number;
}

export interface ConnectorUsage {
  readonly connector: string;
  readonly open: number;
  /** Known ones: those with open connections and the last 1,000. */
  readonly sources: number;
  readonly limits: readonly LimitUsageRow[];
}

export interface SourceUsage {
  readonly connector: string;
  readonly source: string;
  readonly open: number;
  readonly highestOpenLastHour: number;
  readonly highestOpenLastDay: number;
  /** Undefined before one of its connections has ended. */
  readonly meanConnectionMs: number | undefined;
  /** In the minute that ends now. */
  readonly messagesLastMinute: number;
  /** In any sliding minute. */
  readonly highestMessagesLastHour: number;
  readonly highestMessagesLastDay: number;
  readonly refusals: readonly SourceRefusals[];
  /** What would have been enough, for `adviseLimit`. */
  readonly wantedConnectionsLastHour: number;
  readonly wantedConnectionsLastDay: number;
  readonly wantedMessagesLastHour: number;
  readonly wantedMessagesLastDay: number;
  /** Most connections of the connector that were not this source's, as far as the peaks tell. */
  readonly openByOthersLastDay: number;
}

export interface RefusedSource {
  /** `noConnectorName`: none was for it. */
  readonly connector: string;
  readonly source: string;
  readonly refusals: readonly SourceRefusals[];
}

/** Feeds cost a few look-ups and additions each, none waits. `source` is the ledger's key (core/policy/source.ts). */
export interface LimitUsage {
  /** A connection came in; `countsAfter` with it counted. */
  entered(connector: string, source: string, countsAfter: ConnectionCounts): void;
  /** It ended; `openedAt` by Clock.now(). */
  left(connector: string, source: string, openedAt: number): void;
  /**
   * Something was refused: a connection (by the limits at the door), a message (`messageRateLimit`), or anything else,
   * which is only counted. `connector` undefined: none was for it.
   */
  refused(connector: string | undefined, source: string, refusal: Refusal): void;
  /** Something would have been, by a limit that is only looked at. */
  wouldRefuse(connector: string | undefined, source: string, refusal: Refusal): void;
  /** A message passed the rate limit at MAIL FROM. */
  message(connector: string, source: string): void;
  /** How long its connections last, or those of one of its sources; undefined before one has ended. Cost: look-ups. */
  meanConnectionMs(connector: string, source: string | undefined): number | undefined;
  /** In the order in which they were first used. */
  connectors(): readonly ConnectorUsage[];
  /** By address or source key, for each connector that knows it. */
  source(addressOrKey: string): readonly SourceUsage[];
  /** Everything that was refused within the last day, by connector and source. Cost: per source and kind. */
  refusals(): readonly RefusedSource[];
  /** As `refusals`: what would have been. */
  wouldBeRefusals(): readonly RefusedSource[];
  /** maxConnectionRatePerMinute, over all connectors: connections in a sliding minute. */
  connectionRate(): LimitUsageRow;
}

const topSourceCount = 10;
const defaultMaxSources = 1_000;
/** Connectors come from the configuration; this only bounds what renaming them again and again leaves behind. */
const maxConnectors = 1_000;

export function createLimitUsage({
  clock,
  maxSources = defaultMaxSources,
  ipv6SourcePrefixLength = () => 64,
}: {
  readonly clock: Clock;
  /** How many bits of an IPv6 address make one source now: turns the address asked for into the key fed. */
  readonly ipv6SourcePrefixLength?: () => number;
  /** Sources kept for each connector besides those with open connections. */
  readonly maxSources?: number;
}): LimitUsage {
  const states = new Map<string, ConnectorState>();
  const rate = createRateUsage(clock.now());

  const connectorOf = (name: string, nowMs: number): ConnectorState => {
    const known = states.get(name);
    if (known !== undefined) return known;
    if (states.size >= maxConnectors) {
      for (const [other, { open }] of states) {
        if (open > 0) continue;
        states.delete(other);
        break;
      }
    }
    const state = new ConnectorState(name, maxSources, nowMs);
    states.set(name, state);
    return state;
  };

  const ofLastDay = (
    of: (state: SourceState, nowMs: number, dateOf: (atMs: number) => Date) => readonly SourceRefusals[],
  ): readonly RefusedSource[] => {
    const nowMs = clock.now();
    const wallOffsetMs = clock.wall().getTime() - nowMs;
    const dateOf = (atMs: number): Date => new Date(atMs + wallOffsetMs);
    const found: RefusedSource[] = [];
    for (const { name: connector, sources } of states.values()) {
      for (const [source, state] of sources) {
        const refusals = of(state, nowMs, dateOf).filter(({ lastDay }) => lastDay > 0);
        if (refusals.length > 0) found.push({ connector, source, refusals });
      }
    }
    return found;
  };

  return {
    entered(connector, source, countsAfter) {
      const nowMs = clock.now();
      rate.attempt(nowMs, true);
      connectorOf(connector, nowMs).entered(source, countsAfter, nowMs);
    },
    left(connector, source, openedAt) {
      const nowMs = clock.now();
      states.get(connector)?.left(source, Math.max(0, nowMs - openedAt), nowMs);
    },
    refused(connector, source, refusal) {
      const nowMs = clock.now();
      if (refusal.limit === rateLimit) rate.refused(nowMs);
      else if (isDoorLimit(refusal.limit)) rate.attempt(nowMs, true);
      connectorOf(connector ?? noConnectorName, nowMs).refused(source, refusal, nowMs);
    },
    wouldRefuse(connector, source, refusal) {
      const nowMs = clock.now();
      connectorOf(connector ?? noConnectorName, nowMs).wouldRefuse(source, refusal, nowMs);
    },
    message(connector, source) {
      const nowMs = clock.now();
      connectorOf(connector, nowMs).message(source, nowMs);
    },
    meanConnectionMs(connector, source) {
      const state = states.get(connector);
      return source === undefined ? state?.meanMs : state?.sources.get(source)?.meanConnectionMs;
    },
    connectors() {
      const nowMs = clock.now();
      return [...states.values()].map((state) => connectorUsage(state, nowMs));
    },
    source(addressOrKey) {
      const nowMs = clock.now();
      const address = parseAddress(addressOrKey);
      const key = address === undefined ? addressOrKey : sourceKey(address, ipv6SourcePrefixLength());
      const wallOffsetMs = clock.wall().getTime() - nowMs;
      const found: SourceUsage[] = [];
      for (const connector of states.values()) {
        const source = connector.sources.get(key);
        if (source !== undefined) found.push(sourceUsage(connector, key, source, nowMs, wallOffsetMs));
      }
      return found;
    },
    refusals: () => ofLastDay((state, nowMs, dateOf) => state.refusals(nowMs, dateOf)),
    wouldBeRefusals: () => ofLastDay((state, nowMs, dateOf) => state.wouldBeRefusals(nowMs, dateOf)),
    connectionRate: () => rate.row(clock.now(), [...states.values()]),
  };
}

function connectorUsage(state: ConnectorState, nowMs: number): ConnectorUsage {
  const { name, open, sources } = state;
  const others = new Set<string>();
  for (const { limit } of state.refusedBy.values())
    if (limit !== undefined && !isMeasured(limit)) others.add(limit);
  const refusedBy = (limit: string): UsageRing[] =>
    [...state.refusedBy.values()].filter((by) => by.limit === limit).map(({ ring }) => ring);
  const limits = [...measuredLimits, ...others].map((limit): LimitUsageRow => {
    const measure = isMeasured(limit) ? state.measureOf(limit) : undefined;
    const refused = refusedBy(limit);
    return {
      limit,
      inUse: isMeasured(limit) ? state.inUse(limit, nowMs) : 0,
      highestLastHour: measure?.used.highestLastHour(nowMs) ?? 0,
      highestLastDay: measure?.used.highestLastDay(nowMs) ?? 0,
      wantedLastHour: measure?.wanted.highestLastHour(nowMs) ?? 0,
      wantedLastDay: measure?.wanted.highestLastDay(nowMs) ?? 0,
      refusedLastHour: sum(refused, (ring) => ring.sumLastHour(nowMs)),
      refusedLastDay: sum(refused, (ring) => ring.sumLastDay(nowMs)),
      topSources: topSources(sources, limit, nowMs),
    };
  });
  return { connector: name, open, sources: sources.size, limits };
}

function sum<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((total, one) => total + of(one), 0);
}

function isMeasured(limit: string): limit is MeasuredLimit {
  return measuredLimits.some((measured) => measured === limit);
}

function topSources(sources: ReadonlyMap<string, SourceState>, limit: string, nowMs: number): TopSource[] {
  const all = [...sources].map(([source, state]): TopSource => {
    const refused = [...state.refusedBy.values()].filter((by) => by.last.limit === limit);
    const byMessages = limit === "messageRateLimit";
    return {
      source,
      inUse: byMessages ? state.messagesLastMinute(nowMs) : state.open,
      highestLastDay: byMessages ? state.highestMessages(nowMs).lastDay : state.highestOpen(nowMs).lastDay,
      refusedLastHour: sum(refused, ({ ring }) => ring.sumLastHour(nowMs)),
      refusedLastDay: sum(refused, ({ ring }) => ring.sumLastDay(nowMs)),
    };
  });
  return all
    .filter(({ refusedLastDay, highestLastDay }) => refusedLastDay > 0 || highestLastDay > 0)
    .sort(
      (a, b) =>
        b.refusedLastDay - a.refusedLastDay || b.inUse - a.inUse || b.highestLastDay - a.highestLastDay,
    )
    .slice(0, topSourceCount);
}

function sourceUsage(
  connector: ConnectorState,
  key: string,
  source: SourceState,
  nowMs: number,
  wallOffsetMs: number,
): SourceUsage {
  const messages = source.highestMessages(nowMs);
  const wantedMessages = source.wantedMessages(nowMs);
  const wantedConnections = source.wantedConnections(nowMs);
  const highestOpen = source.highestOpen(nowMs);
  const highestOfAll = connector.measureOf("maxInboundConnection").used.highestLastDay(nowMs);
  return {
    connector: connector.name,
    source: key,
    open: source.open,
    highestOpenLastHour: highestOpen.lastHour,
    highestOpenLastDay: highestOpen.lastDay,
    meanConnectionMs: source.meanConnectionMs,
    messagesLastMinute: source.messagesLastMinute(nowMs),
    highestMessagesLastHour: messages.lastHour,
    highestMessagesLastDay: messages.lastDay,
    refusals: source.refusals(nowMs, (atMs) => new Date(atMs + wallOffsetMs)),
    wantedConnectionsLastHour: wantedConnections.lastHour,
    wantedConnectionsLastDay: wantedConnections.lastDay,
    wantedMessagesLastHour: wantedMessages.lastHour,
    wantedMessagesLastDay: wantedMessages.lastDay,
    openByOthersLastDay: Math.max(0, highestOfAll - highestOpen.lastDay),
  };
}

const rateLimit = "maxConnectionRatePerMinute";

/** Connections opened in a sliding minute, over all connectors. */
function createRateUsage(startMs: number) {
  const used = new SlidingMinute(Math.floor(startMs / 1000));
  const wanted = new SlidingMinute(Math.floor(startMs / 1000));
  const usedPeaks = new UsageRing(60_000, startMs);
  const wantedPeaks = new UsageRing(60_000, startMs);
  const refusals = new UsageRing(60_000, startMs);

  const attempt = (nowMs: number, passed: boolean): void => {
    const second = Math.floor(nowMs / 1000);
    wantedPeaks.raise(nowMs, wanted.totalAt(second) + 1);
    wanted.add();
    if (!passed) return;
    usedPeaks.raise(nowMs, used.totalAt(second) + 1);
    used.add();
  };

  return {
    attempt,
    refused(nowMs: number): void {
      attempt(nowMs, false);
      refusals.add(nowMs, 1);
    },
    row(nowMs: number, connectors: readonly ConnectorState[]): LimitUsageRow {
      const tops = connectors
        .flatMap(({ sources }) => topSources(sources, rateLimit, nowMs))
        .filter(({ refusedLastDay }) => refusedLastDay > 0)
        .sort((a, b) => b.refusedLastDay - a.refusedLastDay);
      return {
        limit: rateLimit,
        inUse: used.totalAt(Math.floor(nowMs / 1000)),
        highestLastHour: usedPeaks.highestLastHour(nowMs),
        highestLastDay: usedPeaks.highestLastDay(nowMs),
        wantedLastHour: wantedPeaks.highestLastHour(nowMs),
        wantedLastDay: wantedPeaks.highestLastDay(nowMs),
        refusedLastHour: refusals.sumLastHour(nowMs),
        refusedLastDay: refusals.sumLastDay(nowMs),
        topSources: tops.slice(0, topSourceCount),
      };
    },
  };
}
