/** Get-EventLog. */
import type { Input, Output as Answer } from "../../admin/contract.ts";
import type { AdminClient } from "../../admin/client.ts";
import { catalogue } from "../../events/catalogue.ts";
import { isOn, listOf, numberOf, numbersOf, textOf, type Arguments } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { CommandFault } from "../exit-code.ts";
import { csvText } from "../output/csv.ts";
import type { Property } from "../output/list.ts";
import type { Output, Style } from "../output/output.ts";
import { printRows } from "../output/print.ts";
import { withServer } from "../output/server-column.ts";
import { tableLines, type Column } from "../output/table.ts";
import { localTime } from "../output/time-text.ts";
import { periodOf } from "./given-period.ts";
import { nothingFound } from "./nothing-found.ts";

export type EventEntry = Answer<"queryEvents">["events"][number];

export const getEventLog: Run = async (args, context) => {
  const relay = await relayOf(context);
  const { output } = context;
  const { from: since, to: until } = periodOf(args, { from: "After", to: "Before" });
  const query: Input<"queryEvents"> = {
    ...filterOf(args),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    limit: numberOf(args, "Newest") ?? 50,
  };
  if (isOn(args, "Follow")) {
    if (args.has("Property"))
      throw new CommandFault("-Property and -Follow do not go together; -List shows every field", 2);
    await follow(relay, query, args, output);
    return 0;
  }
  const events = await newest(relay, query);
  printRows(output, args, {
    rows: events,
    columns: withServer(eventColumns, events),
    properties: eventProperties,
    none: nothingFound(args, filters, {
      nothing: "there is no event yet",
      unfit: `no event fits${unknownIds(args)}`,
    }),
  });
  return 0;
};

/** Parameters that leave events out. */
const filters = [
  "EventId",
  "Source",
  "Connector",
  "Category",
  "Severity",
  "Text",
  "Reference",
  "Last",
  "After",
  "Before",
];

/** As many as the relay gives at once. */
const pageSize = 10_000;

/** Newest first, in pages. */
async function newest(relay: AdminClient, query: Input<"queryEvents">): Promise<readonly EventEntry[]> {
  const wanted = query.limit ?? pageSize;
  const events: EventEntry[] = [];
  let next: string | undefined;
  for (;;) {
    const limit = Math.min(pageSize, wanted - events.length);
    const last = events.at(-1);
    const page = await relay.call("queryEvents", {
      ...query,
      limit,
      ...(last === undefined
        ? {}
        : next === undefined
          ? { beforeSequence: last.sequence }
          : { before: next }),
    });
    next = page.next;
    events.push(...page.events);
    if (page.events.length < limit || events.length >= wanted) return events;
  }
}

/** Oldest first, then each as it is written. What happens between the two is heard once. */
async function follow(
  relay: AdminClient,
  { since: _since, until: _until, limit: _limit, beforeSequence: _before, ...filter }: Input<"queryEvents">,
  args: Arguments,
  output: Output,
): Promise<void> {
  const query = { ...filter, limit: _limit, ...(_since === undefined ? {} : { since: _since }) };
  let opened = (): void => undefined;
  const isOpen = new Promise<void>((resolve) => (opened = resolve));
  const stream = relay.stream("followEvents", filter, { signal: output.signal, opened });
  const first = stream.next();
  // Otherwise what happens before the relay has begun to follow would be heard by neither. A fault is told where `first` is awaited.
  await Promise.race([isOpen, first.catch(() => undefined)]);
  const events = await newest(relay, query);
  const print = eventPrinter(args, output);
  const seen = new Map<string, number>();
  for (const event of [...events].reverse()) {
    print(event);
    seen.set(event.server ?? "", Math.max(seen.get(event.server ?? "") ?? 0, event.sequence));
  }
  try {
    for (let next = await first; next.done !== true; next = await stream.next())
      if (next.value.sequence > (seen.get(next.value.server ?? "") ?? 0)) print(next.value);
  } catch (fault) {
    if (!output.signal.aborted) throw fault;
  }
}

