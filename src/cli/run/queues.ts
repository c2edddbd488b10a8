/** Get-Queue and Retry-Queue. */
import type { Output as Answer } from "../../admin/contract.ts";
import { isOn, textOf } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { CommandFault } from "../exit-code.ts";
import { writeJson } from "../output/output.ts";
import { printRows } from "../output/print.ts";
import type { Column } from "../output/table.ts";
import { localTime } from "../output/time-text.ts";
import { wildcard } from "../wildcard.ts";

type Queue = Answer<"listQueues">["queues"][number];

export const getQueue: Run = async (args, context) => {
  const relay = await relayOf(context);
  const { queues } = await relay.call("listQueues", {});
  const identity = textOf(args, "Identity");
  const matches =
    identity === undefined
      ? () => true
      : (wildcard(identity) ?? ((name: string) => name.toLowerCase() === identity.toLowerCase()));
  const rows = queues.filter((queue) => matches(queue.identity));
  if (rows.length === 0 && identity !== undefined && wildcard(identity) === undefined)
    throw new CommandFault(`there is no queue ${identity}; weir Get-Queue lists them`);
  printRows(context.output, args, { rows, columns: queueColumns, none: "there is no queue" });
  return 0;
};

export const retryQueue: Run = async (args, { output, ...context }) => {
  const relay = await relayOf(context);
  const identity = textOf(args, "Identity");
  const resubmit = isOn(args, "Resubmit");
  if (resubmit && identity === undefined) throw new CommandFault("-Resubmit needs a queue's name", 2);
  const { queues, messages } = await relay.call("retryQueue", {
    ...(identity === undefined ? {} : { identity }),
    resubmit,
  });
  if (isOn(args, "Json")) writeJson(output, { queues, messages });
  else if (resubmit)
    output.write(`${messages === 1 ? "1 message is" : `${messages} messages are`} routed again\n`);
  else if (queues === 0) output.write("no queue waits\n");
  else
    output.write(
      `${queues === 1 ? "1 queue is" : `${queues} queues are`} tried now; weir Get-Queue shows how it goes\n`,
    );
  return 0;
};

export const suspendQueue: Run = setSuspended("suspendQueue", "suspended");
export const resumeQueue: Run = setSuspended("resumeQueue", "delivered again");

function setSuspended(operation: "suspendQueue" | "resumeQueue", state: string): Run {
  return async (args, { output, config }) => {
    const relay = await relayOf({ config });
    const identity = textOf(args, "Identity") ?? "";
    const { changed } = await relay.call(operation, { identity });
    if (isOn(args, "Json")) writeJson(output, { changed });
    else output.write(changed ? `queue ${identity} is ${state}\n` : "nothing changed\n");
    return 0;
  };
}

export const queueColumns: readonly Column<Queue>[] = [
  { header: "Identity", value: ({ identity }) => identity },
  { header: "DeliveryType", drop: 4, value: ({ deliveryType }) => deliveryType },
  {
    header: "Status",
    value: ({ status }) => status,
    style: ({ status }) => (status === "Retry" || status === "Suspended" ? "warning" : undefined),
  },
  { header: "MessageCount", value: ({ messages }) => messages, align: "right" },
  { header: "NextHopDomain", drop: 5, value: ({ nextHop }) => nextHop },
  {
    header: "NextRetryTime",
    drop: 2,
    value: ({ nextRetryAt }) => (nextRetryAt === null ? "" : localTime(nextRetryAt)),
  },
  { header: "RetryCount", drop: 3, value: ({ retryCount }) => retryCount, align: "right" },
  { header: "LastError", value: ({ lastError }) => lastError ?? "", wraps: true },
];
