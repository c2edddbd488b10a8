/** Get-Message. */
import type { AdminClient } from "../../admin/client.ts";
import type { Input, Output as Answer } from "../../admin/contract.ts";
import { formatByteSize } from "../../core/units/byte-size.ts";
import { isOn, textOf, type Arguments } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import type { Property } from "../output/list.ts";
import type { Output } from "../output/output.ts";
import { printRows } from "../output/print.ts";
import type { Column } from "../output/table.ts";
import { localTime } from "../output/time-text.ts";
import { nothingFound } from "./nothing-found.ts";
import { resultSizeOf } from "./result-size.ts";

type Message = Answer<"listMessages">["messages"][number];

/** Asked for at once. */
const pageSize = 10_000;
const examinedAtOnce = 50_000;

export const getMessage: Run = async (args, context) => {
  const relay = await relayOf(context);
  const place = textOf(args, "Queue");
  // `Get-Message queue\\id` is what people type.
  const identity = textOf(args, "Identity") ?? (/\\\d+$/.test(place ?? "") ? place : undefined);
  const rows =
    identity === undefined
      ? await listed(relay, args, context.output, place)
      : [(await relay.call("getMessage", { identity })).message];
  const none = nothingFound(args, ["Queue", "Filter"], {
    nothing: "no message waits",
    unfit: "no message fits",
  });
  printRows(context.output, args, { rows, columns, properties, none });
  return 0;
};

async function listed(
  relay: AdminClient,
  args: Arguments,
  output: Output,
  queue: string | undefined,
): Promise<readonly Message[]> {
  const resultSize = resultSizeOf(args) ?? 1000;
  const sortOrder = textOf(args, "SortOrder") ?? "";
  const asked: Input<"listMessages"> = {
    ...(queue === undefined ? {} : { queue }),
    filter: textOf(args, "Filter") ?? "",
    sortOrder,
    includeRecipients: isOn(args, "IncludeRecipientInfo"),
  };
  if (sortOrder !== "")
    return (await relay.call("listMessages", { ...asked, limit: Math.min(resultSize, pageSize) })).messages;
  const rows: Message[] = [];
  let examined = 0;
  let after: string | null = null;
  do {
    const page: Answer<"listMessages"> = await relay.call("listMessages", {
      ...asked,
      ...(after === null ? {} : { after }),
      limit: Math.min(resultSize - rows.length, pageSize),
      maxExamined: examinedAtOnce,
    });
    for (const message of page.messages) rows.push(message);
    examined += page.examined;
    after = page.next;
    if (after !== null && rows.length < resultSize)
      output.progress(`${rows.length} of ${examined} messages fit so far`);
  } while (after !== null && rows.length < resultSize && !output.signal.aborted);
  output.progress("");
  return rows;
}

const columns: readonly Column<Message>[] = [
  { header: "Identity", value: ({ identity }) => identity },
  { header: "FromAddress", value: ({ fromAddress }) => fromAddress },
  {
    header: "Status",
    value: ({ status }) => status,
    style: ({ status }) => (status === "Ready" || status === "Active" ? undefined : "warning"),
  },
  { header: "Size", drop: 3, value: ({ sizeBytes }) => formatByteSize(sizeBytes), align: "right" },
  { header: "Subject", drop: 4, value: ({ subject }) => subject ?? "" },
  { header: "DateReceived", drop: 2, value: ({ dateReceived }) => localTime(dateReceived) },
  { header: "RetryCount", drop: 5, value: ({ retryCount }) => retryCount, align: "right" },
  { header: "Recipients", drop: 6, value: recipientsText },
  { header: "LastError", value: ({ lastError }) => lastError ?? "", wraps: true },
];

function recipientsText({ recipients, recipientCount }: Message): string {
  const told = recipients.map(({ address }) => address).join(", ");
  return recipientCount > recipients.length ? `${told}, …` : told;
}

function properties(message: Message): readonly Property[] {
  const { recipients, recipientCount } = message;
  return [
    { name: "Identity", value: message.identity },
    { name: "FromAddress", value: message.fromAddress },
    { name: "Status", value: message.status },
    { name: "Size", value: formatByteSize(message.sizeBytes) },
    { name: "Subject", value: message.subject ?? "" },
    { name: "InternetMessageId", value: message.internetMessageId ?? "" },
    { name: "MessageSourceName", value: message.messageSourceName },
    { name: "SourceIP", value: message.sourceIp },
    { name: "DateReceived", value: localTime(message.dateReceived) },
    { name: "ExpirationTime", value: localTime(message.expirationTime) },
    { name: "NextAttempt", value: message.nextAttemptAt === null ? "" : localTime(message.nextAttemptAt) },
    { name: "RetryCount", value: String(message.retryCount) },
    { name: "LastError", value: message.lastError ?? "" },
    { name: "Queue", value: message.queue },
    { name: "RecipientCount", value: String(recipientCount) },
    ...recipients.map(({ address, status, queue, lastError }) => ({
      name: "Recipient",
      value: [address, status, ...(queue === null || queue === message.queue ? [] : [queue]), lastError ?? ""]
        .join("  ")
        .trimEnd(),
    })),
  ];
}
