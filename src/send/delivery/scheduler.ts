/**
 * The scheduler: takes accepted mail to its next hop, now or later.
 *
 * Fresh mail goes from memory straight to its carrier. What finds no room waits on disk and is claimed in
 * windows, so memory stays bounded whatever the backlog. A next hop that does not answer puts its queue to rest
 * without touching the messages in it; each queue has its own window and attempts, so a bad one holds up no
 * other. Source of statuses and intervals: Exchange, "Queues and messages in queues".
 */
import { isDeepStrictEqual } from "node:util";
import { isOverdue } from "../../core/policy/delivery-outcome.ts";
import type { SendConnectorSettings } from "../../core/policy/send-connector.ts";
import { latestPlausibleDueAt } from "../../core/policy/retry-schedule.ts";
import { createMetrics } from "../../metrics/metrics.ts";
import { noTracking } from "../../tracking/tracking.ts";
import {
  SpoolError,
  submissionQueue,
  suspendedDueAt,
  unreachableQueue,
  type Claim,
  type FreshMail,
  type QueueName,
  type QueueSummary,
} from "../../spool/spool.ts";
import { createReportWriter } from "../dsn/report-writer.ts";
import { createRouting } from "../routing/routing.ts";
import { decideAttempt, decideWaiting, isPlainSuccess, type DecisionContext } from "./decisions.ts";
import { timeText } from "./decision-events.ts";
import type { AttemptResult } from "./delivery.ts";
import { DeliveryQueue } from "./delivery-queue.ts";
import { decideRoutes, soleQueueOf, soleQueueOfAll, unreachableError } from "./dispatch.ts";
import { defaultLimits } from "./limits.ts";
import { createMessageInterventions } from "./message-interventions.ts";
import { createQueueInterventions } from "./queue-interventions.ts";
import { snapshotOf } from "./queue-snapshot.ts";
import type { Scheduler, SchedulerOptions, SchedulerSettings } from "./scheduler-contract.ts";
import { createSettlement } from "./settlement.ts";
import { createSweep } from "./sweep.ts";
import { trackDeferred } from "./track-delivery.ts";
import { createWakeUp } from "./wake-up.ts";

const anyTime = Number.MAX_SAFE_INTEGER;

