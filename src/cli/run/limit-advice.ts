/** Get-LimitAdvice. */
import type { Output as Answer } from "../../admin/contract.ts";
import { applicationFacts, receiveConnectorFacts } from "../../config/generated/setting-facts.ts";
import { isOn, listOf, numberOf, textOf, type Arguments } from "../arguments/value.ts";
import { verdictText } from "../../core/advice/verdict-text.ts";
import { commandWord } from "../../core/units/command-word.ts";
import { formatDuration } from "../../core/units/duration.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { CommandFault } from "../exit-code.ts";
import type { Output, Style } from "../output/output.ts";
import { printChange } from "../output/print-change.ts";
import { printRows } from "../output/print.ts";
import { localTime } from "../output/time-text.ts";
import { exchangeName } from "../output/setting-text.ts";
import type { Column } from "../output/table.ts";
import { periodOf } from "./given-period.ts";
import { kindsOf } from "./setting-changes.ts";
import { answerWithProgress } from "./with-progress.ts";

type Advice = Answer<"getLimitAdvice">;
type Connector = Advice["connectors"][number];
type Limit = Connector["limits"][number];
interface Row extends Limit {
  readonly connector: string;
}

const mostLeftOut = 10;

export const getLimitAdvice: Run = async (args, context) => {
  const { output } = context;
  const relay = await relayOf(context);
  const connector = textOf(args, "Connector");
  const { from, to } = periodOf(args, { from: "Start", to: "End" });
  const advice = await answerWithProgress(
    relay,
    "followLimitAdvice",
    {
      ...(connector === undefined ? {} : { connector }),
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
    },
    output,
    "Reading the recorded traffic",
  );
  if (isOn(args, "Apply") || isOn(args, "WhatIf")) {
    if (advice.edits.length > 0) {
      const missing = advice.unanswered ?? [];
      if (missing.length > 0 && !isOn(args, "WhatIf"))
        throw new CommandFault(
          `nothing was changed: what came to ${missing.map(({ server }) => server).join(", ")} is missing, and limits by the rest alone may be too low; try again when all answer, or give the commands one by one`,
          1,
        );
      const change = await relay.call("editConfiguration", {
        edits: advice.edits,
        whatIf: isOn(args, "WhatIf"),
      });
      return printChange(output, args, change, {
        subject: "Advice for limits",
        kinds: new Map([...kindsOf(receiveConnectorFacts), ...kindsOf(applicationFacts)]),
        ofConnectors: true,
      });
    }
    if (!isOn(args, "Json")) {
      output.write(`${whyNothing(advice)}\n`);
      return 0;
    }
  }
  const rows = rowsOf(advice);
  printRows(output, args, { rows, columns, json: advice, none: whyNothing(advice) });
  // Why there is nothing is said where the table would stand.
  const { connectors } = advice;
  const unsaid = rows.length > 0 ? connectors : connectors.filter(({ notEnough }) => notEnough === null);
  if (isForPeople(args, output)) printMore(output, { ...advice, connectors: unsaid }, askedText(args));
  return 0;
};

function rowsOf({ connectors, connectionRate }: Advice): Row[] {
  return [
    ...connectors.flatMap(({ connector, limits, own }) => [
      ...limits.map((limit) => ({ connector, ...limit })),
      ...own.flatMap(({ name, limits: ofOwn }) =>
        ofOwn.map((limit) => ({ connector: `${name} (new)`, ...limit })),
      ),
    ]),
    ...(connectionRate === null ? [] : [{ connector: "(all)", ...connectionRate }]),
  ];
}

function whyNothing({ connectors }: Advice): string {
  const reasons = connectors.flatMap(({ connector, notEnough }) =>
    notEnough === null ? [] : [`${connector}: ${notEnough}`],
  );
  return reasons.length > 0
    ? reasons.join("\n")
    : "The limits are right as they are; there is nothing to change.";
}

/** Another period may tell other values. */
function askedText(args: Arguments): string {
  const last = numberOf(args, "Last");
  const words = ["Connector", "Start", "End"].flatMap((name) => {
    const given = textOf(args, name);
    return given === undefined ? [] : [` -${name} ${commandWord(given)}`];
  });
  return words.join("") + (last === undefined ? "" : ` -Last ${formatDuration(last)}`);
}

