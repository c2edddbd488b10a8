/**
 * Suspend-, Resume-, Retry-, Redirect- and Remove-Message: one by its identity, or all that a filter fits, batch by
 * batch.
 */
import type { AdminClient } from "../../admin/client.ts";
import type { Output as Answer } from "../../admin/contract.ts";
import { isOn, textOf, type Arguments } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { CommandFault } from "../exit-code.ts";
import { writeJson, type Output } from "../output/output.ts";

interface Action {
  readonly operation:
    | "suspendMessages"
    | "resumeMessages"
    | "retryMessages"
    | "redirectMessages"
    | "removeMessages";
  /** `suspended` */
  readonly done: string;
  readonly unchanged: string;
  /** Why one is passed over. */
  readonly passed: string;
  /** Cannot be taken back: -Filter needs -Confirm:false. */
  readonly final?: true;
}

type Counts = Pick<Answer<"suspendMessages">, "done" | "pending" | "unchanged" | "passed">;

const busy = "claimed for a moment or gone meanwhile";

export const suspendMessage = run({
  operation: "suspendMessages",
  done: "suspended",
  unchanged: "suspended already",
  passed: busy,
});
export const resumeMessage = run({
  operation: "resumeMessages",
  done: "resumed",
  unchanged: "not suspended",
  passed: busy,
});
export const retryMessage = run({
  operation: "retryMessages",
  done: "tried now",
  unchanged: "on the wire already",
  passed: `${busy}, or suspended, alone or with the queue`,
});
export const redirectMessage = run({
  operation: "redirectMessages",
  done: "moved",
  unchanged: "there already",
  passed: `${busy}, or larger than that connector takes`,
});
export const removeMessage = run({
  operation: "removeMessages",
  done: "removed",
  unchanged: "gone already",
  passed: busy,
  final: true,
});

/** A filter that fits every message. */
const everything = "Size -ge 0";

/** One call of the relay: it answers in a moment, and the event loop of the relay stays free. */
const batchSize = 10_000;
const examinedAtOnce = 50_000;

function run(action: Action): Run {
  return async (args, { output, config }) => {
    const relay = await relayOf({ config, complain: (text) => output.complain(text) });
    const identity = textOf(args, "Identity");
    const filter = textOf(args, "Filter");
    const whatIf = isOn(args, "WhatIf");
    // A queue alone names all in it where the verb can be taken back.
    const all =
      action.operation === "redirectMessages" && textOf(args, "Queue") !== undefined ? everything : undefined;
    if (identity !== undefined && filter !== undefined)
      throw new CommandFault("give either a message's identity or -Filter", 2);
    if (identity !== undefined) return one(action, relay, args, output, identity);
    const wanted = filter ?? all;
    if (wanted === undefined) throw new CommandFault("give a message's identity or -Filter", 2);
    const counting = whatIf || (action.final === true && args.get("Confirm") !== false);
    const counts = await many(action, relay, args, output, wanted, counting);
    if (counting && !whatIf)
      throw new CommandFault(`${fits(counts.done)}; -Confirm:false removes what fits`, 2);
    if (isOn(args, "Json")) writeJson(output, counts);
    else if (whatIf) output.write(`What if: ${fits(counts.done)}; nothing was changed\n`);
    else output.write(`${summary(action, counts)}\n`);
    return 0;
  };
}

async function one(
  action: Action,
  relay: AdminClient,
  args: Arguments,
  output: Output,
  identity: string,
): Promise<0> {
  const whatIf = isOn(args, "WhatIf");
  const { done, pending, unchanged, passed } = await ask(action, relay, args, { identity, whatIf });
  if (passed > 0 && done + pending === 0)
    throw new CommandFault(`message ${identity} is ${action.passed}; nothing was done`);
  if (isOn(args, "Json")) writeJson(output, { done, pending, unchanged, passed });
  else if (whatIf) output.write(`What if: message ${identity} would be ${action.done}\n`);
  else if (pending > 0)
    output.write(
      `message ${identity} is on the wire now: it is ${action.done} when its delivery ends without success\n`,
    );
  else output.write(`message ${identity} is ${done > 0 ? action.done : action.unchanged}\n`);
  return 0;
}

async function many(
  action: Action,
  relay: AdminClient,
  args: Arguments,
  output: Output,
  filter: string,
  whatIf: boolean,
): Promise<Counts> {
  const queue = textOf(args, "Queue");
  const { messages: total } = await relay.call("listQueues", {
    ...(queue === undefined ? {} : { identity: queue }),
    limit: 1,
  });
  const counts = { done: 0, pending: 0, unchanged: 0, passed: 0 };
  let examined = 0;
  let after: string | null = null;
  do {
    const batch: Answer<"suspendMessages"> = await ask(action, relay, args, {
      filter,
      ...(queue === undefined ? {} : { queue }),
      ...(after === null ? {} : { after }),
      whatIf,
    });
    for (const key of ["done", "pending", "unchanged", "passed"] as const) counts[key] += batch[key];
    examined += batch.examined;
    after = batch.next;
    const state = whatIf ? "fit" : action.done;
    output.progress(`${counts.done} ${state}; ${examined} of ${Math.max(total, examined)} looked at`);
  } while (after !== null && !output.signal.aborted);
  output.progress("");
  return counts;
}

function ask(
  { operation }: Action,
  relay: AdminClient,
  args: Arguments,
  chosen: {
    readonly identity?: string;
    readonly filter?: string;
    readonly queue?: string;
    readonly after?: string;
    readonly whatIf: boolean;
  },
): Promise<Answer<"suspendMessages">> {
  const input = { ...chosen, limit: batchSize, maxExamined: examinedAtOnce };
  switch (operation) {
    case "removeMessages":
      return relay.call(operation, { ...input, withNdr: args.get("WithNDR") !== false });
    case "redirectMessages":
      return relay.call(operation, { ...input, to: targetOf(args) });
    case "suspendMessages":
    case "resumeMessages":
    case "retryMessages":
      return relay.call(operation, input);
  }
}

/** Where Redirect-Message moves to: a connector by name, or by a smart host of it. */
function targetOf(args: Arguments): string {
  const connector = textOf(args, "Connector");
  const server = textOf(args, "Server");
  const to = connector ?? server;
  if (to === undefined || (connector !== undefined && server !== undefined))
    throw new CommandFault("give -Connector, or -Server with one of its smart hosts", 2);
  return to;
}

function fits(count: number): string {
  return count === 1 ? "1 message fits" : `${count} messages fit`;
}

function summary({ done: state, unchanged: other, passed: why }: Action, counts: Counts): string {
  const { done, pending, unchanged, passed } = counts;
  return [
    `${done} ${state}`,
    ...(pending > 0
      ? [`${pending} more on the wire, ${state} when their delivery ends without success`]
      : []),
    ...(unchanged > 0 ? [`${unchanged} ${other}`] : []),
    ...(passed > 0 ? [`${passed} left: ${why}`] : []),
  ].join(", ");
}
