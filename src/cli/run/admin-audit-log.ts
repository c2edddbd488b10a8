/** Get-AdminAuditLog. */
import type { Output as Answer } from "../../admin/contract.ts";
import { numberOf, textOf } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { printRows } from "../output/print.ts";
import { withServer } from "../output/server-column.ts";
import type { Column } from "../output/table.ts";
import { localTime } from "../output/time-text.ts";
import { periodOf } from "./given-period.ts";
import { nothingFound } from "./nothing-found.ts";

type Entry = Answer<"listAudit">["entries"][number];

export const getAdminAuditLog: Run = async (args, context) => {
  const relay = await relayOf(context);
  const { from: since, to: until } = periodOf(args, { from: "After", to: "Before" });
  const optional = (key: string, value: unknown): object => (value === undefined ? {} : { [key]: value });
  const { entries } = await relay.call("listAudit", {
    ...optional("since", since),
    ...optional("until", until),
    ...optional("who", textOf(args, "Who")),
    ...optional("text", textOf(args, "Text")?.replaceAll(/^\*+|\*+$/g, "")),
    ...optional("node", textOf(args, "Node")),
    limit: numberOf(args, "Newest") ?? 50,
  });
  printRows(context.output, args, {
    rows: entries,
    columns: withServer(columns, entries),
    none: nothingFound(args, ["Who", "Text", "Node", "Last", "After", "Before"], {
      nothing: "nobody has changed anything yet",
      unfit: "no change fits",
    }),
  });
  return 0;
};

const columns: readonly Column<Entry>[] = [
  { header: "Time", value: ({ at }) => localTime(at) },
  { header: "Who", value: ({ who }) => who },
  { header: "From", value: ({ from }) => from, drop: 2 },
  { header: "Operation", value: ({ operation }) => operation },
  { header: "Target", value: ({ target }) => target },
  { header: "Message", value: ({ text }) => text, wraps: true, drop: 1 },
];
