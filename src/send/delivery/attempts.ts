/** Attempts: begun while their queue may have more, carried, and what came of each. */
import type { Metrics } from "../../metrics/metrics.ts";
import type { Claim } from "../../spool/spool.ts";
import { decideAttempt, decideThrottled, heldUntil, isPlainSuccess } from "./decisions.ts";
import { timeText } from "./decision-events.ts";
import type { AttemptResult } from "./delivery.ts";
import type { DeliveryQueue } from "./delivery-queue.ts";
import { decisionContext, type DeliveryState } from "./delivery-state.ts";
import type { Fallbacks } from "./fallback.ts";
import type { MessageInterventions } from "./message-interventions.ts";
import type { Parking } from "./parking.ts";
import type { QueueNews } from "./queue-news.ts";
import type { SettleWatch } from "./settle-watch.ts";
import type { Settlement } from "./settlement.ts";
import { trackDeferred } from "./track-delivery.ts";
import type { WakeUp } from "./wake-up.ts";

type Attempted = Extract<AttemptResult, { kind: "attempted" }>;
type Throttled = Extract<AttemptResult, { kind: "throttled" }>;
type Unreachable = Extract<AttemptResult, { kind: "unreachable" }>;

export interface Attempts {
  /** Begins as many attempts as the queue may have, and gets more mail from disk when little is left. */
  pump(queue: DeliveryQueue): void;
  /** Its queue's next hop cannot be reached: told of each message that met this, not of all that wait on disk. */
  deferred(queue: DeliveryQueue, claim: Claim): void;
  /** Resolves when none is under way. */
  allEnded(): Promise<void>;
}

