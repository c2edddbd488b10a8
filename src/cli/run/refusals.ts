/** Get-Refusal. */
import type { Output as Answer } from "../../admin/contract.ts";
import { limitValueText } from "../../core/refusals/explanation.ts";
import { isOn, textOf } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import type { Property } from "../output/list.ts";
import { printRows } from "../output/print.ts";
import { withServer } from "../output/server-column.ts";
import { exchangeName } from "../output/setting-text.ts";
import type { Column } from "../output/table.ts";
import { age, localTime } from "../output/time-text.ts";

type Row = Answer<"listRefusals">["refusals"][number];

export const getRefusal: Run = async (args, context) => {
  const relay = await relayOf(context);
  const connector = textOf(args, "Connector");
  const source = textOf(args, "Source");
  const { refusals, total, since } = await relay.call("listRefusals", {
    ...(connector === undefined ? {} : { connector }),
    ...(source === undefined ? {} : { source }),
    ...(isOn(args, "ReportOnly") ? { reportOnly: true } : {}),
  });
  const { output } = context;
  printRows(output, args, {
    rows: refusals,
    columns: withServer(columns, refusals),
    properties,
    none: isOn(args, "ReportOnly")
      ? `nothing would have been refused since ${localTime(since)} by limits that are only looked at`
      : `nothing was refused since ${localTime(since)}`,
  });
  if (isOn(args, "Json") || refusals.length === 0) return 0;
  if (total > refusals.length) output.complain(`${total - refusals.length} more are counted\n`);
  if (refusals.some(isRefused)) output.complain("weir explain ADDRESS tells what helps\n");
  if (!refusals.every(isRefused))
    output.complain(
      "would be refused: by a limit that is only looked at (ReportOnly, Candidate); nobody was\n",
    );
  return 0;
};

const columns: readonly Column<Row>[] = [
  { header: "Connector", value: ({ connector }) => connector ?? "(none)" },
  { header: "Source", value: ({ source }) => source },
  { header: "Application", drop: 4, value: ({ application }) => application?.name ?? "" },
  { header: "Event", drop: 5, value: ({ last }) => last.eventId, align: "right" },
  { header: "Hour", value: ({ lastHour }) => lastHour, align: "right" },
  { header: "Day", drop: 3, value: ({ lastDay }) => lastDay, align: "right" },
  { header: "Last", drop: 2, value: ({ lastAt }) => localTime(lastAt) },
  {
    header: "Why",
    value: (row) => `${isRefused(row) ? "" : "would be refused: "}${whyText(row)}${slowed(row)}`,
    wraps: true,
  },
];

function isRefused({ last }: Row): boolean {
  return !last.reportOnly;
}

function slowed({ discreditedForMs }: Row): string {
  return discreditedForMs === null
    ? ""
    : ` (each reply to it is held back for another ${age(discreditedForMs)}: it hung up in a tarpit)`;
}

/** What was wrong, the limit in front. */
export function whyText({ last: { limit, configured, allowed, problem } }: Pick<Row, "last">): string {
  if (limit === null || configured === null) return problem;
  const value = typeof configured === "number" ? limitValueText(limit, configured) : configured;
  const name = exchangeName(limit);
  const text =
    allowed === configured || allowed === null ? `${name} ${value}` : `${name} ${value} % = ${allowed}`;
  return problem === "" ? text : `${text}, ${problem}`;
}

function properties(row: Row): readonly Property[] {
  const { connector, source, application, kind, title, lastHour, lastDay, lastAt, last, about } = row;
  return [
    { name: "Connector", value: connector ?? "(none)" },
    { name: "Source", value: source },
    { name: "Application", value: application?.name ?? "" },
    { name: "Kind", value: kind },
    { name: "Title", value: title },
    { name: "Why", value: whyText(row) },
    ...(isRefused(row) ? [] : [{ name: "ReportOnly", value: "True", remark: "nobody was refused" }]),
    { name: "LastHour", value: String(lastHour) },
    { name: "LastDay", value: String(lastDay) },
    { name: "LastAt", value: localTime(lastAt) },
    { name: "EventId", value: String(last.eventId) },
    { name: "Reference", value: last.reference },
    ...about.map((one, index) => ({ name: index === 0 ? "About" : "", value: one })),
  ];
}
