/**
 * The scheduler: takes accepted mail to its next hop, now or later.
 *
 * Fresh mail goes from memory straight to its carrier. What finds no room waits on disk and is claimed in
 * windows, so memory stays bounded whatever the backlog. A next hop that does not answer puts its queue to rest
 * without touching the messages in it; each queue has its own window and attempts, so a bad one holds up no
 * other. Source of statuses and intervals: Exchange, "Queues and messages in queues".
 *
 * Here the parts are put together. A message is in one of these places, and one file decides where it goes next:
 *
 *     fresh, or in the submission queue on disk .. submission.ts
 *     in its queue on disk ....................... refill.ts; given up or reported on: parking.ts, sweep.ts
 *     in its queue in memory ..................... attempts.ts (delivery-queue.ts keeps it)
 *     at its carrier, before its turn ............ carried-turns.ts, where a budget sets the pace
 *     at its carrier, dialled or on the wire ..... create-carrier.ts chooses which: smtp/smtp-carrier.ts is the map of SMTP; by MX
 *                                                  record ../mx/domain-carrier.ts finds the hosts first
 *     answered, or given back .................... attempts.ts; recipient by recipient: decisions.ts
 *     decided, on its way into the spool ......... settlement.ts, with the report that it calls for
 *     put off, on disk until it is due ........... parking.ts hears of it, agenda.ts looks then; from there as above
 *     others' by now (several nodes) ............. forgetLost, below: what is on the wire goes on, and its settle tells "lost"
 *     suspended, on disk ......................... *-interventions.ts, when an administrator resumes it
 *     behind a next hop that is away for long .... fallback.ts: the queue of another connector
 *
 * Time is agenda.ts, a new configuration reconfiguration.ts, an administrator *-interventions.ts.
 */
import { queueNameOf } from "../../core/policy/next-hops.ts";
import { Places } from "../../core/turnover/places.ts";
import { createMetrics } from "../../metrics/metrics.ts";
import { atMost } from "../../ports/at-most.ts";
import { noTracking } from "../../tracking/tracking.ts";
import { submissionQueue, unreachableQueue, type Claim, type QueueName } from "../../spool/spool.ts";
import { recipientDomain } from "../routing/recipient-domain.ts";
import { createRouting } from "../routing/routing.ts";
import { createAgenda } from "./agenda.ts";
import { createAttempts } from "./attempts.ts";
import { UnroutedBacklog } from "./backlog.ts";
import type { DeliveryQueue } from "./delivery-queue.ts";
import { createDeliveryQueues } from "./delivery-queues.ts";
import type { DeliveryState } from "./delivery-state.ts";
import { createFallbacks } from "./fallback.ts";
import { defaultLimits } from "./limits.ts";
import { createMessageInterventions, type MessageInterventions } from "./message-interventions.ts";
import { createParking } from "./parking.ts";
import { createQueueInterventions } from "./queue-interventions.ts";
import { createQueueNews } from "./queue-news.ts";
import { snapshotOf } from "./queue-snapshot.ts";
import { carrySuspensions, reconfigure, reportWriterOf } from "./reconfiguration.ts";
import { refill, tellClaimFault } from "./refill.ts";
import type { Scheduler, SchedulerOptions } from "./scheduler-contract.ts";
import { createSettleWatch } from "./settle-watch.ts";
import { createSettlement } from "./settlement.ts";
import { createSubmission } from "./submission.ts";
import { createSweep } from "./sweep.ts";
import { createWakeUp } from "./wake-up.ts";

