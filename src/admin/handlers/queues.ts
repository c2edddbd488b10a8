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
import type { Administered, Asked, Handlers } from "../administered.ts";
import type { Output, ReadInput } from "../contract.ts";
import { AdminRefusal } from "../refusal.ts";

type QueueSnapshot = ReturnType<Relay["queues"]>[number];
type Queue = Output<"listQueues">["queues"][number];
type Kind = ReadInput<"listQueues">["include"][number];
type Chosen = ReadInput<"suspendQueue">;
type ChosenQueue = Pick<QueueSnapshot, "queue" | "status">;
interface FilteredQueue {
  readonly snapshot: QueueSnapshot;
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
  const queueOf = (identity: string, { caller }: Asked): ChosenQueue => {
    const wanted = identity.toLowerCase();
    const found = relay.queues().find((queue) => queue.identity.toLowerCase() === wanted);
    if (found !== undefined) return found;
    if (wanted === "unreachable") return { queue: unreachableQueue, status: "Ready" };
    // Another node has it open: what is done to it holds when this one opens it.
    if (caller.byNode !== undefined && identity.includes(";")) return { queue: identity, status: "Ready" };
    throw new AdminRefusal("notFound", `there is no queue ${identity}`);
  };

  const shown = async (queue: QueueSnapshot, details: boolean): Promise<Queue> => ({
    identity: queue.identity,
    deliveryType: queue.deliveryType,
    nextHop: queue.nextHop,
    connector: queue.connector ?? null,
    status: queue.status,
    messages: queue.messages,
    running: queue.running,
    waiting: queue.waiting,
    retryCount: queue.retryCount,
    lastError: lastErrorOf(queue) ?? null,
    waitsForTurn: queue.waitsForTurn ?? null,
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
    nextHopCategory: categoryOf(queue),
    deferredMessageCount: details ? await relay.messages.countDeferred(queue.queue, clock.now()) : null,
    oldestMessageAt: instant(details ? await relay.messages.oldestSince(queue.queue) : undefined),
  });

  /** Cost: a walk over all queues; what takes a look at a queue's keys only where `withFigures`. */
  const filtered = async (text: string, withFigures: boolean): Promise<readonly FilteredQueue[]> => {
    const parsed = parseOpathFilter(text, queueProperties);
    if (!parsed.ok) throw new AdminRefusal("invalidInput", parsed.message);
    const wallOffsetMs = clock.wall().getTime() - clock.now();
    const found: FilteredQueue[] = [];
    for (const snapshot of relay.queues()) {
      const deferred = withFigures
        ? await relay.messages.countDeferred(snapshot.queue, clock.now())
        : undefined;
      const bag = bagOf(snapshot, deferred, wallOffsetMs);
      if (parsed.filter.matches(bag)) found.push({ snapshot, bag });
    }
    return found;
  };

  const chosen = async ({ identity, filter }: Chosen, asked: Asked): Promise<readonly ChosenQueue[]> => {
    if ((identity === undefined) === (filter === undefined))
      throw new AdminRefusal("invalidInput", "give either the identity of a queue or a filter");
    if (identity !== undefined) return [queueOf(identity, asked)];
    return (await filtered(filter ?? "", needsFigures(filter ?? ""))).map(({ snapshot }) => snapshot);
  };

  const setSuspended = async (
    input: Chosen,
    suspended: boolean,
    asked: Asked,
  ): Promise<{ queues: number }> => {
    let queues = 0;
    for (const { queue } of await chosen(input, asked))
      if (await relay.suspendQueue(queue, suspended)) queues++;
    return { queues };
  };

  return {
    async listQueues({ identity, filter: text, sortOrder, include, exclude, limit, offset, details }) {
      const order = parseSortOrder(sortOrder, Object.keys(queueProperties));
      if (!order.ok) throw new AdminRefusal("invalidInput", order.message);
      const { compare } = order;
      const wanted = identity?.toLowerCase();
      const found: FilteredQueue[] = [];
      for (const one of await filtered(text, needsFigures(text) || needsFigures(sortOrder))) {
        const { snapshot: queue } = one;
        if (wanted !== undefined && !isLike(queue.identity.toLowerCase(), wanted)) continue;
        if (include.length > 0 && !include.some((kind) => isOfKind(queue, kind))) continue;
        if (exclude.some((kind) => isOfKind(queue, kind))) continue;
        found.push(one);
      }
      if (compare !== undefined) found.sort((a, b) => compare(a.bag, b.bag));
      // What takes a look at the keys is asked for those that are shown.
      const page = found.slice(offset, offset + limit);
      return {
        queues: await Promise.all(page.map(({ snapshot }) => shown(snapshot, details))),
        total: found.length,
        nonEmpty: found.filter(({ snapshot: { messages } }) => messages > 0).length,
        messages: found.reduce((sum, { snapshot: { messages } }) => sum + messages, 0),
      };
    },
    async retryQueue({ identity, filter, resubmit }, asked) {
      if (identity === undefined && filter === undefined) {
        if (resubmit)
          throw new AdminRefusal("invalidInput", "resubmit needs a queue's identity, or a filter");
        return { queues: relay.retryNow(), messages: 0 };
      }
      const counts = { queues: 0, messages: 0 };
      for (const { queue, status } of await chosen({ identity, filter }, asked)) {
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
    suspendQueue: (input, asked) => setSuspended(input, true, asked),
    resumeQueue: (input, asked) => setSuspended(input, false, asked),
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

/** `wallOffsetMs`: from the steady clock to the wall. Cost: no text is made. */
function bagOf(queue: QueueSnapshot, deferred: number | undefined, wallOffsetMs: number) {
  const time = (at: number | undefined): number | undefined =>
    at === undefined || at === Infinity ? undefined : Math.trunc(at + wallOffsetMs);
  return {
    Identity: queue.identity,
    DeliveryType: queue.deliveryType,
    NextHopDomain: queue.nextHop,
    NextHopConnector: queue.connector,
    NextHopCategory: categoryOf(queue),
    Status: queue.status,
    MessageCount: queue.messages,
    DeferredMessageCount: deferred,
    RetryCount: queue.retryCount,
    LastError: lastErrorOf(queue),
    FirstRetryTime: time(queue.firstRetryAt),
    LastRetryTime: time(queue.lastRetryAt),
    NextRetryTime: time(queue.nextRetryAt),
    IncomingRate: queue.incomingRate,
    OutgoingRate: queue.outgoingRate,
    Velocity: queue.velocity,
  } as const satisfies Readonly<Record<keyof typeof queueProperties, PropertyBag[string]>>;
}

const lastErrorOf = ({ lastError, putOff, waitsForTurn }: QueueSnapshot): string | undefined =>
  lastError ?? putOff ?? waitsForTurn;

const categoryOf = ({ connector }: QueueSnapshot): Queue["nextHopCategory"] =>
  connector === undefined ? "Internal" : "External";

function isOfKind(queue: QueueSnapshot, kind: Kind): boolean {
  if (kind === "Empty") return queue.messages === 0;
  return kind === categoryOf(queue) || kind === queue.deliveryType;
}
