/** Get-MessageTrackingLog, and the story of one message for `weir explain`. */
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import type { Input, Output as Answer } from "../../admin/contract.ts";
import { escapeControls } from "../../core/units/escape-controls.ts";
import { trackingHeader } from "../../tracking/tracking-line.ts";
import { trackingEventIds, trackingSources } from "../../tracking/tracking-record.ts";
import { listOf, numberOf, textOf, type Arguments } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import type { Property } from "../output/list.ts";
import { printRows } from "../output/print.ts";
import { withServer } from "../output/server-column.ts";
import type { Column } from "../output/table.ts";
import { age, localTime } from "../output/time-text.ts";
import { periodOf } from "./given-period.ts";
import { nothingFound } from "./nothing-found.ts";
import { resultSizeOf } from "./result-size.ts";
import { trackingEntries } from "./tracking-entries.ts";

type Story = Answer<"explainMessage">;
type Entry = Story["entries"][number];

const lineFeed = 0x0a;

/** Parameters that leave entries out. */
const filters = [
  "Sender",
  "Recipients",
  "MessageId",
  "InternalMessageId",
  "EventId",
  "Source",
  "Connector",
  "ClientIp",
  "MessageSubject",
  "Reference",
  "Last",
  "Start",
  "End",
];

export const getMessageTrackingLog: Run = async (args, context) => {
  const relay = await relayOf(context);
  const { output } = context;
  const filter = queryOf(args);
  const resultSize = resultSizeOf(args);
  const path = textOf(args, "ExportPath");
  if (path !== undefined) {
    const size = resultSize === undefined || !Number.isFinite(resultSize) ? {} : { resultSize };
    const count = await save(path, await relay.octets("exportMessageTracking", { ...filter, ...size }));
    output.write(`${count} entries are in ${path}\n`);
    return 0;
  }
  const entries = await trackingEntries(relay, filter, resultSize ?? 1000);
  const none = nothingFound(args, filters, {
    nothing: "the message tracking log is empty",
    unfit: "no entry of the message tracking log fits",
  });
  printRows(output, args, { rows: entries, columns: withServer(columns, entries), properties, none });
  return 0;
};

/** Returns how many entries went into the file. What does not come whole leaves none. */
async function save(path: string, pieces: AsyncIterable<Buffer>): Promise<number> {
  const unfinished = `${path}.part`;
  let count = 0;
  try {
    await pipeline(
      pieces,
      async function* (incoming: AsyncIterable<Buffer>) {
        for await (const piece of incoming) {
          for (let at = piece.indexOf(lineFeed); at >= 0; at = piece.indexOf(lineFeed, at + 1)) count++;
          yield piece;
        }
      },
      createWriteStream(unfinished),
    );
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  return count - trackingHeader(new Date()).split("\n").length + 1;
}

function queryOf(args: Arguments): Omit<Input<"exportMessageTracking">, "resultSize"> {
  const { from, to } = periodOf(args, { from: "Start", to: "End" });
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
    reference: textOf(args, "Reference"),
    start: from,
    end: to,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
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

/** The whole way of one message, each step with the time since the first, and where it waits now. */
export function explainedMessage({ entries, waiting, limitHits }: Story): readonly string[] {
  return [
    ...limitsBefore(limitHits),
    ...wayOf(entries),
    ...(waiting.length === 0 && entries.length > 0 ? ["Now: finished; nothing of it waits here."] : []),
    ...waiting.map(whereOne),
  ].map(escapeControls);
}

function limitsBefore(hits: Story["limitHits"]): readonly string[] {
  if (hits.length === 0) return [];
  return [
    "Limits its source met in the hour before:",
    ...hits.map(
      ({ at, text, count = 1 }) => `  ${localTime(at)} ${count > 1 ? `${count} times: ` : ""}${text}`,
    ),
    "",
  ];
}

function whereOne(one: Story["waiting"][number]): string {
  const parts = [
    `Now: ${one.recipient} is ${one.status} in queue ${one.queue} (${one.queueStatus}, ${one.queueMessages} ${one.queueMessages === 1 ? "message" : "messages"})`,
    one.attempts === 0 ? "not tried yet" : `tried ${one.attempts} ${one.attempts === 1 ? "time" : "times"}`,
    one.nextRetryAt === null ? "" : `next attempt ${localTime(one.nextRetryAt)}`,
    one.lastError === null ? "" : `last error ${one.lastError}`,
    `given up ${localTime(one.expiresAt)}`,
  ];
  return parts.filter((part) => part !== "").join("; ");
}

function wayOf(entries: readonly Entry[]): readonly string[] {
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
  ];
}
