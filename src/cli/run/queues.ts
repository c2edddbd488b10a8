/** Get-Queue, Retry-Queue, Suspend-Queue, Resume-Queue. */
import type { Input, Output as Answer } from "../../admin/contract.ts";
import { isOn, listOf, textOf, type Arguments } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { CommandFault } from "../exit-code.ts";
import type { Property } from "../output/list.ts";
import { writeJson } from "../output/output.ts";
import { printRows } from "../output/print.ts";
import type { Column } from "../output/table.ts";
import { age, localTime } from "../output/time-text.ts";
import { wildcard } from "../wildcard.ts";
import { nothingFound } from "./nothing-found.ts";
import { resultSizeOf } from "./result-size.ts";

type Queue = Answer<"listQueues">["queues"][number];
type Kind = NonNullable<Input<"listQueues">["include"]>[number];

const usualResultSize = 1000;
/** Of one answer of the relay. */
const largestPage = 10_000;

export const getQueue: Run = async (args, context) => {
  const relay = await relayOf(context);
  const details = isOn(args, "List") || isOn(args, "Json");
  // The relay reads the words.
  const kinds = (name: string) => (listOf(args, name) ?? []) as readonly Kind[];
  const identity = textOf(args, "Identity");
  const most = resultSizeOf(args) ?? usualResultSize;
  const rows: Queue[] = [];
  for (let total = Infinity; rows.length < Math.min(most, total);) {
    const page = await relay.call("listQueues", {
      ...(identity === undefined ? {} : { identity }),
      filter: textOf(args, "Filter") ?? "",
      sortOrder: textOf(args, "SortOrder") ?? "",
      include: [...kinds("Include")],
      exclude: [...kinds("Exclude")],
      details,
      offset: rows.length,
      limit: Math.min(largestPage, most - rows.length),
    });
    rows.push(...page.queues);
    total = page.queues.length === 0 ? 0 : page.total;
  }
  if (rows.length === 0 && identity !== undefined && wildcard(identity) === undefined)
    throw new CommandFault(`there is no queue ${identity}; weir Get-Queue lists them`);
  const none = nothingFound(args, ["Identity", "Filter", "Include", "Exclude"], {
    nothing: "there is no queue",
    unfit: "no queue fits",
  });
  printRows(context.output, args, { rows, columns: queueColumns, properties, none });
  return 0;
};

function properties(queue: Queue): readonly Property[] {
  const time = (at: string | null): string => (at === null ? "" : localTime(at));
  const rate = (perSecond: number): string => perSecond.toFixed(2);
  const { deferredMessageCount: deferred, oldestMessageAt: oldest } = queue;
  return [
    { name: "Identity", value: queue.identity },
    { name: "DeliveryType", value: queue.deliveryType },
    { name: "NextHopDomain", value: queue.nextHop },
    { name: "NextHopConnector", value: queue.connector ?? "" },
    { name: "NextHopCategory", value: queue.nextHopCategory },
    { name: "Status", value: queue.status },
    { name: "MessageCount", value: String(queue.messages) },
    {
      name: "DeferredMessageCount",
      value: deferred === 10_000 ? "10000 or more" : String(deferred ?? ""),
    },
    {
      name: "OldestMessage",
      value:
        oldest === null ? "" : `${localTime(oldest)} (${age(Math.max(0, Date.now() - Date.parse(oldest)))})`,
      ...(queue.messages > 100 ? { remark: "of the 100 due first" } : {}),
    },
    { name: "IncomingRate", value: rate(queue.incomingRate) },
    { name: "OutgoingRate", value: rate(queue.outgoingRate) },
    { name: "Velocity", value: rate(queue.velocity) },
    ...(queue.backlogEndsAt === null ? [] : [{ name: "BacklogEnds", value: time(queue.backlogEndsAt) }]),
    ...(queue.fallback === null ? [] : [{ name: "Fallback", value: fallbackText(queue.fallback) }]),
    { name: "RetryCount", value: String(queue.retryCount) },
    { name: "FirstRetryTime", value: time(queue.firstRetryAt) },
    { name: "LastRetryTime", value: time(queue.lastRetryAt) },
    { name: "NextRetryTime", value: time(queue.nextRetryAt) },
    { name: "LastError", value: queue.lastError ?? "" },
    ...(queue.nodes ?? []).map(({ server, status, running, lastError }) => ({
      name: `OnNode ${server}`,
      value: `${status}${running > 0 ? `, ${running} being delivered` : ""}${lastError === null ? "" : `: ${lastError}`}`,
    })),
  ];
}

/** `12 messages by Backup since 10:02:00`. */
function fallbackText({ connector, since, messages }: NonNullable<Queue["fallback"]>): string {
  return `${messages === 1 ? "1 message" : `${messages} messages`} by ${connector} since ${localTime(since)}`;
}

export const retryQueue: Run = async (args, { output, ...context }) => {
  const relay = await relayOf(context);
  const resubmit = isOn(args, "Resubmit");
  const chosen = chosenBy(args);
  if (resubmit && chosen === undefined)
    throw new CommandFault("-Resubmit needs a queue's name or -Filter", 2);
  const { queues, messages } = await relay.call("retryQueue", { ...chosen, resubmit });
  if (isOn(args, "Json")) writeJson(output, { queues, messages });
  else if (queues === 0) output.write(chosen?.filter === undefined ? "no queue waits\n" : noneFits);
  else if (resubmit)
    output.write(`${messages === 1 ? "1 message is" : `${messages} messages are`} routed again\n`);
  else
    output.write(
      `${queues === 1 ? "1 queue is" : `${queues} queues are`} tried now; weir Get-Queue shows how it goes\n`,
    );
  return 0;
};

export const suspendQueue: Run = setSuspended("suspendQueue", "suspended");
export const resumeQueue: Run = setSuspended("resumeQueue", "delivered again");

const noneFits = "no queue fits the filter that could change\n";

/** By -Identity or -Filter; undefined: neither was given. */
function chosenBy(args: Arguments): { readonly identity?: string; readonly filter?: string } | undefined {
  const identity = textOf(args, "Identity");
  const filter = textOf(args, "Filter");
  if (identity !== undefined && filter !== undefined)
    throw new CommandFault("give either a queue's name or -Filter", 2);
  if (identity !== undefined) return { identity };
  return filter === undefined ? undefined : { filter };
}

function setSuspended(operation: "suspendQueue" | "resumeQueue", state: string): Run {
  return async (args, { output, ...context }) => {
    const relay = await relayOf(context);
    const chosen = chosenBy(args);
    if (chosen === undefined)
      throw new CommandFault("give a queue's name (weir Get-Queue lists them) or -Filter", 2);
    const { queues } = await relay.call(operation, chosen);
    if (isOn(args, "Json")) writeJson(output, { queues });
    else if (chosen.identity !== undefined)
      output.write(queues > 0 ? `queue ${chosen.identity} is ${state}\n` : "nothing changed\n");
    else if (queues === 0) output.write(noneFits);
    else output.write(`${queues === 1 ? "1 queue is" : `${queues} queues are`} ${state}\n`);
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
