/** A new configuration: queues open and close, and what stood in closed ones is routed again. */
import { isDeepStrictEqual } from "node:util";
import { successorOf } from "../../core/policy/next-hops.ts";
import type { SendConnectorSettings } from "../../core/policy/send-connector.ts";
import type { Ports } from "../../ports/ports.ts";
import { submissionQueue, unreachableQueue, type QueueName } from "../../spool/spool.ts";
import { createReportWriter, type ReportWriter } from "../dsn/report-writer.ts";
import { createRouting } from "../routing/routing.ts";
import type { DeliveryState } from "./delivery-state.ts";
import type { DeliveryQueue } from "./delivery-queue.ts";
import type { Parking } from "./parking.ts";
import type { QueueInterventions } from "./queue-interventions.ts";
import type { SchedulerSettings } from "./scheduler-contract.ts";
import { allOf, type Submission } from "./submission.ts";

export function reportWriterOf(
  { hostname, transport }: SchedulerSettings,
  ports: Pick<Ports, "clock" | "random">,
): ReportWriter {
  const { externalPostmasterAddress, dsnMaxMessageAttachSize } = transport;
  return createReportWriter({ hostname, externalPostmasterAddress, dsnMaxMessageAttachSize }, ports);
}

/** Resolves when what stood in closed queues has moved. */
export async function reconfigure(
  state: DeliveryState,
  next: SchedulerSettings,
  parts: {
    readonly parking: Parking;
    readonly submission: Submission;
    readonly onQueues: QueueInterventions;
  },
): Promise<void> {
  const { clock, random, queues, unrouted } = state;
  state.settings = next;
  state.routing = createRouting(next.sendConnectors, { ...next, capture: state.capture });
  queues.forgetDropped();
  state.reports = reportWriterOf(next, { clock, random });
  const before = new Map([...queues].map((queue) => [queue.name, queue]));
  const carried = carrySuspensions(state, parts.onQueues, before);
  const closed = follow(state, before);
  await allOf(closed.flatMap((queue) => empty(state, queue, parts)));
  // What found no room in a closed queue waits for whatever queue it is routed to now.
  unrouted.arrived();
  const gone = [...before.keys()].filter((name) => !queues.has(name) && !state.suspended.has(name));
  await Promise.all([
    ...carried,
    ...gone.map((name) => parts.onQueues.resubmit(name, true)),
    parts.onQueues.rerouteUnreachable(),
  ]);
}

/**
 * What is suspended stays so when its queue has another name now or none: no mail that is held leaves because of a new
 * configuration. `before`: the queues that were open. Returns the moves of what such queues hold.
 */
export function carrySuspensions(
  { spool, events, routing, suspended }: DeliveryState,
  onQueues: Pick<QueueInterventions, "carry">,
  before: ReadonlyMap<QueueName, unknown>,
): Promise<void>[] {
  const moves: Promise<void>[] = [];
  const isRouted = (name: QueueName): boolean =>
    routing.queues.has(name) || routing.domainTarget(name) !== undefined;
  for (const name of suspended) {
    if (name === submissionQueue || name === unreachableQueue || isRouted(name)) continue;
    const successor = successorOf(name, routing.queues, (queue) => !before.has(queue));
    if (successor !== undefined) moves.push(onQueues.carry(name, successor));
    else if (before.has(name)) {
      events.emit("SuspendedQueueKept", { queue: name, messages: spool.messagesIn(name) });
    }
  }
  return moves;
}

/** Opens the queues of the routing and closes those it has no more, or over another connector. */
function follow(
  { queues, routing }: DeliveryState,
  before: ReadonlyMap<QueueName, DeliveryQueue>,
): DeliveryQueue[] {
  const closed: DeliveryQueue[] = [];
  const same = new Map<SendConnectorSettings, SendConnectorSettings | undefined>();
  /** Of a connector with ten thousand queues once. */
  const isSame = (queue: DeliveryQueue): boolean => {
    const now = queue.isOfDomain
      ? routing.domainTarget(queue.name)?.connector
      : routing.queues.get(queue.name);
    if (now === undefined) return false;
    if (!same.has(queue.connector))
      same.set(queue.connector, isDeepStrictEqual(now, queue.connector) ? now : undefined);
    return same.get(queue.connector) === now;
  };
  for (const queue of before.values()) {
    if (isSame(queue)) continue;
    queues.close(queue);
    closed.push(queue);
  }
  for (const [name, connector] of routing.queues)
    if (!queues.has(name)) queues.open(name, connector, routing.nextHops);
  return closed;
}

/** What waits in a closed queue's memory is placed anew; attempts under way end. */
function empty(
  { events, limits }: DeliveryState,
  queue: DeliveryQueue,
  { parking, submission }: { readonly parking: Parking; readonly submission: Submission },
): (Promise<void> | undefined)[] {
  const moves = queue
    .takeAll()
    .map((claim) =>
      claim.queue === submissionQueue ? submission.place(claim) : parking.park(claim, queue.name),
    );
  queue.carrier.close(limits.retireGraceMs).catch((error: unknown) => {
    events.emit("RelayFault", { where: `closing ${queue.name}`, error: String(error) });
  });
  return moves;
}
