/** Get-Connection. */
import type { Output as Answer } from "../../admin/contract.ts";
import { isOn, textOf } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { printRows } from "../output/print.ts";
import { withServer } from "../output/server-column.ts";
import type { Column } from "../output/table.ts";
import { age } from "../output/time-text.ts";
import { nothingFound } from "./nothing-found.ts";

type Connection = Answer<"listConnections">["connections"][number];
type SourceCount = Answer<"listConnectionSources">["sources"][number];

export const getConnection: Run = async (args, context) => {
  const relay = await relayOf(context);
  const { output } = context;
  const connector = textOf(args, "Connector");
  const source = textOf(args, "Source");
  const ofConnector = connector === undefined ? {} : { connector };
  const none = nothingFound(args, ["Connector", "Source"], {
    nothing: "nobody is connected",
    unfit: "nobody who is connected fits",
  });
  if (textOf(args, "GroupBy") === "Source") {
    const { sources } = await relay.call("listConnectionSources", ofConnector);
    printRows(output, args, {
      rows: source === undefined ? sources : sources.filter((it) => it.source === source),
      columns: sourceColumns,
      none,
    });
    return 0;
  }
  const { connections, total } = await relay.call("listConnections", {
    ...ofConnector,
    ...(source === undefined ? {} : { source }),
  });
  printRows(output, args, { rows: connections, columns: withServer(connectionColumns, connections), none });
  if (total > connections.length && !isOn(args, "Json"))
    output.complain(`${total - connections.length} more are connected\n`);
  return 0;
};

const connectionColumns: readonly Column<Connection>[] = [
  {
    header: "Source",
    value: ({ address, port }) => (address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`),
  },
  { header: "Application", value: ({ application }) => application?.name ?? "" },
  { header: "Connector", value: ({ connector }) => connector },
  {
    header: "Open",
    value: ({ since }) => age(Math.max(0, Date.now() - new Date(since).getTime())),
    align: "right",
  },
  { header: "State", value: ({ state, discredited }) => (discredited ? `${state} (discredited)` : state) },
  { header: "Messages", value: ({ messages }) => messages, align: "right" },
  { header: "Tls", drop: 4, value: ({ tls }) => tls?.protocol ?? "" },
  { header: "User", drop: 3, value: ({ user }) => user ?? "" },
  { header: "Helo", drop: 5, value: ({ heloName }) => heloName ?? "" },
];

const sourceColumns: readonly Column<SourceCount>[] = [
  { header: "Connector", value: ({ connector }) => connector },
  { header: "Source", value: ({ source }) => source },
  { header: "Application", value: ({ application }) => application?.name ?? "" },
  {
    header: "Open",
    value: ({ open }) => open,
    align: "right",
    style: ({ open, allowed }) => (allowed === "unlimited" || open < allowed ? undefined : "bad"),
  },
  { header: "Allowed", value: ({ allowed }) => allowed, align: "right" },
  { header: "Slowed", drop: 2, value: ({ discredited }) => (discredited ? "discredited" : "") },
  { header: "PerSource", value: (it) => it.maxInboundConnectionPerSource, align: "right" },
  { header: "Percentage", value: (it) => it.maxInboundConnectionPercentagePerSource, align: "right" },
];
