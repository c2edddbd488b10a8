/** How many such applications fit, by each of what they use up; the least of them comes first. */
import type { ConnectionLimits } from "../policy/connection-limits.ts";
import type { Plan } from "./plan.ts";

export interface Measured {
  /** Messages a second that this machine took at most, from many clients at once; undefined: it was not measured. */
  readonly messagesPerSecond: number | undefined;
  /** CPU time of one message, all of the relay; milliseconds. */
  readonly cpuMsPerMessage: number | undefined;
  readonly cores: number;
  /** A flush of the disk, milliseconds. */
  readonly flushMs: number;
  /** Octets a second that it took. */
  readonly diskBytesPerSecond: number;
  readonly freeMemoryBytes: number;
  readonly memoryBytesPerConnection: number;
}

export interface Limits extends ConnectionLimits {
  /** Of one source; Infinity, too, where nobody is counted. */
  readonly messageRateLimit: number;
  readonly maxMessageBytes: number;
  readonly maxConnectionRatePerMinute: number;
  /** Messages a minute that send connectors may send, all together; Infinity: nobody limits them. */
  readonly sendPerMinute: number;
}

/** What the simulation came to. */
export interface SimulatedUse {
  /** Of all sources, in any one moment, with nobody refused. */
  readonly highestOpen: number;
  readonly highestArrivalsPerMinute: number;
  readonly highestOpenFromSource: number;
  /** Of one source, in any sliding minute. */
  readonly highestMessages: number;
}

export interface Ceiling {
  readonly what: "limit" | "CPU" | "disk" | "memory" | "next hop";
  /** The setting, or what was measured, in words. */
  readonly by: string;
  /** Applications like these that it lets work; Infinity: it does not matter. */
  readonly sources: number;
}

/** A relay that is used to its last part has no room for a bad minute. */
const usablePart = 0.7;
/** Messages that share a flush, at most (the spool's group commit). */
const perFlush = 64;

/** The tightest first. */
export function ceilings(
  plan: Plan,
  use: SimulatedUse,
  limits: Limits,
  measured: Measured,
): readonly Ceiling[] {
  const { sources, messagesPerMinute, messageBytes } = plan;
  const perSecond = messagesPerMinute / 60;
  const openEach = use.highestOpen / sources;
  const arrivalsEach = use.highestArrivalsPerMinute / sources;
  const all: Ceiling[] = [
    forEach("maxMessageSize", messageBytes <= limits.maxMessageBytes),
    forEach("messageRateLimit", use.highestMessages <= limits.messageRateLimit),
    forEach(
      "maxInboundConnectionPerSource",
      use.highestOpenFromSource <= limits.maxInboundConnectionPerSource,
    ),
    {
      what: "limit",
      by: "maxInboundConnectionPercentagePerSource",
      sources: byPercentage(limits, use.highestOpenFromSource, openEach),
    },
    { what: "limit", by: "maxInboundConnection", sources: limits.maxInboundConnection / openEach },
    {
      what: "limit",
      by: "maxConnectionRatePerMinute",
      sources: limits.maxConnectionRatePerMinute / arrivalsEach,
    },
    {
      what: "next hop",
      by: "messageRateLimit of the send connectors",
      sources: limits.sendPerMinute / messagesPerMinute,
    },
    ...(measured.messagesPerSecond === undefined
      ? []
      : [
          {
            what: "CPU" as const,
            by: `${Math.round(measured.messagesPerSecond)} messages a second, measured`,
            sources: (measured.messagesPerSecond * usablePart) / perSecond,
          },
        ]),
    ...(measured.cpuMsPerMessage === undefined
      ? []
      : [
          {
            what: "CPU" as const,
            by: `${measured.cpuMsPerMessage.toFixed(2)} ms of one core for a message`,
            sources: ((1000 / measured.cpuMsPerMessage) * usablePart) / perSecond,
          },
        ]),
    {
      what: "disk",
      by: `${measured.flushMs.toFixed(1)} ms for a flush`,
      sources: ((1000 / measured.flushMs) * perFlush * usablePart) / perSecond,
    },
    {
      what: "disk",
      by: `${Math.round(measured.diskBytesPerSecond / 1_000_000)} MB a second written`,
      sources: (measured.diskBytesPerSecond * usablePart) / (perSecond * messageBytes),
    },
    {
      what: "memory",
      by: `${Math.round(measured.freeMemoryBytes / 1_000_000)} MB free`,
      sources: (measured.freeMemoryBytes * usablePart) / (openEach * measured.memoryBytesPerConnection),
    },
  ];
  return all
    .map((one) => ({ ...one, sources: Number.isNaN(one.sources) ? Infinity : Math.floor(one.sources) }))
    .sort((a, b) => a.sources - b.sources);
}

/** A limit of each by itself: all of them fit, or none. */
function forEach(by: string, isEnough: boolean): Ceiling {
  return { what: "limit", by, sources: isEnough ? Infinity : 0 };
}

/** So many that the last of them is still left as many places as it needs: a percentage of those that the others do not have. */
function byPercentage(
  {
    maxInboundConnection,
    maxInboundConnectionPercentagePerSource,
  }: Pick<Limits, "maxInboundConnection" | "maxInboundConnectionPercentagePerSource">,
  needed: number,
  openEach: number,
): number {
  // One is always let in, and where there is no total there is no percentage of it.
  if (needed <= 1 || maxInboundConnection === Infinity || maxInboundConnectionPercentagePerSource >= 100)
    return Infinity;
  const left = Math.ceil((100 * needed) / maxInboundConnectionPercentagePerSource);
  return left > maxInboundConnection ? 0 : (maxInboundConnection - left) / openEach + 1;
}
