/** Receive connectors that learn what their limits should be (New-ReceiveConnector -Learn). */
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import { reportableLimits } from "../../core/policy/reportable-limits.ts";
import { formatDuration } from "../../core/units/duration.ts";
import type { Settings } from "../../config/settings.ts";
import type { Output } from "../contract.ts";

export type Learning = Output<"getReceiveConnector">["status"]["learning"];

const minuteMs = 60_000;

/** What a connector is given that is to learn until then, to the minute: every limit that can be is only looked at. */
export function learningSettings(untilMs: number): { reportOnly: string[]; learnUntil: string } {
  const until = new Date(Math.ceil(untilMs / minuteMs) * minuteMs);
  return { reportOnly: [...reportableLimits], learnUntil: until.toISOString().replace(":00.000Z", "Z") };
}

/** What of the time it is to learn would not be known in the end. */
export function learningNotes(
  {
    trafficRecordEnabled,
    trafficRecordMaxAge,
  }: Pick<Settings["transport"], "trafficRecordEnabled" | "trafficRecordMaxAge">,
  learnMs: number | undefined,
): string[] {
  if (learnMs === undefined) return [];
  if (!trafficRecordEnabled)
    return [
      "The traffic record is off, so nothing is learned from what comes: Set-TransportService -TrafficRecordEnabled true",
    ];
  return learnMs <= trafficRecordMaxAge
    ? []
    : [
        `The traffic record is kept for ${formatDuration(trafficRecordMaxAge)}: what came before will be missing in what is proposed. To keep it: Set-TransportService -TrafficRecordMaxAge ${formatDuration(learnMs)}`,
      ];
}

/** Null: it does not, or nothing of it is only looked at any more. */
export function learningOf(
  { learnUntil, reportOnly = [] }: Pick<ReceiveConnectorSettings, "learnUntil" | "reportOnly">,
  nowMs: number,
): Learning {
  if (learnUntil === undefined || reportOnly.length === 0) return null;
  return { until: new Date(learnUntil).toISOString(), isOver: learnUntil <= nowMs };
}
