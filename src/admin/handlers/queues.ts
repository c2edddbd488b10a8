/** Queues. */
import {
  isLike,
  parseOpathFilter,
  type PropertyBag,
  type PropertyKind,
} from "../../core/policy/opath-filter.ts";
import { parseSortOrder } from "../../core/policy/sort-order.ts";
import type { Relay } from "../../relay-contract.ts";
import { unreachableQueue } from "../../spool/spool.ts";
import type { Administered, Handlers } from "../administered.ts";
import type { Output, ReadInput } from "../contract.ts";
import { AdminRefusal } from "../refusal.ts";

type QueueSnapshot = ReturnType<Relay["queues"]>[number];
type Queue = Output<"listQueues">["queues"][number];
type Kind = ReadInput<"listQueues">["include"][number];
type Chosen = ReadInput<"suspendQueue">;
type ChosenQueue = Pick<QueueSnapshot, "queue" | "status">;
interface FilteredQueue {
  readonly snapshot: QueueSnapshot;
  readonly queue: Queue;
  readonly bag: PropertyBag;
}
type Names = "listQueues" | "retryQueue" | "suspendQueue" | "resumeQueue";

export function queueHandlers({ relay, clock }: Administered): Pick<Handlers, Names> {
  /** A time of the steady clock on the wall. */
  const wallText = (at: number): string => new Date(clock.wall().getTime() + at - clock.now()).toISOString();
  const instant = (at: number | undefined): string | null =>
    at === undefined || at === Infinity ? null : wallText(at);

  const shownFallback = ({ connector, since, messages }: NonNullable<QueueSnapshot["fallback"]>) => ({
    connector,
    since: new Date(clock.wall().getTime() + since - clock.now()).toISOString(),
    messages,
  });

  /** By its identity. An empty unreachable queue is not shown, but may be suspended. */
  const queueOf = (identity: string): ChosenQueue => {
    const wanted = identity.toLowerCase();
    const found = relay.queues().find((queue) => queue.identity.toLowerCase() === wanted);
    if (found !== undefined) return found;
    if (wanted === "unreachable") return { queue: unreachableQueue, status: "Ready" };
    throw new AdminRefusal("notFound", `there is no queue ${identity}`);
  };

  const shown = async (queue: QueueSnapshot, details: boolean): Promise<Queue> => {
    const { connector = null, waitsForTurn = null } = queue;
    const lastError = queue.lastError ?? queue.putOff ?? waitsForTurn;
    const deferred = details ? await relay.messages.countDeferred(queue.queue, clock.now()) : null;
    return {
      identity: queue.identity,
      deliveryType: queue.deliveryType,
      nextHop: queue.nextHop,
      connector,
      status: queue.status,
      messages: queue.messages,
      running: queue.running,
      waiting: queue.waiting,
      retryCount: queue.retryCount,
      lastError,
      waitsForTurn,
      holds: queue.holds.map(({ mailbox = null, until, error, advice }) => ({
        mailbox,
        until: wallText(until),
        error,
        advice,
      })),
      firstRetryAt: instant(queue.firstRetryAt),
      lastRetryAt: instant(queue.lastRetryAt),
      nextRetryAt: instant(queue.nextRetryAt),
      backlogEndsAt: instant(queue.emptyAt),
      fallback: queue.fallback === undefined ? null : shownFallback(queue.fallback),
      incomingRate: queue.incomingRate,
      outgoingRate: queue.outgoingRate,
      velocity: queue.velocity,
      nextHopCategory: connector === null ? "Internal" : "External",
      deferredMessageCount: deferred,
      oldestMessageAt: instant(details ? await relay.messages.oldestSince(queue.queue) : undefined),
    };
  };

  const filtered = async (text: string, details: boolean): Promise<readonly FilteredQueue[]> => {
    const parsed = parseOpathFilter(text, queueProperties);
    if (!parsed.ok) throw new AdminRefusal("invalidInput", parsed.message);
    const found: FilteredQueue[] = [];
    for (const snapshot of relay.queues()) {
      const queue = await shown(snapshot, details || needsFigures(text));
      const bag = bagOf(queue);
      if (parsed.filter.matches(bag)) found.push({ snapshot, queue, bag });
    }
    return found;
  };

  const chosen = async ({ identity, filter }: Chosen): Promise<readonly ChosenQueue[]> => {
    if ((identity === undefined) === (filter === undefined))
      throw new AdminRefusal("invalidInput", "give either the identity of a queue or a filter");
    if (identity !== undefined) return [queueOf(identity)];
    return (await filtered(filter ?? "", false)).map(({ snapshot }) => snapshot);
  };

  const setSuspended = async (input: Chosen, suspended: boolean): Promise<{ queues: number }> => {
    let queues = 0;
    for (const { queue } of await chosen(input)) if (await relay.suspendQueue(queue, suspended)) queues++;
    return { queues };
  };

  return {
    async listQueues({ identity, filter: text, sortOrder, include, exclude, limit, offset, details }) {
      const order = parseSortOrder(sortOrder, Object.keys(queueProperties));
      if (!order.ok) throw new AdminRefusal("invalidInput", order.message);
      const { compare } = order;
      const wanted = identity?.toLowerCase();
      const found: FilteredQueue[] = [];
      for (const one of await filtered(text, needsFigures(sortOrder))) {
        const { queue } = one;
        if (wanted !== undefined && !isLike(queue.identity.toLowerCase(), wanted)) continue;
        if (include.length > 0 && !include.some((kind) => isOfKind(queue, kind))) continue;
        if (exclude.some((kind) => isOfKind(queue, kind))) continue;
        found.push(one);
      }
      if (compare !== undefined) found.sort((a, b) => compare(a.bag, b.bag));
      // What takes a look at the keys is asked for those that are shown.
      const page = found.slice(offset, offset + limit);
      return {
        queues: await Promise.all(
          page.map(async ({ snapshot, queue }) => (details ? await shown(snapshot, true) : queue)),
        ),
        total: found.length,
        nonEmpty: found.filter(({ queue: { messages } }) => messages > 0).length,
        messages: found.reduce((sum, { queue: { messages } }) => sum + messages, 0),
      };
    },
    async retryQueue({ identity, filter, resubmit }) {
      if (identity === undefined && filter === undefined) {
        if (resubmit)
          throw new AdminRefusal("invalidInput", "resubmit needs a queue's identity, or a filter");
        return { queues: relay.retryNow(), messages: 0 };
      }
      const counts = { queues: 0, messages: 0 };
      for (const { queue, status } of await chosen({ identity, filter })) {
        if (!resubmit) counts.queues += relay.retryNow(queue);
        else if (status === "Retry" || queue === unreachableQueue) {
          counts.messages += await relay.resubmit(queue);
          counts.queues++;
        } else if (identity !== undefined)
          throw new AdminRefusal(
            "invalidInput",
            `queue ${identity} is ${status}; only one in Retry is routed again`,
          );
      }
      return counts;
    },
    suspendQueue: (input) => setSuspended(input, true),
    resumeQueue: (input) => setSuspended(input, false),
  };
}

