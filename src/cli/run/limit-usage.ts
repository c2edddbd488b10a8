/** Get-LimitUsage. */
import type { Output as Answer } from "../../admin/contract.ts";
import { limitValueText } from "../../core/refusals/explanation.ts";
import { isOn, textOf } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import type { Property } from "../output/list.ts";
import type { Style } from "../output/output.ts";
import { printRows } from "../output/print.ts";
import { exchangeName } from "../output/setting-text.ts";
import type { Column } from "../output/table.ts";

type Usage = Answer<"getLimitUsage">["connectors"][number]["limits"][number];
type Top = Usage["topSources"][number];
type Row = Usage & { readonly connector: string };

export const getLimitUsage: Run = async (args, context) => {
  const relay = await relayOf(context);
  const connector = textOf(args, "Connector");
  const usage = await relay.call("getLimitUsage", connector === undefined ? {} : { connector });
  const rows = usage.connectors.flatMap(({ connector: name, limits }) =>
    limits.map((limit): Row => ({ connector: name, ...limit })),
  );
  if (connector === undefined) rows.push({ connector: "(all)", ...usage.connectionRate, watched: null });
  const waiting = usage.connectors.filter((it) => it.waiting > 0);
  printRows(context.output, args, {
    rows,
    columns,
    properties,
    json: usage,
    none: "there is no receive connector",
  });
  if (!isOn(args, "Json") && rows.some(({ watched }) => watched !== null))
    context.output.complain(
      "* is only looked at (ReportOnly, Candidate); Get-Refusal -ReportOnly shows whom it would have refused\n",
    );
  for (const it of waiting)
    context.output.complain(`${it.connector}: ${it.waiting} clients wait at a limit\n`);
  return 0;
};

const columns: readonly Column<Row>[] = [
  { header: "Connector", value: ({ connector }) => connector },
  { header: "Limit", value: ({ limit }) => exchangeName(limit) },
  { header: "Configured", value: configuredText, align: "right" },
  { header: "InUse", value: ({ inUse }) => inUse, align: "right", style: inUseStyle },
  { header: "MaxHour", drop: 3, value: ({ highestLastHour }) => highestLastHour, align: "right" },
  { header: "MaxDay", drop: 5, value: ({ highestLastDay }) => highestLastDay, align: "right" },
  {
    header: "RefusedHour",
    value: ({ refusedLastHour }) => refusedLastHour,
    align: "right",
    style: ({ refusedLastHour }) => (refusedLastHour > 0 ? "bad" : undefined),
  },
  { header: "RefusedDay", drop: 4, value: ({ refusedLastDay }) => refusedLastDay, align: "right" },
  {
    header: "TopSources",
    drop: 2,
    value: ({ topSources }) => topSources.slice(0, 3).map(topText).join("; "),
    wraps: true,
  },
];

function configuredText(row: Row): string {
  const { watched } = row;
  if (watched === null) return enforcedText(row);
  return watched.reportOnly ? `${watched.value}*` : `${enforcedText(row)} (${watched.value}*)`;
}

function enforcedText({ limit, configured, allowed }: Row): string {
  if (limit !== "maxInboundConnectionPercentagePerSource") return String(configured);
  return `${configured} % = ${allowed}`;
}

function inUseStyle({ inUse, allowed }: Row): Style | undefined {
  if (allowed === "unlimited" || inUse < allowed * 0.8) return undefined;
  return inUse >= allowed ? "bad" : "warning";
}

function topText({ source, application, inUse, refusedLastDay }: Top): string {
  const name = application === null ? "" : ` ${application.name}`;
  return `${source}${name} ${inUse}${refusedLastDay === 0 ? "" : `, ${refusedLastDay} refused`}`;
}

/** A value that is only looked at. */
function watchedProperty({ limit, watched }: Row): readonly Property[] {
  if (watched === null) return [];
  const { value, reportOnly, wouldRefuseLastHour, wouldRefuseLastDay } = watched;
  const text = typeof value === "number" ? limitValueText(limit, value) : value;
  return [
    {
      name: reportOnly ? "ReportOnly" : "Candidate",
      value: `${text}, would have refused ${wouldRefuseLastHour} in the last hour, ${wouldRefuseLastDay} in the last day`,
    },
  ];
}

function properties(row: Row): readonly Property[] {
  const { connector, limit, highestLastHour, highestLastDay, refusedLastHour, refusedLastDay, topSources } =
    row;
  return [
    { name: "Connector", value: connector },
    { name: "Limit", value: exchangeName(limit) },
    { name: "Configured", value: configuredText(row) },
    { name: "InUse", value: String(row.inUse), style: inUseStyle(row) },
    { name: "HighestLastHour", value: String(highestLastHour) },
    { name: "HighestLastDay", value: String(highestLastDay) },
    {
      name: "RefusedLastHour",
      value: String(refusedLastHour),
      style: refusedLastHour > 0 ? "bad" : undefined,
    },
    { name: "RefusedLastDay", value: String(refusedLastDay) },
    ...watchedProperty(row),
    ...topSources.map((top, index) => ({ name: index === 0 ? "TopSources" : "", value: topText(top) })),
  ];
}
