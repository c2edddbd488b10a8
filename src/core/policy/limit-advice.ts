/**
 * Which settings would have been enough for what a source wanted, and the command that sets them. Exchange's own
 * limits work together: raising one may leave the next one in the way, so the advice names all that must change.
 */
import { commandWord } from "../units/command-word.ts";
import { formatUnlimited } from "../units/unlimited.ts";
import { allowedByPercentage, mostConnectionsPerSource, type ConnectionLimits } from "./connection-limits.ts";
import type { ReceiveConnectorSettings } from "./receive-connector.ts";

export type AdvisedConnector = ConnectionLimits & Pick<ReceiveConnectorSettings, "name" | "messageRateLimit">;

export type LimitDemand =
  | {
      readonly kind: "connections";
      /** Connections the source wanted at once, refused ones included (refused-demand.ts). */
      readonly fromSource: number;
      /** Connections of all other sources at that time. */
      readonly byOthers: number;
    }
  | {
      readonly kind: "messages";
      /** Most messages the source wanted to send within a sliding minute, refused ones included. */
      readonly perMinute: number;
    }
  | {
      readonly kind: "connectionRate";
      /** Most connections that all sources wanted to open within a sliding minute. */
      readonly perMinute: number;
      /** maxConnectionRatePerMinute as configured. */
      readonly configured: number;
    };

export interface LimitChange {
  readonly limit: keyof ConnectionLimits | "messageRateLimit" | "maxConnectionRatePerMinute";
  readonly configured: number;
  readonly suggested: number;
}

export interface LimitAdvice {
  /** In the order they would be hit; never empty. */
  readonly changes: readonly LimitChange[];
  /** In Exchange's spelling: `Set-ReceiveConnector AppRelay -MaxInboundConnectionPerSource 40`. */
  readonly command: string;
  /** Why a second setting must change, in a sentence; one for each such setting. */
  readonly notes: readonly string[];
}

/** Undefined when the configured values are enough for the demand. Cost: arithmetic. */
export function adviseLimit(connector: AdvisedConnector, demand: LimitDemand): LimitAdvice | undefined {
  switch (demand.kind) {
    case "connections":
      return adviseConnections(connector, Math.ceil(demand.fromSource), Math.ceil(demand.byOthers));
    case "messages": {
      const { messageRateLimit: configured } = connector;
      if (demand.perMinute <= configured) return undefined;
      const suggested = withHeadroom(demand.perMinute);
      return {
        changes: [{ limit: "messageRateLimit", configured, suggested }],
        command: `Set-ReceiveConnector ${commandWord(connector.name)} -MessageRateLimit ${suggested}`,
        notes: [],
      };
    }
    case "connectionRate": {
      const { perMinute, configured } = demand;
      if (perMinute <= configured) return undefined;
      const suggested = withHeadroom(perMinute);
      return {
        changes: [{ limit: "maxConnectionRatePerMinute", configured, suggested }],
        command: `Set-TransportService -MaxConnectionRatePerMinute ${suggested}`,
        notes: [],
      };
    }
  }
}

function adviseConnections(
  connector: AdvisedConnector,
  fromSource: number,
  byOthers: number,
): LimitAdvice | undefined {
  const {
    maxInboundConnection: total,
    maxInboundConnectionPerSource: perSource,
    maxInboundConnectionPercentagePerSource: percentage,
  } = connector;
  const totalSuffices = byOthers + fromSource <= total;
  const perSourceSuffices = fromSource <= perSource;
  const percentageSuffices = fromSource <= allowedByPercentage(percentage, total, byOthers);
  if (totalSuffices && perSourceSuffices && percentageSuffices) return undefined;

  const target = withHeadroom(fromSource);
  const changes: LimitChange[] = [];
  const notes: string[] = [];

  let newPerSource = perSource;
  if (!perSourceSuffices) {
    newPerSource = perSourceFor(target, fromSource);
    changes.push({ limit: "maxInboundConnectionPerSource", configured: perSource, suggested: newPerSource });
  }

  // What the source may really come to: its own limit bounds it, and the others need not give way for more.
  const wanted = Math.min(target, newPerSource);
  let newTotal = total;
  if (byOthers + wanted > total) {
    newTotal = withHeadroom(byOthers + fromSource);
    changes.push({ limit: "maxInboundConnection", configured: total, suggested: newTotal });
    if (!perSourceSuffices) {
      notes.push(
        `maxInboundConnection must be raised too: ${byOthers} connections of other sources leave ${Math.max(0, total - byOthers)} of ${total}.`,
      );
    }
  }

  let newPercentage = percentage;
  if (wanted > allowedByPercentage(percentage, newTotal, byOthers)) {
    newPercentage = percentageFor(wanted, newTotal, byOthers);
    if (newPercentage > percentage) {
      changes.push({
        limit: "maxInboundConnectionPercentagePerSource",
        configured: percentage,
        suggested: newPercentage,
      });
      if (!perSourceSuffices || !totalSuffices) {
        notes.push(
          `maxInboundConnectionPercentagePerSource must be raised too: ${percentage} % of what others leave of ${newTotal} is fewer than ${wanted}.`,
        );
      }
    }
  }
  if (perSourceSuffices && !percentageSuffices && perSource < target) {
    notes.push(
      `maxInboundConnectionPerSource (${perSource}) is the next limit: raise it as well if the source needs more than that.`,
    );
  }
  const parameters = changes
    .map(({ limit, suggested }) => `-${pascalCase(limit)} ${formatUnlimited(suggested)}`)
    .join(" ");
  return {
    changes,
    command: `Set-ReceiveConnector ${commandWord(connector.name)} ${parameters}`,
    notes,
  };
}

/** The least percentage, rounded, that leaves a source so many beside what others have. */
export function percentageFor(wanted: number, total: number, byOthers: number): number {
  const least = Math.ceil((100 * wanted) / (total - byOthers));
  const round = least < 10 ? least : Math.ceil(least / 5) * 5;
  return Math.min(100, round);
}

/** A value for maxInboundConnectionPerSource that it takes and that lets so many in; Infinity where none but that does. */
export function perSourceFor(value: number, need: number): number {
  if (value <= mostConnectionsPerSource) return value;
  return need <= mostConnectionsPerSource ? mostConnectionsPerSource : Infinity;
}

/** A quarter more, to a round number. */
export function withHeadroom(demand: number): number {
  return roundUp(demand * 1.25);
}

/** Up to 5 below 100, then to 2 digits with steps of 5 in the second: 21 → 25, 104 → 150, 1,180 → 1,500. */
export function roundUp(value: number): number {
  if (value <= 10) return Math.ceil(value);
  const step = value <= 100 ? 5 : 5 * 10 ** (Math.ceil(Math.log10(value)) - 2);
  return Math.ceil(value / step) * step;
}

function pascalCase(setting: string): string {
  return setting.charAt(0).toUpperCase() + setting.slice(1);
}
