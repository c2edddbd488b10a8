/** `weir status`: how the relay is, on one screen. */
import type { Output as Answer } from "../../admin/contract.ts";
import { isOn } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { listLines } from "../output/list.ts";
import { writeJson } from "../output/output.ts";
import { isDown, stateOf } from "./get-connectors.ts";
import { settingText } from "../output/setting-text.ts";
import { tableLines, type Column } from "../output/table.ts";
import { age, localTime } from "../output/time-text.ts";
import { eventColumns } from "./event-log.ts";
import { queueColumns } from "./queues.ts";
import { consequence, levelStyle } from "./resource-pressure.ts";

const recentMs = 3_600_000;

export const status: Run = async (args, { output, ...context }) => {
  const relay = await relayOf(context);
  const [about, { connectors }, { refusals }, { queues }, pressure, { events }, { headlines }] =
    await Promise.all([
      relay.call("about", {}),
      relay.call("listReceiveConnectors", {}),
      relay.call("listRefusals", { limit: 100_000 }),
      relay.call("listQueues", {}),
      relay.call("getResourcePressure", {}),
      relay.call("queryEvents", {
        severities: ["Error", "Warning"],
        since: new Date(Date.now() - recentMs).toISOString(),
        limit: 5,
      }),
      relay.call("getOverview", { points: false }),
    ]);
  const rows = connectors.map((connector) => ({
    connector,
    refused: refusals
      .filter((it) => it.connector === connector.name)
      .reduce((sum, { lastHour }) => sum + lastHour, 0),
  }));
  if (isOn(args, "Json")) {
    const receiveConnectors = rows.map(({ connector, refused }) => ({
      name: connector.name,
      ...connector.status,
      refusedLastHour: refused,
    }));
    writeJson(output, {
      ...about,
      headlines,
      receiveConnectors,
      queues,
      resourcePressure: pressure,
      recentWarnings: events,
    });
    return 0;
  }
  const down = connectors.flatMap(({ name, status: { endpoints } }) =>
    endpoints.flatMap(({ binding, reason }) =>
      reason === null ? [] : [{ name: "Not listening", value: `${binding} (${name}): ${reason}` }],
    ),
  );
  const upMs = Math.max(0, Date.now() - new Date(about.startedAt).getTime());
  const shownQueues = queues.filter(({ messages, status: state }) => messages > 0 || state === "Retry");
  const block = (title: string, lines: readonly string[]): string =>
    `\n${output.style("heading", title)}\n${lines.join("\n")}\n`;
  output.write(
    `${listLines(
      [
        {
          name: "Relay",
          value: `${about.hostname}, Weir ${about.version}, process ${about.pid}, up ${age(upMs)}`,
        },
        { name: "Configuration", value: about.configFile ?? "none: embedded" },
        { name: "Data", value: about.dataDirectory },
        {
          name: "Listening",
          value: about.listeners.join(", ") || "nowhere",
          style: about.listeners.length === 0 ? "bad" : undefined,
        },
        ...down.map((line) => ({ ...line, style: "bad" as const })),
        ...(about.suspended === null
          ? []
          : [
              {
                name: "Service",
                value: `suspended since ${localTime(about.suspended.since)} by ${about.suspended.by}: no new mail is taken; weir Resume-Service ends that`,
                style: "bad" as const,
              },
            ]),
        { name: "Sessions", value: String(about.sessions) },
        { name: "Queued", value: String(about.queued) },
        { name: "Resources", value: consequence(pressure), style: levelStyle(pressure.level) },
      ],
      output,
    ).join("\n")}\n`,
  );
  output.write(
    block(
      "Now",
      headlines.map((headline) => headlineLine(headline, output)),
    ),
  );
  output.write(block("Receive connectors", tableLines(connectorColumns, rows, output)));
  if (shownQueues.length > 0)
    output.write(block("Queues with mail", tableLines(queueColumns, shownQueues, output)));
  if (events.length > 0)
    output.write(block("Warnings and errors of the last hour", tableLines(eventColumns, events, output)));
  if (rows.some(({ refused }) => refused > 0))
    output.write("\nweir Get-Refusal tells whom, and what; weir explain ADDRESS what helps.\n");
  return 0;
};

const headlineStyles = { error: "bad", warning: "warning", information: "good" } as const;

/** What the console's first page says. */
function headlineLine(
  { severity, text, source }: Answer<"getOverview">["headlines"][number],
  output: Parameters<Run>[1]["output"],
): string {
  const advice = source === undefined ? "" : output.style("faint", `  weir explain ${source}`);
  return `  ${output.style(headlineStyles[severity], text)}${advice}`;
}

interface ConnectorRow {
  readonly connector: Answer<"getReceiveConnector">;
  readonly refused: number;
}

const columnOf =
  (setting: string) =>
  ({ connector: { settings, kinds } }: ConnectorRow) =>
    settingText(settings[setting], kinds[setting]);

const connectorColumns: readonly Column<ConnectorRow>[] = [
  { header: "Identity", value: ({ connector }) => connector.name },
  { header: "Bindings", value: columnOf("bindings") },
  {
    header: "State",
    value: ({ connector }) => stateOf(connector),
    style: ({ connector }) => (isDown(connector) ? "bad" : undefined),
  },
  { header: "Open", value: ({ connector }) => connector.status.openConnections, align: "right" },
  { header: "MaxInbound", value: columnOf("maxInboundConnection"), align: "right" },
  {
    header: "RefusedLastHour",
    value: ({ refused }) => refused,
    align: "right",
    style: ({ refused }) => (refused > 0 ? "bad" : undefined),
  },
];
