/** Get-Message and Remove-Message. */
import type { Output as Answer } from "../../admin/contract.ts";
import { formatByteSize } from "../../core/units/byte-size.ts";
import { isOn, numberOf, textOf } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { CommandFault } from "../exit-code.ts";
import { writeJson } from "../output/output.ts";
import { printRows } from "../output/print.ts";
import type { Column } from "../output/table.ts";
import { localTime } from "../output/time-text.ts";

type Message = Answer<"listMessages">["messages"][number];

export const getMessage: Run = async (args, context) => {
  const relay = await relayOf(context);
  const queue = textOf(args, "Queue");
  const { messages } = await relay.call("listMessages", {
    ...(queue === undefined ? {} : { queue }),
    filter: textOf(args, "Filter") ?? "",
    limit: numberOf(args, "ResultSize") ?? 1000,
  });
  printRows(context.output, args, { rows: messages, columns, none: "no message waits" });
  return 0;
};

export const removeMessage: Run = async (args, { output, config }) => {
  const relay = await relayOf({ config });
  const identity = textOf(args, "Identity");
  const filter = textOf(args, "Filter");
  const queue = textOf(args, "Queue");
  const withNdr = args.get("WithNDR") !== false;
  if (identity !== undefined && filter === undefined) {
    const done = await relay.call("removeMessages", { identity, withNdr });
    if (isOn(args, "Json")) writeJson(output, done);
    else output.write(`message ${identity} is removed\n`);
    return 0;
  }
  if (filter === undefined || identity !== undefined)
    throw new CommandFault("give either a message's identity or -Filter", 2);
  const chosen = { filter, ...(queue === undefined ? {} : { queue }) };
  if (args.get("Confirm") !== false) {
    const { messages, complete } = await relay.call("listMessages", { ...chosen, limit: 10_000 });
    const fit =
      complete && messages.length === 1
        ? "1 message fits"
        : `${complete ? "" : "more than "}${messages.length} messages fit`;
    throw new CommandFault(`${fit}; -Confirm:$false removes what fits`, 2);
  }
  let removed = 0;
  let passed = 0;
  for (;;) {
    const done = await relay.call("removeMessages", { ...chosen, withNdr });
    removed += done.done;
    passed = done.passed;
    if (done.complete || done.done === 0) break;
    if (!isOn(args, "Json")) output.write(`${removed} removed so far\n`);
  }
  if (isOn(args, "Json")) writeJson(output, { removed, passed });
  else output.write(`${removed} removed, ${passed} under way and left\n`);
  return 0;
};

const columns: readonly Column<Message>[] = [
  { header: "Identity", value: ({ identity }) => identity },
  { header: "FromAddress", value: ({ fromAddress }) => fromAddress },
  { header: "Status", value: ({ status }) => status },
  { header: "Size", drop: 3, value: ({ sizeBytes }) => formatByteSize(sizeBytes), align: "right" },
  { header: "Subject", drop: 4, value: ({ subject }) => subject ?? "" },
  { header: "DateReceived", drop: 2, value: ({ dateReceived }) => localTime(dateReceived) },
  { header: "RetryCount", drop: 5, value: ({ retryCount }) => retryCount, align: "right" },
  { header: "Recipients", drop: 6, value: ({ recipients }) => recipients.map((it) => it.address).join(", ") },
  { header: "LastError", value: ({ lastError }) => lastError ?? "", wraps: true },
];
