/** What is done to queues and messages, wherever they are held. */
import type { Unanswered } from "../contract/across-nodes.ts";
import type { SpreadName } from "../spread-operations.ts";
import { AdminRefusal } from "../refusal.ts";
import { NodeSilent } from "./node-channel.ts";

type Counts = Readonly<Record<string, unknown>>;

interface Everywhere {
  readonly own: () => object | Promise<object>;
  readonly others: readonly string[];
  readonly ask: (server: string, input: Readonly<Record<string, unknown>>) => Promise<unknown>;
}

export async function doneEverywhere(
  name: SpreadName,
  input: Readonly<Record<string, unknown>>,
  nodes: Everywhere,
): Promise<object> {
  const isOfQueues = name === "retryQueue" || name === "suspendQueue" || name === "resumeQueue";
  return isOfQueues ? toQueues(name, input, nodes) : toMessages(input, nodes);
}

/** Each node has its own state of a queue: it is done at all. That one is suspended those hear of that do not answer. */
async function toQueues(
  name: SpreadName,
  input: Readonly<Record<string, unknown>>,
  { own, others, ask }: Everywhere,
): Promise<object> {
  const [mine, ...theirs] = await Promise.allSettled([
    Promise.resolve().then(own),
    ...others.map((server) => ask(server, input)),
  ]);
  const { answers, unanswered, refusal } = split(others, theirs);
  if (mine.status === "rejected") {
    const isElsewhere = mine.reason instanceof AdminRefusal && mine.reason.code !== "invalidInput";
    if (!isElsewhere || answers.length === 0) throw mine.reason;
  }
  if (refusal !== undefined && mine.status === "rejected" && answers.length === 0) throw refusal;
  const all = [...(mine.status === "fulfilled" ? [mine.value as Counts] : []), ...answers];
  const merged: Record<string, number> = { queues: Math.max(...all.map(({ queues }) => Number(queues))) };
  // Each routes anew what it finds: nobody does it twice.
  if (all.some((one) => "messages" in one))
    merged["messages"] = all.reduce((sum, { messages = 0 }) => sum + Number(messages), 0);
  return unanswered.length === 0 || name !== "retryQueue" ? merged : { ...merged, unanswered };
}

/** What another node holds is done there: this one says which that is. */
async function toMessages(
  input: Readonly<Record<string, unknown>>,
  { own, others, ask }: Everywhere,
): Promise<object> {
  const { heldElsewhere = [], ...mine } = (await own()) as Counts & {
    readonly heldElsewhere?: readonly string[];
    readonly done: number;
    readonly pending: number;
    readonly unchanged: number;
    readonly passed: number;
  };
  if (heldElsewhere.length === 0 || others.length === 0) return mine;
  const { identity: _identity, filter: _filter, queue: _queue, after: _after, ...rest } = input;
  const theirs = await Promise.allSettled(
    others.map((server) => ask(server, { ...rest, identities: heldElsewhere })),
  );
  const { answers, unanswered } = split(others, theirs);
  const sum = (key: string): number => answers.reduce((total, one) => total + Number(one[key] ?? 0), 0);
  const [done, pending] = [sum("done"), sum("pending")];
  // Tried where it is held; the others say again that they do not hold it.
  const unchanged = Math.max(0, ...answers.map((one) => Number(one["unchanged"] ?? 0)));
  const merged = {
    ...mine,
    done: mine.done + done,
    pending: mine.pending + pending,
    unchanged: mine.unchanged + unchanged,
    passed: Math.max(0, mine.passed - done - pending - unchanged),
  };
  return unanswered.length === 0 ? merged : { ...merged, unanswered };
}

function split(
  servers: readonly string[],
  came: readonly PromiseSettledResult<unknown>[],
): {
  readonly answers: readonly Counts[];
  readonly unanswered: Unanswered;
  readonly refusal: AdminRefusal | undefined;
} {
  const answers: Counts[] = [];
  const unanswered: Unanswered = [];
  let refusal: AdminRefusal | undefined;
  for (const [index, one] of came.entries()) {
    if (one.status === "fulfilled") answers.push(one.value as Counts);
    else if (one.reason instanceof NodeSilent)
      unanswered.push({ server: servers[index] ?? "", reason: one.reason.message });
    else if (one.reason instanceof AdminRefusal) refusal = one.reason;
    else throw one.reason;
  }
  return { answers, unanswered, refusal };
}