export function createScheduler(options: SchedulerOptions): Scheduler {
  const { spool } = options;
  const { clock } = options.ports;
  const state = newState(options, (queue) => pump(queue));
  const { queues, unrouted, underWay, suspended } = state;
  const metrics = options.metrics ?? createMetrics();

  // The parts call each other in a ring (an attempt's end asks for more mail, which begins attempts): what is put
  // together later is reached by these.
  const pump = (queue: DeliveryQueue): void => attempts.pump(queue);
  const refillQueue = (queue: DeliveryQueue): void => void refill(state, queue, { parking, wakeUp, pump });
  const route = (): void => submission.route();
  const onMessagesLater = (): MessageInterventions => onMessages;

  const wakeUp = createWakeUp(clock, (names) => (names === "everything" ? look() : agenda.lookAt(names)));
  const look = (): void => agenda.look();
  const watch = createSettleWatch({
    clock,
    onFree() {
      for (const queue of queues) pump(queue);
    },
    onTold: (open) => state.events.emit("DeliveriesHeld", { open }),
    onOver: () => state.events.emit("DeliveriesGoOn", {}),
  });
  const news = createQueueNews({
    events: state.events,
    clock,
    queues,
    isConnector: (name) =>
      state.settings.sendConnectors.some((connector) => connector.enabled && connector.name === name),
  });
  const settlement = createSettlement({
    watch,
    spool,
    events: state.events,
    clock,
    metrics,
    tracking: state.tracking,
    settings: () => state.settings,
    reports: () => state.reports,
    readFaultMs: state.limits.readFaultMs,
    onKept: (queue, dueAt) => parking.kept(queue, dueAt),
    onDecided(id, keptIn) {
      // Not of domains, of which there may be many: nothing of theirs is counted.
      const fixed = [...state.routing.queues.keys()].flatMap((name) => queues.get(name) ?? []);
      const counted = fixed.filter(({ carrier }) => carrier.gone !== undefined);
      if (!counted.some(({ name }) => keptIn.includes(name))) counted[0]?.carrier.gone?.(id);
    },
    onSettled(name) {
      const queue = queues.get(name);
      if (queue?.isOfDomain === true) queues.dropIfEmpty(queue, spool, clock.now());
    },
    onUndecided: () => sweep.restart(),
  });
  const parking = createParking(state, {
    settlement,
    relieve: (queue, claim) => fallbacks.relieve(queue, claim),
    wakeUp,
    refill: refillQueue,
    route,
  });
  const fallbacks = createFallbacks(state, {
    settlement,
    isDecisionDue: (claim) => parking.isDecisionDue(claim),
  });
  const attempts = createAttempts(state, {
    settlement,
    parking,
    fallbacks,
    wakeUp,
    watch,
    news,
    metrics,
    onMessages: onMessagesLater,
    refill: refillQueue,
    route,
  });
  const submission = createSubmission(state, {
    settlement,
    parking,
    fallbacks,
    wakeUp,
    pump,
    onDeferred: (queue, claim) => attempts.deferred(queue, claim),
  });
  const sweep = createSweep({
    spool,
    claimsAtOnce: state.limits.sweepClaims,
    look: (claim) => parking.judge(claim),
    leaves: (name) => parking.owesTries(name) || onQueues.isResubmitting(name),
    settled: () => settlement.idle(),
    stopped: () => state.phase === "stopping",
  });
  const onMessages = createMessageInterventions({
    spool,
    settlement,
    queues,
    suspended,
    underWay,
    clock,
    pump,
    onTakenBack: pump,
    onResumed(name) {
      if (name === unreachableQueue) void onQueues.rerouteUnreachable();
      else parking.kept(name, clock.now());
    },
  });
  const onQueues = createQueueInterventions({
    spool,
    events: state.events,
    queues,
    suspended,
    unrouted,
    park: (claim, name) => void parking.park(claim, name),
    onResubmitted: (moved, to) => parking.resubmitted(moved, to),
    onSuspendedClosed: () => void carrySuspensions(state, onQueues, state.routing.queues),
    keepCarried: options.onSuspensionCarried ?? (() => Promise.resolve()),
    onFault: (error) => tellClaimFault(state, error),
    tick: (name) => (name === undefined ? look() : agenda.lookAt([name])),
  });
  const agenda = createAgenda(state, {
    wakeUp,
    sweep,
    parking,
    fallbacks,
    pump,
    route,
    rerouteUnreachable: () => void onQueues.rerouteUnreachable(),
    resubmit: (name: QueueName) => void onQueues.resubmit(name, true),
  });

  for (const [name, connector] of state.routing.queues) queues.open(name, connector, state.routing.nextHops);

  /** Others hold these entries now. */
  const forgetLost = (claims: readonly Claim[]): void => {
    for (const claim of claims) state.lost.add(claim);
    for (const queue of queues) queue.drop(state.lost);
    look();
  };

  const handOver = (): void => {
    for (const queue of queues) for (const claim of queue.takeAll()) spool.release(claim);
  };

  const stop = async (graceMs: number): Promise<void> => {
    wakeUp.cancel();
    watch.stop();
    news.stop();
    handOver();
    const carriers = queues.carriers().map((carrier) => carrier.close(graceMs));
    // A carrier that keeps its promise has aborted everything by then.
    await atMost(clock, graceMs + 1000, Promise.allSettled([...carriers, attempts.allEnded()]));
    // On a disk that takes nothing they never end; the spool tries them a last time when it is closed.
    await atMost(clock, state.limits.settleGraceMs, settlement.idle());
  };
  let stopping: Promise<void> | undefined;

  return {
    start() {
      if (state.phase !== "new") return;
      state.phase = "running";
      state.startedAt = clock.now();
      spool.onAccepted(submission.fresh);
      spool.onLost(forgetLost);
      spool.onFound(look);
      // An earlier run may have lived under another clock: everything left is looked at once, due or not.
      for (const { queue, messages } of spool.queues())
        (queue === submissionQueue ? unrouted : queues.need(queue)?.backlog)?.tryAll(messages);
      // Suspended ones are seen, whether they hold anything or not.
      for (const name of suspended) queues.need(name);
      // The configuration may have changed since a queue was suspended.
      void carrySuspensions(state, onQueues, state.routing.queues);
      void onQueues.rerouteUnreachable();
      look();
    },
    async reconfigure(settings) {
      if (state.phase === "stopping") return;
      await reconfigure(state, settings, { parking, submission, onQueues });
      sweep.restart();
      look();
    },
    stop(graceMs) {
      state.phase = "stopping";
      return (stopping ??= Promise.resolve().then(() => stop(graceMs)));
    },
    handOver,
    look,
    retryNow: (name) => onQueues.retryNow(name),
    suspend: (name, on) => onQueues.suspend(name, on),
    resubmit: (name) => onQueues.resubmit(name, false),
    suspendMessage: (name, id, on) => onMessages.suspend(name, id, on),
    removeMessage: (name, id, withNdr) => onMessages.remove(name, id, withNdr),
    retryMessage: (name, id) => onMessages.retry(name, id),
    async redirectMessage(name, id, to) {
      if (typeof to !== "string")
        return onMessages.redirect(name, id, (path) => queueNameOf(to, recipientDomain(path)));
      if (!queues.has(to)) throw new Error(`no send connector has the queue ${to}`);
      return name === to ? "unchanged" : onMessages.redirect(name, id, () => to);
    },
    pendingOn: (name, id) => onMessages.pendingOn(name, id),
    snapshot: () =>
      snapshotOf(
        queues,
        (name) => spool.messagesIn(name),
        suspended,
        watch.isTold,
        clock.now(),
        state.capture,
      ),
    get running() {
      return underWay.size;
    },
  };
}

/** `onRoom`: there is room again for mail of that queue. */
function newState(options: SchedulerOptions, onRoom: (queue: DeliveryQueue) => void): DeliveryState {
  const { spool, settings, events, carrierFor, ports } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const suspended = new Set<QueueName>(options.suspended);
  const queues = createDeliveryQueues({
    limits,
    clock: ports.clock,
    carrierFor,
    suspended,
    targetOf: (name) => state.routing.domainTarget(name),
    onRoom,
  });
  const state: DeliveryState = {
    spool,
    events,
    clock: ports.clock,
    random: ports.random,
    tracking: options.tracking ?? noTracking,
    limits,
    settings,
    capture: options.capture,
    routing: createRouting(settings.sendConnectors, { ...settings, capture: options.capture }),
    reports: reportWriterOf(settings, ports),
    queues,
    unrouted: new UnroutedBacklog(),
    suspended,
    underWay: new Places(),
    lost: new WeakSet(),
    phase: "new",
    startedAt: 0,
  };
  return state;
}
