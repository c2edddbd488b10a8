/** Get-MessageTrackingLog, and the story of one message for `weir explain`. */
import { writeFile } from "node:fs/promises";
import type { Input, Output as Answer } from "../../admin/contract.ts";
import { escapeControls } from "../../core/units/escape-controls.ts";
import { trackingHeader, trackingLine } from "../../tracking/tracking-line.ts";
import { trackingEventIds, trackingSources } from "../../tracking/tracking-record.ts";
import { listOf, numberOf, textOf, type Arguments } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { CommandFault } from "../exit-code.ts";
import type { Property } from "../output/list.ts";
import { printRows } from "../output/print.ts";
import type { Column } from "../output/table.ts";
import { age, localTime } from "../output/time-text.ts";

type Entry = Answer<"searchMessageTracking">["entries"][number];

export const getMessageTrackingLog: Run = async (args, context) => {
  const relay = await relayOf(context);
  const { output } = context;
  const { entries } = await relay.call("searchMessageTracking", queryOf(args));
  const path = textOf(args, "ExportPath");
  if (path !== undefined) {
    const lines = [...entries].reverse().map(trackingLine);
    await writeFile(path, trackingHeader(new Date()) + lines.join(""));
    output.write(`${entries.length} entries are in ${path}\n`);
    return 0;
  }
  printRows(output, args, { rows: entries, columns, properties, none: "no such entry" });
  return 0;
};

function queryOf(args: Arguments): Input<"searchMessageTracking"> {
  const words = listOf(args, "EventId")?.map((word) => word.toUpperCase());
  const given = {
    sender: textOf(args, "Sender"),
    recipients: listOf(args, "Recipients"),
    messageId: textOf(args, "MessageId"),
    internalMessageId: numberOf(args, "InternalMessageId"),
    eventIds: words && trackingEventIds.filter((known) => words.includes(known)),
    source: trackingSources.find((known) => known === textOf(args, "Source")?.toUpperCase()),
    connector: textOf(args, "Connector"),
    clientIp: textOf(args, "ClientIp"),
    messageSubject: textOf(args, "MessageSubject"),
    start: instantOf(args, "Start"),
    end: instantOf(args, "End"),
    resultSize: numberOf(args, "ResultSize"),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function instantOf(args: Arguments, name: string): string | undefined {
  const text = textOf(args, name);
  if (text === undefined) return undefined;
  const at = new Date(text);
  if (Number.isNaN(at.getTime()))
    throw new CommandFault(`-${name} ${text} is no instant; write it like 2026-11-24T06:00`, 2);
  return at.toISOString();
}

const columns: readonly Column<Entry>[] = [
  { header: "Timestamp", value: ({ at }) => localTime(at) },
  { header: "EventId", value: ({ eventId }) => eventId },
  { header: "Source", drop: 2, value: ({ source }) => source },
  { header: "Sender", value: ({ sender }) => (sender === "" ? "<>" : sender) },
  { header: "Recipients", value: ({ recipients }) => recipients.join(" "), wraps: true },
  { header: "MessageSubject", drop: 1, value: ({ messageSubject }) => messageSubject },
];

function properties(entry: Entry): readonly Property[] {
  return Object.entries(entry).map(([name, value]) => ({
    name: `${name.charAt(0).toUpperCase()}${name.slice(1)}`,
    value: Array.isArray(value) ? value.join(", ") : String(value),
  }));
}

/** The whole way of one message, each step with the time since the first. */
export function explainedMessage(entries: readonly Entry[]): readonly string[] {
  const [first] = entries;
  if (first === undefined) return [];
  const from = Date.parse(first.at);
  return [
    `Message ${first.messageId || first.internalMessageId} from ${first.sender || "<>"}: ${first.messageSubject}`,
    ...entries.map((entry) => {
      const { at, eventId, recipients, recipientStatus, serverHostname, connectorId, reference } = entry;
      const parts = [
        recipients.join(", "),
        eventId === "RECEIVE" ? `from ${entry.clientIp} (${entry.clientHostname})` : "",
        connectorId === "" ? "" : `by ${connectorId}`,
        eventId === "RECEIVE" || serverHostname === "" ? "" : `at ${serverHostname}`,
        recipientStatus,
        entry.eventId === "RECEIVE" ? "" : entry.sourceContext,
        reference === "" ? "" : `report ${reference}`,
      ].filter((part) => part !== "");
      const since = `+${age(Math.max(0, Date.parse(at) - from))}`;
      return `  ${localTime(at)} ${since.padEnd(8)} ${eventId.padEnd(7)} ${parts.join("; ")}`;
    }),
  ].map(escapeControls);
}
