/** Test-ReceiveConnector. */
import type { Output as Answer } from "../../admin/contract.ts";
import { receiveConnectorFacts } from "../../config/generated/setting-facts.ts";
import { isOn, listOf, numberOf, textOf, type Arguments } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { CommandFault } from "../exit-code.ts";
import { counted } from "../../core/units/counted.ts";
import type { Output } from "../output/output.ts";
import { printRows } from "../output/print.ts";
import { localTime } from "../output/time-text.ts";
import { exchangeName } from "../output/setting-text.ts";
import type { Column } from "../output/table.ts";
import { periodOf } from "./given-period.ts";
import { answerWithProgress } from "./with-progress.ts";
import { givenSettings, type PlainValue, type Settings } from "./setting-changes.ts";

type Test = Answer<"testReceiveConnector">;
type Tried = Test["variants"][number]["outcome"];
type Peak = Tried["highestOpen"];

interface Row extends Tried {
  readonly settings: string;
}

const mostSources = 10;

export const testReceiveConnector: Run = async (args, context) => {
  const { output } = context;
  const identity = textOf(args, "Identity") ?? "";
  const name = identity.slice(identity.lastIndexOf("\\") + 1);
  const relay = await relayOf(context);
  const given = await givenSettings(
    args,
    receiveConnectorFacts,
    async () => (await relay.call("getReceiveConnector", { name })).settings,
  );
  const variants = variantsOf(given);
  const { from, to } = periodOf(args, { from: "Start", to: "End" });
  const again = textOf(args, "RefusedClients") === "again";
  const [retryAfterMs, tries] = [numberOf(args, "RetryAfter"), numberOf(args, "Tries")];
  const test = await answerWithProgress(
    relay,
    "followReceiveConnectorTest",
    {
      name,
      variants,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      refusedClients: again ? "again" : "gone",
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(tries === undefined ? {} : { tries }),
      ...(isOn(args, "Json") ? { sources: 10_000 } : {}),
    },
    output,
    "Replaying the recorded traffic",
  );
  const rows: Row[] = [
    ...(test.present === null ? [] : [{ settings: "as it is", ...test.present }]),
    ...(Object.keys(given).length === 0
      ? []
      : test.variants.map(({ changes, outcome }, index) => ({
          settings:
            changes
              .map(({ setting, after }) => `${exchangeName(setting)} ${textOfValue(after)}`)
              .join(", ") || `${givenText(variants[index] ?? {})}, as it is`,
          ...outcome,
        }))),
  ];
  printRows(output, args, { rows, columns, json: test, none: "nothing was tried" });
  if (isForPeople(args, output)) printMore(output, test, rows);
  return 0;
};

/** `10,20,40` of one setting: each is tried by itself. */
function variantsOf(given: Settings): Settings[] {
  const listed = Object.entries(given).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string" && entry[1].includes(","),
  );
  const [first, second] = listed;
  if (first === undefined) return [given];
  if (second !== undefined)
    throw new CommandFault("several values can be given for one setting, not for two at once", 2);
  const [setting, values] = first;
  const read = (value: string): PlainValue => (/^\d+$/.test(value) ? Number(value) : value);
  return values.split(",").map((value) => ({ ...given, [setting]: read(value.trim()) }));
}

/** What was asked for, where it is so already. */
function givenText(variant: Settings): string {
  return Object.entries(variant)
    .map(([setting, value]) => `${exchangeName(setting)} ${textOfValue(value)}`)
    .join(", ");
}

function textOfValue(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOfValue).join(",");
  return typeof value === "string" || typeof value === "number" ? String(value) : JSON.stringify(value);
}

const isForPeople = (args: Arguments, output: Output): boolean =>
  output.collect === undefined &&
  listOf(args, "Property") === undefined &&
  !["Json", "Csv", "List"].some((form) => isOn(args, form));

function printMore(output: Output, test: Test, rows: readonly Row[]): void {
  const { recorded, notes } = test;
  const last = rows.at(-1);
  const refused = (last?.sources ?? []).filter((source) => total(source.refused) > 0);
  if (refused.length > 0) {
    output.write(`\n${output.style("heading", `Who would be refused: ${last?.settings ?? ""}`)}\n`);
    for (const { source, application, refused: by, firstRefused, lastRefused, lostMessages } of refused.slice(
      0,
      mostSources,
    )) {
      const who = application === null ? source : `${source} (${application.name})`;
      const limits = Object.entries(by).map(([limit, count]) => `${count} by ${exchangeName(limit)}`);
      const lost = lostMessages === 0 ? "" : `, ${counted(lostMessages, "message")} lost`;
      output.write(
        `  ${who}: ${limits.join(", ")}${lost}, from ${minute(firstRefused)} to ${minute(lastRefused)}\n`,
      );
    }
    if (refused.length > mostSources)
      output.write(`  and ${refused.length - mostSources} more (-Json has all)\n`);
  }
  const period =
    recorded.from === null
      ? "Nothing is recorded of this time."
      : `Recorded from ${minute(recorded.from)} to ${minute(recorded.to)}: ${counted(recorded.connections, "connection")}, ${counted(recorded.messages, "message")} of the whole relay.`;
  output.write(`\n${[period, ...notes].join("\n")}\n`);
}

function minute(instant: string | null): string {
  return instant === null ? "" : localTime(instant).slice(0, 16);
}

function total(refused: Readonly<Record<string, number>>): number {
  return Object.values(refused).reduce((sum, count) => sum + count, 0);
}

function peakText({ value, source }: Peak): string {
  return source === null ? String(value) : `${value} (${source})`;
}

const columns: readonly Column<Row>[] = [
  { header: "Settings", value: ({ settings }) => settings },
  {
    header: "Refused",
    value: ({ refused }) => total(refused),
    align: "right",
    style: ({ refused }) => (total(refused) > 0 ? "bad" : "good"),
  },
  { header: "LostMessages", value: ({ lostMessages }) => lostMessages, align: "right", drop: 2 },
  {
    header: "NotServed",
    value: ({ notServed }) => notServed,
    align: "right",
    drop: 4,
    style: ({ notServed }) => (notServed > 0 ? "bad" : undefined),
  },
  { header: "Waited", value: ({ waits }) => waits.connections + waits.messages, align: "right", drop: 5 },
  { header: "MaxOpen", value: ({ highestOpen }) => highestOpen.value, align: "right", drop: 3 },
  { header: "MaxFromSource", value: ({ highestOpenFromSource }) => peakText(highestOpenFromSource) },
  { header: "MaxMessagesPerMinute", value: ({ highestMessages }) => peakText(highestMessages), wraps: true },
];
