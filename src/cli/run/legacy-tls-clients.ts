/** Get-LegacyTlsClient. */
import type { Output as Answer } from "../../admin/contract.ts";
import { textOf } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import type { Property } from "../output/list.ts";
import { printRows } from "../output/print.ts";
import { withServer } from "../output/server-column.ts";
import type { Column } from "../output/table.ts";
import { localTime } from "../output/time-text.ts";
import { nothingFound } from "./nothing-found.ts";

type Client = Answer<"listLegacyTlsClients">["clients"][number];

export const getLegacyTlsClient: Run = async (args, context) => {
  const relay = await relayOf(context);
  const connector = textOf(args, "Connector");
  const { clients } = await relay.call("listLegacyTlsClients", connector === undefined ? {} : { connector });
  const none = nothingFound(args, ["Connector"], {
    nothing: "nobody has spoken TLS 1.0 or 1.1, or was refused for it",
    unfit: "nobody has spoken TLS 1.0 or 1.1 with such a connector",
  });
  printRows(context.output, args, { rows: clients, columns: withServer(columns, clients), properties, none });
  return 0;
};

const version = (client: Client): string => client.version ?? "refused";

const columns: readonly Column<Client>[] = [
  { header: "Source", value: ({ address }) => address },
  { header: "Application", value: ({ application }) => application ?? "" },
  { header: "HelloName", drop: 2, value: ({ helloName }) => helloName },
  { header: "Connector", drop: 3, value: ({ connector }) => connector },
  {
    header: "Version",
    value: version,
    style: (client) => (client.version === null ? "bad" : "warning"),
  },
  { header: "Suite", drop: 1, value: ({ cipher }) => cipher ?? "" },
  { header: "LastSeen", value: ({ lastSeen }) => localTime(lastSeen) },
  { header: "Connections", value: ({ connections }) => connections, align: "right" },
];

function properties(client: Client): readonly Property[] {
  return [
    { name: "Source", value: client.address },
    { name: "Application", value: client.application ?? "" },
    { name: "User", value: client.user ?? "" },
    { name: "HelloName", value: client.helloName },
    { name: "Connector", value: client.connector },
    { name: "Version", value: version(client) },
    { name: "Suite", value: client.cipher ?? "" },
    { name: "FirstSeen", value: localTime(client.firstSeen) },
    { name: "LastSeen", value: localTime(client.lastSeen) },
    { name: "Connections", value: String(client.connections) },
  ];
}
