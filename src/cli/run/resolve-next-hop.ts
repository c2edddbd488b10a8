/** Resolve-NextHop. */
import type { Output as Answer } from "../../admin/contract.ts";
import { isOn, listOf, textOf } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { printRows } from "../output/print.ts";
import type { Column } from "../output/table.ts";
import { localTime } from "../output/time-text.ts";

type Resolution = Answer<"resolveNextHop">;

/** Resolves with 1 where the domain's mail would not leave now. */
export const resolveNextHop: Run = async (args, context) => {
  const { output } = context;
  const relay = await relayOf(context);
  const found = await relay.call("resolveNextHop", {
    domain: textOf(args, "Domain") ?? "",
    refresh: isOn(args, "Refresh"),
  });
  printRows(output, args, { rows: found.steps, columns, json: found, none: "" });
  const isForPeople =
    output.collect === undefined &&
    listOf(args, "Property") === undefined &&
    !["Json", "Csv", "List"].some((form) => isOn(args, form));
  if (isForPeople) {
    output.write(`\n${output.style(found.outcome === "ready" ? "good" : "bad", outcomes[found.outcome])}.\n`);
    if (found.queue !== null) output.write(`${queueText(found.queue)}\n`);
  }
  return found.outcome === "ready" ? 0 : 1;
};

const outcomes: Readonly<Record<Resolution["outcome"], string>> = {
  ready: "Its mail would leave this way",
  later: "Its mail waits and is tried again",
  refused: "Its mail is returned to the sender",
};

const columns: readonly Column<Resolution["steps"][number]>[] = [
  { header: "Step", value: ({ step }) => step },
  { header: "Finding", value: ({ finding }) => finding, wraps: true },
];

function queueText({
  identity,
  status,
  messages,
  lastError,
  nextRetryAt,
}: NonNullable<Resolution["queue"]>): string {
  const waits = messages === 1 ? "1 message waits" : `${messages} messages wait`;
  const next = nextRetryAt === null ? "" : `, next attempt ${localTime(nextRetryAt)}`;
  return `${waits} in ${identity} (${status}${next})${lastError === null ? "" : `: ${lastError}`}`;
}