export function createScheduler(options: SchedulerOptions): Scheduler {
  const { spool, events, carrierFor } = options;
  const { clock, random } = options.ports;
  const tracking = options.tracking ?? noTracking;
  const limits = { ...defaultLimits, ...options.limits };

  let settings = options.settings;
  let routing = createRouting(settings.sendConnectors);
  let reports = createReportWriter(reportSettings(settings), options.ports);
  let queues = new Map<QueueName, DeliveryQueue>();
  /** Queues a new configuration took out, while attempts of theirs go on. */
  const retired = new Set<DeliveryQueue>();
  /** Claims whose attempt goes on. */
  const underWay = new Set<Claim>();
  const suspended = new Set<QueueName>(options.suspended);
  const submission = {
    backlog: false,
    claiming: false,
    forced: 0,
    /** Queues whose fresh mail found no room and waits here. */
    overflowed: new Set<DeliveryQueue>(),
    /** Mail for whatever queue waits here. */
    unrouted: false,
  };
  let started = false;
  let stopping: Promise<void> | undefined;
  let nextSweepAt = 0;
  let allEnded: (() => void) | undefined;

  const wakeUp = createWakeUp(clock, () => tick());
  const settlement = createSettlement({
    spool,
    events,
    clock,
    metrics: options.metrics ?? createMetrics(),
    tracking,
    settings: () => settings,
    reports: () => reports,
    readFaultMs: limits.readFaultMs,
    onKept,
    onUndecided: () => sweep.restart(),
  });
  const sweep = createSweep({
    spool,
    claimsAtOnce: limits.sweepClaims,
    look: (claim) => void park(claim, claim.queue),
    settled: () => settlement.idle(),
    stopped: () => stopping !== undefined,
  });
  const onMessages = createMessageInterventions({
    spool,
    settlement,
    queues: () => queues,
    underWay,
    onTakenBack: (queue) => pump(queue),
    onResumed: (name) => onKept(name, clock.now()),
  });
  const onQueues = createQueueInterventions({
    spool,
    events,
    queues: () => queues,
    suspended,
    park: (claim, name) => void park(claim, name),
    onUnrouted: claimUnrouted,
    onFault: claimFailed,
    tick,
  });

  for (const [name, connector] of routing.queues) queues.set(name, newQueue(name, connector));

  function newQueue(name: QueueName, connector: SendConnectorSettings): DeliveryQueue {
    const windowBytes = Math.min(limits.windowBytes, limits.totalBytes / routing.queues.size);
    return new DeliveryQueue(
      name,
      connector,
      carrierFor(connector),
      { ...limits, windowBytes },
      suspended.has(name),
    );
  }

  /** Queues with mail of this turn. */
  const fresh = new Set<DeliveryQueue>();
  const context = (): DecisionContext => ({ now: clock.now(), transport: settings.transport, random });

  // ---- mail comes in -------------------------------------------------------------------------------------

  const freshMail: FreshMail = {
    hasRoom(message) {
      if (stopping !== undefined || suspended.has(submissionQueue)) return false;
      const queue = currentQueue(soleQueueOfAll(message, routing));
      // What goes to no healthy queue leaves memory at once.
      return queue === undefined || !queue.healthy || queue.hasRoom(queue.backlog || submission.backlog);
    },
    take(claim) {
      if (stopping !== undefined || suspended.has(submissionQueue)) {
        spool.release(claim);
        return noteWaiting(undefined);
      }
      const queue = currentQueue(soleQueueOf(claim, routing));
      if (queue === undefined || !queue.healthy) return void place(claim, queue);
      queue.incoming.add(clock.now());
      queue.push(claim);
      pumpSoon(queue);
    },
    waits: (message) => noteWaiting(currentQueue(soleQueueOfAll(message, routing))),
  };

  /** Mail waits on disk in the submission queue: for room in this queue, or for whatever there is. */
  function noteWaiting(queue: DeliveryQueue | undefined): void {
    submission.backlog = true;
    if (queue === undefined || !queue.healthy || suspended.has(submissionQueue)) submission.unrouted = true;
    else {
      submission.overflowed.add(queue);
      // There may be room again since it was asked for.
      pumpSoon(queue);
    }
  }

  /** Others hold these entries now. */
  function forgetLost(claims: readonly Claim[]): void {
    const lost = new Set(claims);
    for (const queue of queues.values()) queue.drop(lost);
    tick();
  }

  /** Behind what the turn still has to do: the client's reply goes before the next hop's commands. */
  function pumpSoon(queue: DeliveryQueue): void {
    if (fresh.has(queue)) return;
    if (fresh.size === 0) process.nextTick(pumpFresh);
    fresh.add(queue);
  }

  function pumpFresh(): void {
    const queuesNow = [...fresh];
    fresh.clear();
    for (const queue of queuesNow) {
      try {
        pump(queue);
      } catch (error) {
        events.emit("RelayFault", { where: `beginning to deliver over ${queue.name}`, error: String(error) });
      }
    }
  }

  /** A claim of the submission queue into its queue: in memory when there is room, else on disk. */
  function place(claim: Claim, queue: DeliveryQueue | undefined): Promise<void> | undefined {
    if (queue === undefined) {
      const decisions = decideRoutes(claim, routing, context());
      for (const name of new Set(decisions.map((decision) => decision.queue)))
        queues.get(name)?.incoming.add(clock.now());
      settlement.conclude(claim, decisions, "");
      return undefined;
    }
    queue.incoming.add(clock.now());
    if (queue.retryAt !== undefined) deferred(queue, claim);
    if (!queue.healthy || !queue.hasRoom(queue.backlog)) return park(claim, queue.name);
    queue.push(claim);
    pump(queue);
    return undefined;
  }

  const currentQueue = (name: QueueName | undefined): DeliveryQueue | undefined =>
    name === undefined ? undefined : queues.get(name);
  const isCurrent = (queue: DeliveryQueue): boolean => queues.get(queue.name) === queue;
  /** Where recipients of a queue are kept: routed again when no connector has that queue any more. */
  const keptIn = (name: QueueName): QueueName =>
    queues.has(name) || name === unreachableQueue ? name : submissionQueue;

  /** Lets a claim wait in a queue on disk, reported on or given up when it is time for that. */
  function park(claim: Claim, name: QueueName): Promise<void> | undefined {
    const queue = keptIn(name);
    const now = clock.now();
    const allReported = claim.recipients.every((state) => state.delayReported);
    if (isOverdue(claim.message.arrivedAt, allReported, now, settings.transport)) {
      const at = queues.get(queue);
      const lastError = queue === unreachableQueue ? unreachableError : at?.lastError?.text;
      settlement.conclude(
        claim,
        decideWaiting(claim, claim.recipients, queue, now, lastError, at?.lastHost, context()),
        at?.connector.name ?? "",
      );
      return undefined;
    }
    if (claim.queue !== queue) return settlement.move(claim, queue);
    spool.release(claim);
    return undefined;
  }

  /** Recipients stand in a queue on disk, due at `dueAt`. */
  function onKept(name: QueueName, dueAt: number): void {
    if (stopping !== undefined || name === unreachableQueue || dueAt === suspendedDueAt) return;
    if (dueAt > clock.now()) return wakeUp.at(dueAt);
    if (name === submissionQueue) return claimUnrouted();
    const queue = queues.get(name);
    if (queue === undefined) return wakeUp.at(clock.now());
    queue.backlog = true;
    if (queue.healthy) void refill(queue);
  }

  // ---- mail comes from disk ------------------------------------------------------------------------------

  async function refill(queue: DeliveryQueue): Promise<void> {
    const wanted = queue.appetite;
    if (queue.refilling || wanted === 0 || stopping !== undefined || !isCurrent(queue)) return;
    queue.refilling = true;
    queue.backlog = false;
    try {
      const claims = await spool.claim(queue.name, wanted, queue.forced > 0 ? anyTime : clock.now());
      queue.forced = claims.length < wanted ? 0 : Math.max(0, queue.forced - claims.length);
      if (claims.length > 0) queue.backlog = true;
      else wakeForNext(queue.name);
      for (const claim of claims) {
        if (stopping !== undefined) spool.release(claim);
        else if (queue.healthy && isCurrent(queue)) queue.push(claim);
        else void park(claim, queue.name);
      }
    } catch (error) {
      claimFailed(error);
    } finally {
      queue.refilling = false;
    }
    pump(queue);
  }

  /** What is due later in a queue that gave all that is due now. Before its write is done it is not to be had. */
  function wakeForNext(name: QueueName): void {
    const next = spool.nextDueAt(name);
    if (next !== undefined) wakeUp.at(Math.max(next, clock.now() + limits.askAgainMs));
  }

  /** Claims what waits unrouted while there is use for it: room in a queue, or nothing better to do. */
  async function claimSubmission(): Promise<void> {
    if (submission.claiming || !submission.backlog || !started || stopping !== undefined) return;
    if (suspended.has(submissionQueue)) return;
    submission.claiming = true;
    try {
      while (submission.backlog && stopping === undefined && canPlace()) {
        const { overflowed, unrouted } = submission;
        Object.assign(submission, { backlog: false, unrouted: false, overflowed: new Set() });
        const horizon = submission.forced > 0 ? anyTime : clock.now();
        const claims = await spool.claim(submissionQueue, limits.refillClaims, horizon);
        submission.forced =
          claims.length < limits.refillClaims ? 0 : Math.max(0, submission.forced - claims.length);
        if (claims.length === 0) wakeForNext(submissionQueue);
        if (claims.length > 0) {
          submission.backlog = true;
          submission.unrouted ||= unrouted;
          for (const queue of overflowed) submission.overflowed.add(queue);
        }
        const moves = claims.map((claim) => {
          if (stopping === undefined) return place(claim, currentQueue(soleQueueOf(claim, routing)));
          return spool.release(claim);
        });
        await allOf(moves);
      }
    } catch (error) {
      claimFailed(error);
    } finally {
      submission.claiming = false;
    }
  }

  function claimUnrouted(): void {
    submission.backlog = true;
    submission.unrouted = true;
    void claimSubmission();
  }

  function canPlace(): boolean {
    let healthy = 0;
    for (const queue of queues.values()) {
      if (!queue.healthy) continue;
      healthy++;
      const wanted = submission.unrouted || submission.overflowed.has(queue);
      if (wanted && queue.hasRoom(true)) return true;
    }
    return healthy === 0;
  }

  function claimFailed(error: unknown): void {
    if (error instanceof SpoolError && error.code === "closed") return;
    events.emit("SpoolFault", { error: String(error) });
  }

  // ---- attempts ------------------------------------------------------------------------------------------

  /** Begins as many attempts as the queue may have, and gets more claims when few are left. */
  function pump(queue: DeliveryQueue): void {
    if (stopping !== undefined || !isCurrent(queue)) return;
    const { maxOutboundConnections } = settings.transport;
    while (queue.ready && underWay.size < maxOutboundConnections) {
      const claim = queue.take();
      if (claim === undefined) break;
      begin(queue, claim);
    }
    if (queue.backlog) void refill(queue);
    if (submission.backlog) void claimSubmission();
  }

  function begin(queue: DeliveryQueue, claim: Claim): void {
    queue.running++;
    underWay.add(claim);
    queue.carrier.carry(claim).then(
      (result) => ended(queue, claim, result),
      (error: unknown) => {
        events.emit("RelayFault", { where: `carrying over ${queue.name}`, error: String(error) });
        ended(queue, claim, { kind: "attempted", host: "", outcomes: [] });
      },
    );
  }

  function ended(queue: DeliveryQueue, claim: Claim, result: AttemptResult): void {
    const wasFull = underWay.size >= settings.transport.maxOutboundConnections;
    queue.running--;
    underWay.delete(claim);
    switch (result.kind) {
      case "attempted":
        attempted(queue, claim, result);
        break;
      case "unreachable":
        unreachable(queue, claim, result);
        break;
      case "damaged":
        settlement.setAside(claim, result.what);
        break;
      case "aborted":
        if (stopping === undefined) putOff(queue, claim);
        else spool.release(claim);
    }
    onMessages.forget(claim);
    if (queue.running === 0) retired.delete(queue);
    if (underWay.size === 0) allEnded?.();
    pump(queue);
    if (wasFull) for (const other of queues.values()) if (other !== queue) pump(other);
  }

  function attempted(
    queue: DeliveryQueue,
    claim: Claim,
    { host, outcomes }: Extract<AttemptResult, { kind: "attempted" }>,
  ): void {
    if (queue.succeeded(clock.now())) {
      queue.backlog = true;
      events.emit("QueueActive", { queue: queue.name });
    }
    const { connector } = queue;
    if (outcomes.some(({ kind }) => kind === "delivered")) queue.outgoing.add(clock.now());
    const first = outcomes[0];
    if (first !== undefined && isPlainSuccess(claim, outcomes)) {
      settlement.delivered(claim, host, connector.name, first.verdict);
      return;
    }
    const final = connector.kind === "drop";
    const decisions = decideAttempt(claim, outcomes, host, final, keptIn(queue.name), context());
    settlement.conclude(claim, onMessages.applied(claim, decisions), connector.name);
  }

  function unreachable(
    queue: DeliveryQueue,
    claim: Claim,
    { host, verdict }: Extract<AttemptResult, { kind: "unreachable" }>,
  ): void {
    if (stopping !== undefined) return spool.release(claim);
    const now = clock.now();
    const effect = queue.failed(host, verdict, now, settings.transport, random());
    if (!isCurrent(queue)) return putOff(queue, claim);
    if (effect === "narrowed") return onMessages.takeOver(claim) ? undefined : queue.putBack(claim);
    deferred(queue, claim);
    putOff(queue, claim);
    if (effect === "resting" || queue.retryAt === undefined) return;
    for (const waiting of queue.takeAll()) {
      deferred(queue, waiting);
      void park(waiting, queue.name);
    }
    queue.backlog = true;
    wakeUp.at(queue.retryAt);
    events.emit("QueueRetry", {
      queue: queue.name,
      attempt: queue.failures,
      nextAttempt: timeText(clock, queue.retryAt),
      error: verdict.text,
      host,
      connector: queue.connector.name,
    });
  }

  /** After an attempt that decided nothing: what an administrator wants of the message, or it waits. */
  function putOff(queue: DeliveryQueue, claim: Claim): void {
    if (!onMessages.takeOver(claim)) void park(claim, queue.name);
  }

  /** Its queue's next hop cannot be reached: told of each message that met this, not of all that wait on disk. */
  function deferred(queue: DeliveryQueue, claim: Claim): void {
    if (tracking.enabled && queue.lastError !== undefined)
      trackDeferred(tracking, claim, queue.lastError.text, queue.lastHost, queue.connector.name);
  }

  // ---- time passes ---------------------------------------------------------------------------------------

  function tick(): void {
    if (stopping !== undefined || !started) return;
    const now = clock.now();
    for (const queue of queues.values()) {
      if (queue.retryAt === undefined) continue;
      if (queue.retryAt <= now) queue.reopen();
      else wakeUp.at(queue.retryAt);
    }
    for (const summary of spool.queues()) lookAt(summary, now);
    if (now >= nextSweepAt) {
      nextSweepAt = now + limits.sweepMs;
      sweep.run(now, settings.transport).then(tick, claimFailed);
    }
    wakeUp.at(nextSweepAt);
    for (const queue of queues.values()) pump(queue);
    void claimSubmission();
  }

  /** What a queue on disk asks for: work now, or a wake-up. */
  function lookAt({ queue: name, messages, nextDueAt }: QueueSummary, now: number): void {
    if (name === unreachableQueue) return;
    const queue = name === submissionQueue ? submission : queues.get(name);
    if (queue === undefined) return void onQueues.resubmit(name, true);
    if (nextDueAt === undefined) return;
    if (nextDueAt > latestPlausibleDueAt(now, settings.transport)) queue.forced = messages;
    if (nextDueAt <= now || queue.forced > 0) {
      if (queue === submission && !submission.backlog) submission.unrouted = true;
      queue.backlog = true;
    } else if (queue === submission || queues.get(name)?.healthy === true) wakeUp.at(nextDueAt);
  }

  // ---- the configuration changes -------------------------------------------------------------------------

  async function reconfigure(next: SchedulerSettings): Promise<void> {
    if (stopping !== undefined) return;
    const old = queues;
    settings = next;
    routing = createRouting(next.sendConnectors);
    reports = createReportWriter(reportSettings(next), options.ports);
    queues = new Map();
    for (const [name, connector] of routing.queues) {
      const before = old.get(name);
      const same = before !== undefined && isDeepStrictEqual(before.connector, connector);
      queues.set(name, same ? before : newQueue(name, connector));
    }
    const out = [...old.values()].filter((queue) => !isCurrent(queue));
    await allOf(out.flatMap(retire));
    sweep.restart();
    submission.unrouted = true;
    const gone = [...old.keys()].filter((name) => !queues.has(name));
    await Promise.all([...gone.map((name) => onQueues.resubmit(name, true)), onQueues.rerouteUnreachable()]);
    tick();
  }

  /** Takes a queue out: what waits in memory is placed anew, attempts under way end. */
  function retire(queue: DeliveryQueue): (Promise<void> | undefined)[] {
    if (queue.running > 0) retired.add(queue);
    const moves = queue
      .takeAll()
      .map((claim) =>
        claim.queue === submissionQueue
          ? place(claim, currentQueue(soleQueueOf(claim, routing)))
          : park(claim, queue.name),
      );
    queue.carrier.close(limits.retireGraceMs).catch((error: unknown) => {
      events.emit("RelayFault", { where: `closing ${queue.name}`, error: String(error) });
    });
    return moves;
  }

  // ---- the end -------------------------------------------------------------------------------------------

  async function stop(graceMs: number): Promise<void> {
    wakeUp.cancel();
    for (const queue of queues.values()) for (const claim of queue.takeAll()) spool.release(claim);
    const carriers = [...queues.values(), ...retired].map((queue) => queue.carrier.close(graceMs));
    const none = new Promise<void>((resolve) => (underWay.size === 0 ? resolve() : (allEnded = resolve)));
    let given: ReturnType<typeof clock.after> | undefined;
    // A carrier that keeps its promise has aborted everything by then.
    const late = new Promise<void>((resolve) => (given = clock.after(graceMs + 1000, resolve)));
    await Promise.race([Promise.allSettled([...carriers, none]), late]);
    given?.cancel();
    await settlement.idle();
  }

  return {
    start() {
      if (started) return;
      started = true;
      spool.onAccepted(freshMail);
      spool.onLost(forgetLost);
      // An earlier run may have lived under another clock: everything left is looked at once, due or not.
      for (const { queue: name, messages } of spool.queues()) {
        if (name === submissionQueue) submission.forced = messages;
        const queue = queues.get(name);
        if (queue !== undefined) queue.forced = messages;
      }
      void onQueues.rerouteUnreachable();
      tick();
    },
    reconfigure,
    stop: (graceMs) => (stopping ??= Promise.resolve().then(() => stop(graceMs))),
    retryNow: (name) => onQueues.retryNow(name),
    suspend: (name, on) => onQueues.suspend(name, on),
    resubmit: (name) => onQueues.resubmit(name, false),
    suspendMessage: (name, id, on) => onMessages.suspend(name, id, on),
    removeMessage: (name, id, withNdr) => onMessages.remove(name, id, withNdr),
    pendingOn: (name, id) => onMessages.pendingOn(name, id),
    snapshot: () => snapshotOf(queues, spool.queues(), suspended, clock.now()),
    get running() {
      return underWay.size;
    },
  };
}

/** Not all moves write: those that do not are undefined. */
async function allOf(moves: readonly (Promise<void> | undefined | void)[]): Promise<void> {
  await Promise.all(moves.filter((move) => move instanceof Promise));
}

function reportSettings({ hostname, transport }: SchedulerSettings) {
  const { externalPostmasterAddress, dsnMaxMessageAttachSize } = transport;
  return { hostname, externalPostmasterAddress, dsnMaxMessageAttachSize };
}