const isForPeople = (args: Arguments, output: Output): boolean =>
  output.collect === undefined &&
  listOf(args, "Property") === undefined &&
  !["Json", "Csv", "List"].some((form) => isOn(args, form));

/** `asked`: what the answer depends on, as it was given. */
function printMore(output: Output, advice: Advice, asked: string): void {
  for (const connector of advice.connectors) printConnector(output, connector);
  const { connectionRate, from, to, notes, edits } = advice;
  if (connectionRate !== null) printReasons(output, "All connectors together", [connectionRate]);
  const lines = [
    from === null || to === null
      ? "Nothing is recorded of this time."
      : `Recorded from ${minute(from)} to ${minute(to)}; days are those of UTC.`,
    ...notes,
    ...(edits.length === 0
      ? []
      : [
          `To do all of it: weir Get-LimitAdvice${asked} -Apply   (first with -WhatIf, which shows the change)`,
        ]),
  ];
  output.write(`\n${lines.join("\n")}\n`);
}

function printConnector(output: Output, connector: Connector): void {
  const { connector: name, notEnough, limits, own, leftOut, refusals, isLearning, command } = connector;
  if (notEnough !== null) {
    output.write(`\n${output.style("heading", name)}\n  ${notEnough}\n`);
    return;
  }
  printReasons(output, isLearning ? `${name} (it learns: its limits are only looked at)` : name, limits);
  for (const one of own) {
    output.write(
      `  ${output.style("changed", `A connector of its own: ${one.name}`)} for ${one.remoteIpRanges.join(", ")}\n`,
    );
    output.write(`    ${one.reason}\n`);
  }
  for (const { source, application, reason } of leftOut.slice(0, mostLeftOut))
    output.write(
      `  ${output.style("warning", "left out")}: ${application === null ? source : `${application.name} (${source})`}: ${reason}.\n`,
    );
  if (leftOut.length > mostLeftOut)
    output.write(`  and ${leftOut.length - mostLeftOut} more (-Json has all)\n`);
  const { before, after, othersBefore, othersAfter } = refusals;
  output.write(
    `  Refusals of sources that do their work: ${before} → ${output.style(after > 0 ? "bad" : "good", String(after))}` +
      `${leftOut.length === 0 ? "" : `; of those left out: ${othersBefore} → ${othersAfter}`}.\n`,
  );
  for (const { cost, value } of limits)
    if (cost !== null)
      output.write(
        `  If all ${value} were open: ${cost.descriptors} descriptors, some ${Math.ceil(cost.memoryBytes / 1_000_000)} MB of memory.\n`,
      );
  // All edits together are said at the end, for the time that was asked about.
  if (command !== null && !isLearning && own.length === 0) output.write(`  ${command}\n`);
}

function printReasons(output: Output, heading: string, limits: readonly Limit[]): void {
  output.write(`\n${output.style("heading", heading)}\n`);
  for (const limit of limits)
    output.write(`  ${exchangeName(limit.limit)}: ${verdictText(limit)} ${limit.reason}\n`);
}

function minute(instant: string): string {
  return localTime(instant).slice(0, 16);
}

const changeStyles: Readonly<Record<Limit["change"], Style | undefined>> = {
  raise: "warning",
  lower: "changed",
  keep: "good",
};

const columns: readonly Column<Row>[] = [
  { header: "Connector", value: ({ connector }) => connector },
  { header: "Limit", value: ({ limit }) => exchangeName(limit) },
  { header: "Now", value: ({ current }) => current, align: "right" },
  {
    header: "Advised",
    value: ({ value }) => value,
    align: "right",
    style: ({ change }) => changeStyles[change],
  },
  { header: "Highest", value: ({ highest }) => highest, align: "right" },
  { header: "P99.9", value: ({ p999 }) => p999 ?? "", align: "right", drop: 2 },
  {
    header: "HeadRoom",
    value: ({ headroom }) =>
      headroom === null
        ? ""
        : headroom >= 10
          ? `${Math.round(headroom + 1)} ×`
          : `${Math.round(headroom * 100)} %`,
    align: "right",
    drop: 3,
  },
  {
    header: "GrowthPerWeek",
    value: ({ growthPerWeek }) => (growthPerWeek === 0 ? "" : `${Math.round(growthPerWeek * 100)} %`),
    align: "right",
    drop: 4,
  },
];