function eventPrinter(args: Arguments, output: Output): (event: EventEntry) => void {
  let headed = false;
  return (event) => {
    if (isOn(args, "Json")) {
      output.write(`${JSON.stringify(event)}\n`);
      return;
    }
    if (isOn(args, "Csv")) {
      const [header = "", ...lines] = csvText(withServer(eventColumns, [event]), [event]).split(/(?<=\r\n)/);
      output.write(`${headed ? "" : header}${lines.join("")}`);
    } else if (isOn(args, "List")) {
      printRows(output, args, {
        rows: [event],
        columns: eventColumns,
        properties: eventProperties,
        none: "",
      });
    } else {
      output.write(
        `${tableLines(withServer(followColumns, [event]), [event], output)
          .slice(headed ? 2 : 0)
          .join("\n")}\n`,
      );
    }
    headed = true;
  };
}

function filterOf(args: Arguments): Input<"followEvents"> {
  const optional = (key: string, value: unknown): object => (value === undefined ? {} : { [key]: value });
  return {
    ...optional("eventIds", numbersOf(args, "EventId")),
    ...optional("categories", listOf(args, "Category")),
    ...optional("severities", listOf(args, "Severity")),
    ...optional("connector", textOf(args, "Connector")),
    ...optional("source", clientOf(args)),
    ...optional("text", textOf(args, "Text")?.replaceAll(/^\*+|\*+$/g, "")),
    ...optional("reference", textOf(args, "Reference")),
  };
}

/** Windows' event log knows a source by this name: all of these events come from it. */
function clientOf(args: Arguments): string | undefined {
  const source = textOf(args, "Source");
  return /^MSExchange/i.test(source ?? "") ? undefined : source;
}

/** Ids that Weir gives to no event: a search for them is a slip. */
function unknownIds(args: Arguments): string {
  const known = new Set(Object.values(catalogue).map(({ id }): number => id));
  const unknown = (numbersOf(args, "EventId") ?? []).filter((id) => !known.has(id));
  return unknown.length === 0 ? "" : ` (there is no event ${unknown.join(", ")} at all; docs/events.md)`;
}

export function severityStyle({ severity }: Pick<EventEntry, "severity">): Style | undefined {
  return severity === "Error" ? "bad" : severity === "Warning" ? "warning" : undefined;
}

export const eventColumns: readonly Column<EventEntry>[] = [
  { header: "Time", value: ({ at }) => localTime(at) },
  { header: "EntryType", drop: 1, value: ({ severity }) => severity, style: severityStyle },
  { header: "EventId", value: ({ id }) => id, align: "right" },
  { header: "Category", drop: 2, value: ({ category }) => category },
  { header: "Count", value: ({ count }) => count ?? 1, align: "right" },
  { header: "Message", value: ({ text }) => text, wraps: true },
];

/** Of the same width for each entry. */
const followColumns: readonly Column<EventEntry>[] = eventColumns.map((column) =>
  column.header === "EntryType"
    ? { ...column, value: ({ severity }) => severity.padEnd("Information".length) }
    : column.header === "Category"
      ? { ...column, value: ({ category }) => category.padEnd("TransportService".length) }
      : column,
);

export function eventProperties(event: EventEntry): readonly Property[] {
  const { at, severity, id, name, category, count, firstAt, lastAt, fields, text } = event;
  const counted =
    count === undefined
      ? []
      : [
          { name: "Count", value: String(count) },
          { name: "First", value: localTime(firstAt ?? at) },
          { name: "Last", value: localTime(lastAt ?? at) },
        ];
  return [
    { name: "Time", value: localTime(at) },
    { name: "EntryType", value: severity, style: severityStyle(event) },
    { name: "EventId", value: `${id} ${name}` },
    { name: "Category", value: `MSExchangeTransport\\${category}` },
    ...counted,
    { name: "Message", value: text },
    ...Object.entries(fields).map(([field, value]) => ({
      name: `  ${field}`,
      value: typeof value === "object" ? JSON.stringify(value) : String(value),
    })),
  ];
}