export function createAttempts(
  state: DeliveryState,
  parts: {
    readonly settlement: Settlement;
    readonly parking: Parking;
    readonly wakeUp: WakeUp;
    readonly fallbacks: Fallbacks;
    readonly watch: Pick<SettleWatch, "isStuck">;
    readonly news: QueueNews;
    readonly metrics: Pick<Metrics, "queueRested">;
    readonly onMessages: () => MessageInterventions;
    readonly refill: (queue: DeliveryQueue) => void;
    readonly route: () => void;
  },
): Attempts {
  const { spool, events, clock, random, tracking, queues, unrouted, underWay } = state;
  const { settlement, parking, fallbacks, wakeUp, watch, news, metrics, onMessages, refill, route } = parts;
  let tellEnd: (() => void) | undefined;

  const pump = (queue: DeliveryQueue): void => {
    if (state.phase === "stopping" || !queues.isOpen(queue)) return;
    beginReady(queue);
    if (queue.isHeldUp) {
      wakeUp.at(queue.widenIfSilent(clock.now()), queue.name);
      beginReady(queue);
    }
    if (queue.backlog.due) refill(queue);
    if (unrouted.due) route();
  };

  const beginReady = (queue: DeliveryQueue): void => {
    while (queue.ready && !watch.isStuck && spool.isOwner) {
      const claim = queue.begin();
      if (claim === undefined) break;
      if (state.lost.has(claim)) queue.ended(claim);
      else begin(queue, claim);
    }
  };

  const begin = (queue: DeliveryQueue, claim: Claim): void => {
    const place = underWay.add(claim);
    queue.carrier.carry(claim).then(
      (result) => ended(queue, claim, place, result),
      (error: unknown) => {
        events.emit("RelayFault", { where: `carrying over ${queue.name}`, error: String(error) });
        ended(queue, claim, place, { kind: "attempted", host: "", outcomes: [] });
      },
    );
  };

  const ended = (queue: DeliveryQueue, claim: Claim, place: number, result: AttemptResult): void => {
    queue.ended(claim);
    underWay.remove(place, claim);
    switch (result.kind) {
      case "attempted":
        attempted(queue, claim, result);
        break;
      case "unreachable":
        unreachable(queue, claim, result);
        break;
      case "throttled":
        throttled(queue, claim, result);
        break;
      case "damaged":
        settlement.setAside(claim, result.what);
        break;
      case "aborted":
        if (state.phase === "stopping") spool.release(claim);
        else putOff(queue, claim);
    }
    onMessages().forget(claim);
    queues.attemptEnded(queue);
    if (underWay.size === 0) tellEnd?.();
    pump(queue);
    queues.dropIfEmpty(queue, spool, clock.now());
  };

  const attempted = (queue: DeliveryQueue, claim: Claim, { host, outcomes, heldSince }: Attempted): void => {
    if (queue.succeeded(clock.now())) {
      queue.backlog.arrived();
      news.active(queue);
    }
    const { connector } = queue;
    if (outcomes.some(({ kind }) => kind === "delivered")) {
      queue.outgoing.add(clock.now());
      queue.putOff = undefined;
      fallbacks.handedOver(queue);
    } else {
      const late = outcomes.find(({ kind }) => kind === "transient");
      if (late !== undefined) queue.putOff = `${late.verdict.text} (${late.host ?? host})`;
    }
    const first = outcomes[0];
    if (first?.kind === "delivered" && isPlainSuccess(claim, outcomes)) {
      settlement.delivered(claim, host, connector.name, first);
      return;
    }
    const final = connector.kind === "drop";
    const keptIn = parking.queueFor(queue.name);
    const asked = decideAttempt(claim, outcomes, host, final, keptIn, decisionContext(state));
    const { fallback } = queue.connector;
    const decisions =
      fallback === undefined || heldSince === undefined
        ? asked
        : asked.map((one) => heldUntil(one, Math.max(clock.now(), heldSince + fallback.afterMs)));
    settlement.conclude(claim, onMessages().applied(claim, decisions), connector.name);
  };

  const throttled = (queue: DeliveryQueue, claim: Claim, result: Throttled): void => {
    if (state.phase === "stopping") return spool.release(claim);
    const { host, verdict, heldSince } = result;
    const dueInMs = fallbackDueInMs(queue, result);
    if (dueInMs <= 0) {
      if (onMessages().takeOver(claim)) return;
      const since = heldSince === undefined ? "" : ` since ${timeText(clock, heldSince)}`;
      if (fallbacks.relieve(queue, claim, `mail of its sender is held${since} (${verdict.text})`)) return;
    }
    const retryAfterMs = dueInMs > 0 ? Math.min(result.retryAfterMs, dueInMs) : result.retryAfterMs;
    const keptIn = parking.queueFor(queue.name);
    const decisions = decideThrottled(claim, verdict, host, retryAfterMs, keptIn, decisionContext(state));
    settlement.conclude(claim, onMessages().applied(claim, decisions), queue.connector.name);
  };

  /** When what is held back alone goes another way. Infinity: never. */
  const fallbackDueInMs = ({ connector: { fallback } }: DeliveryQueue, result: Throttled): number => {
    if (fallback === undefined) return Infinity;
    if (result.spent) return 0;
    return result.heldSince === undefined ? Infinity : result.heldSince + fallback.afterMs - clock.now();
  };

  const unreachable = (queue: DeliveryQueue, claim: Claim, result: Unreachable): void => {
    const { host, verdict, retryAfterMs } = result;
    if (state.phase === "stopping") return spool.release(claim);
    const now = clock.now();
    const effect = queue.failed(host, verdict, now, state.settings.transport, random(), retryAfterMs);
    if (!queues.isOpen(queue)) return putOff(queue, claim);
    if (effect === "narrowed" && !queue.suspended)
      return onMessages().takeOver(claim) ? undefined : queue.putBack(claim);
    deferred(queue, claim);
    putOff(queue, claim);
    if (effect !== "retry" || queue.retryAt === undefined) return;
    for (const waiting of queue.takeAll()) {
      deferred(queue, waiting);
      void parking.park(waiting, queue.name);
    }
    queue.backlog.arrived();
    wakeUp.at(Math.min(queue.retryAt, fallbacks.beginsAt(queue) ?? Infinity), queue.name);
    void fallbacks.drain(queue);
    metrics.queueRested();
    news.resting(queue, verdict, host);
  };

  /** After an attempt that decided nothing: what an administrator wants of the message, or it waits. */
  const putOff = (queue: DeliveryQueue, claim: Claim): void => {
    if (!onMessages().takeOver(claim)) void parking.park(claim, queue.name);
  };

  const deferred = (queue: DeliveryQueue, claim: Claim): void => {
    if (tracking.enabled && queue.lastError !== undefined)
      trackDeferred(tracking, claim, queue.lastError.text, queue.lastHost, queue.connector.name);
  };

  return {
    pump,
    deferred,
    allEnded: () => (underWay.size === 0 ? Promise.resolve() : new Promise((resolve) => (tellEnd = resolve))),
  };
}
