/** Get-ResourcePressure. */
import type { Output as Answer } from "../../admin/contract.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import type { Style } from "../output/output.ts";
import { printRows } from "../output/print.ts";
import type { Column } from "../output/table.ts";

type Pressure = Answer<"getResourcePressure">;
type Resource = Pressure["resources"][number];

export const getResourcePressure: Run = async (args, context) => {
  const relay = await relayOf(context);
  const pressure = await relay.call("getResourcePressure", {});
  const none = pressure.enabled ? "nothing was measured yet" : "back pressure is switched off";
  printRows(context.output, args, { rows: pressure.resources, columns, json: pressure, none });
  if (pressure.level !== "Low") context.output.complain(`${consequence(pressure)}\n`);
  return 0;
};

/** What a level means for clients: `Medium: anonymous clients wait 15 s at MAIL`. */
export function consequence({ enabled, level, refuses, mailTarpitMs }: Pressure): string {
  if (!enabled) return "not watched";
  switch (refuses) {
    case "everyone":
      return `${level}: every message is refused`;
    case "anonymous":
      return `${level}: clients that are not logged on are refused`;
    case "nobody":
      return mailTarpitMs > 0
        ? `${level}: clients that are not logged on wait ${mailTarpitMs / 1000} s at MAIL`
        : level;
  }
}

export function levelStyle(level: Pressure["level"]): Style | undefined {
  return level === "High" ? "bad" : level === "Medium" ? "warning" : undefined;
}

const valueText = (resource: Resource["resource"], value: number | "unlimited"): string => {
  if (value === "unlimited") return value;
  switch (resource) {
    case "UsedDiskSpace":
    case "PrivateBytes":
      return `${Math.round(value * 10) / 10} %`;
    case "EventLoopLag":
      return `${Math.round(value)} ms`;
    case "QueueLength[SubmissionQueue]":
      return String(value);
  }
};

const threshold =
  (name: keyof Resource["thresholds"]) =>
  ({ resource, thresholds }: Resource) =>
    valueText(resource, thresholds[name]);

const columns: readonly Column<Resource>[] = [
  { header: "Resource", value: ({ resource }) => resource },
  { header: "Level", value: ({ level }) => level, style: ({ level }) => levelStyle(level) },
  { header: "Current", value: ({ resource, current }) => valueText(resource, current), align: "right" },
  { header: "LowToMedium", value: threshold("lowToMedium"), align: "right" },
  { header: "MediumToHigh", value: threshold("mediumToHigh"), align: "right" },
  { header: "HighToMedium", value: threshold("highToMedium"), align: "right", drop: 2 },
  { header: "MediumToLow", value: threshold("mediumToLow"), align: "right", drop: 1 },
];
