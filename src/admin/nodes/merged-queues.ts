/** Queues: what is in them is the same at all nodes; whether each gets through to the next hop is its own. */
import type { Output } from "../contract.ts";
import type { OneAnswer } from "./node-answers.ts";

type Queues = Output<"listQueues">;
type Queue = Queues["queues"][number];
interface Seen {
  readonly server: string;
  readonly queue: Queue;
}

/** What people have to see first. */
const pressing = ["Suspended", "Retry", "Active", "Connecting", "Ready"];

export function joinedQueues(answers: readonly OneAnswer<Queues>[], offset: number, limit: number): Queues {
  const seen = new Map<string, Seen[]>();
  for (const { server, output } of answers)
    for (const queue of output.queues)
      seen.set(queue.identity, [...(seen.get(queue.identity) ?? []), { server, queue }]);
  const all = Array.from(seen.values(), (of) => joinedQueue(of as [Seen, ...Seen[]]));
  return {
    queues: all.slice(offset, offset + limit),
    total: Math.max(all.length, ...answers.map(({ output: { total } }) => total)),
    nonEmpty: Math.max(0, ...answers.map(({ output: { nonEmpty } }) => nonEmpty)),
    messages: Math.max(0, ...answers.map(({ output: { messages } }) => messages)),
  };
}

function joinedQueue(seen: readonly [Seen, ...Seen[]]): Queue {
  const queues = seen.map(({ queue }) => queue);
  const rank = ({ status }: Queue): number => {
    const place = pressing.indexOf(status);
    return place < 0 ? pressing.length : place;
  };
  const shown = queues.toSorted((one, other) => rank(one) - rank(other))[0] ?? seen[0].queue;
  const sum = (of: (queue: Queue) => number): number => queues.reduce((total, queue) => total + of(queue), 0);
  const instants = (of: (queue: Queue) => string | null): string[] =>
    queues.flatMap((queue) => of(queue) ?? []).toSorted();
  const withError = queues.find(({ lastError }) => lastError !== null);
  return {
    ...seen[0].queue,
    messages: Math.max(...queues.map(({ messages }) => messages)),
    status: shown.status,
    running: sum(({ running }) => running),
    waiting: sum(({ waiting }) => waiting),
    retryCount: Math.max(...queues.map(({ retryCount }) => retryCount)),
    lastError: shown.lastError ?? withError?.lastError ?? null,
    waitsForTurn: queues.find(({ waitsForTurn }) => waitsForTurn !== null)?.waitsForTurn ?? null,
    holds: queues.find(({ holds }) => holds.length > 0)?.holds ?? [],
    firstRetryAt: instants(({ firstRetryAt }) => firstRetryAt)[0] ?? null,
    lastRetryAt: instants(({ lastRetryAt }) => lastRetryAt).at(-1) ?? null,
    nextRetryAt: instants(({ nextRetryAt }) => nextRetryAt)[0] ?? null,
    backlogEndsAt: instants(({ backlogEndsAt }) => backlogEndsAt).at(-1) ?? null,
    fallback: queues.find(({ fallback }) => fallback !== null)?.fallback ?? null,
    incomingRate: sum(({ incomingRate }) => incomingRate),
    outgoingRate: sum(({ outgoingRate }) => outgoingRate),
    velocity: sum(({ velocity }) => velocity),
    nodes: seen.map(({ server, queue }) => ({
      server,
      status: queue.status,
      running: queue.running,
      waiting: queue.waiting,
      lastError: queue.lastError,
      nextRetryAt: queue.nextRetryAt,
    })),
  };
}