/** These need a look at the queues' keys. */
function needsFigures(text: string): boolean {
  return /DeferredMessageCount/i.test(text);
}

/** Source: Exchange, "Queue properties". */
const queueProperties = {
  Identity: "text",
  DeliveryType: "text",
  NextHopDomain: "text",
  NextHopConnector: "text",
  NextHopCategory: "text",
  Status: "text",
  MessageCount: "number",
  DeferredMessageCount: "number",
  RetryCount: "number",
  LastError: "text",
  FirstRetryTime: "time",
  LastRetryTime: "time",
  NextRetryTime: "time",
  IncomingRate: "number",
  OutgoingRate: "number",
  Velocity: "number",
} as const satisfies Readonly<Record<string, PropertyKind>>;

function bagOf(queue: Queue) {
  const time = (at: string | null): number | undefined => (at === null ? undefined : Date.parse(at));
  return {
    Identity: queue.identity,
    DeliveryType: queue.deliveryType,
    NextHopDomain: queue.nextHop,
    NextHopConnector: queue.connector ?? undefined,
    NextHopCategory: queue.nextHopCategory,
    Status: queue.status,
    MessageCount: queue.messages,
    DeferredMessageCount: queue.deferredMessageCount ?? undefined,
    RetryCount: queue.retryCount,
    LastError: queue.lastError ?? undefined,
    FirstRetryTime: time(queue.firstRetryAt),
    LastRetryTime: time(queue.lastRetryAt),
    NextRetryTime: time(queue.nextRetryAt),
    IncomingRate: queue.incomingRate,
    OutgoingRate: queue.outgoingRate,
    Velocity: queue.velocity,
  } as const satisfies Readonly<Record<keyof typeof queueProperties, PropertyBag[string]>>;
}

function isOfKind(queue: Queue, kind: Kind): boolean {
  if (kind === "Empty") return queue.messages === 0;
  return kind === queue.nextHopCategory || kind === queue.deliveryType;
}
