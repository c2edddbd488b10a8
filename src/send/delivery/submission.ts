/**
 * Mail on its way to a queue: fresh from memory, or from the submission queue on disk, where it waits that found no
 * room. What waits there is claimed while a queue it may be for has room.
 */
import {
  submissionQueue,
  type Claim,
  type FreshMail,
  type QueueName,
  type SpooledMessage,
} from "../../spool/spool.ts";
import { decisionContext, type DeliveryState } from "./delivery-state.ts";
import type { DeliveryQueue } from "./delivery-queue.ts";
import { decideRoutes, forwardPathsOf, soleQueueOf, soleQueueOfAll } from "./claim-routes.ts";
import type { Fallbacks } from "./fallback.ts";
import type { Parking } from "./parking.ts";
import type { Routing } from "../routing/routing.ts";
import { isStopping, tellClaimFault, wakeForNext } from "./refill.ts";
import type { Settlement } from "./settlement.ts";
import type { WakeUp } from "./wake-up.ts";

export interface Submission {
  /** From memory. */
  readonly fresh: FreshMail;
  /** Routes a claim of the submission queue. Resolves when it has moved on disk, if it must. */
  place(claim: Claim): Promise<void> | undefined;
  /** Routes what waits on disk, as far as there is use for it. */
  route(): void;
}

export function createSubmission(
  state: DeliveryState,
  parts: {
    readonly settlement: Settlement;
    readonly parking: Parking;
    readonly fallbacks: Pick<Fallbacks, "takeOver">;
    readonly wakeUp: WakeUp;
    readonly pump: (queue: DeliveryQueue) => void;
    /** A message meets a queue that cannot be reached. */
    readonly onDeferred: (queue: DeliveryQueue, claim: Claim) => void;
  },
): Submission {
  const { spool, events, clock, limits, queues, unrouted, suspended } = state;
  const { settlement, parking, fallbacks, wakeUp, pump, onDeferred } = parts;
  /** Queues with fresh mail of this turn. */
  const pumped = new Set<DeliveryQueue>();

  const openQueue = (name: QueueName | undefined): DeliveryQueue | undefined =>
    name === undefined ? undefined : queues.need(name);

  /** Behind what the turn still has to do: the client's reply goes before the next hop's commands. */
  const pumpSoon = (queue: DeliveryQueue): void => {
    if (pumped.has(queue)) return;
    if (pumped.size === 0) process.nextTick(pumpFresh);
    pumped.add(queue);
  };

  const pumpFresh = (): void => {
    const queuesNow = [...pumped];
    pumped.clear();
    for (const queue of queuesNow) {
      try {
        pump(queue);
      } catch (error) {
        events.emit("RelayFault", { where: `beginning to deliver over ${queue.name}`, error: String(error) });
      }
    }
  };

  /** The queue itself, or the one that takes over from it. */
  const inPlaceOf = (claim: Claim, queue: DeliveryQueue): DeliveryQueue => {
    if (queue.failures === 0) return queue;
    return openQueue(fallbacks.takeOver(queue, claim.message, forwardPathsOf(claim))) ?? queue;
  };

  const placeIn = (claim: Claim, routed: DeliveryQueue | undefined): Promise<void> | undefined => {
    if (routed === undefined) return divide(claim);
    const queue = inPlaceOf(claim, routed);
    queue.incoming.add(clock.now());
    if (queue.retryAt !== undefined) onDeferred(queue, claim);
    if (!queue.healthy || !queue.hasRoom(queue.backlog.due)) return parking.park(claim, queue.name);
    queue.push(claim);
    pump(queue);
    return undefined;
  };

  /** Recipients one by one, with what takes over from queues. */
  const routed = ({ message }: Claim): Pick<Routing, "route"> => ({
    route(forwardPath, about) {
      const route = state.routing.route(forwardPath, about);
      const queue = route.kind === "queue" ? queues.get(route.queue) : undefined;
      if (queue === undefined || queue.failures === 0) return route;
      const taking = fallbacks.takeOver(queue, message, [forwardPath]);
      return taking === undefined ? route : { kind: "queue", queue: taking };
    },
  });

  /** To several queues, or to none that is open. */
  const divide = (claim: Claim): undefined => {
    const context = decisionContext(state);
    const decisions = decideRoutes(claim, routed(claim), (name) => parking.isWorkedOn(name), context);
    for (const name of new Set(decisions.map((decision) => decision.queue))) {
      const queue = queues.need(name);
      if (queue === undefined) continue;
      queue.incoming.add(context.now);
      if (queue.healthy && parking.isDecisionDue(claim)) queue.backlog.oweTries(1);
    }
    settlement.conclude(claim, decisions, "");
    return undefined;
  };

  const place = (claim: Claim): Promise<void> | undefined =>
    placeIn(claim, openQueue(soleQueueOf(claim, state.routing)));

  /** There is room in a queue it may be for, or nothing better to do. */
  const isOfUse = (): boolean => {
    let healthy = 0;
    for (const name of state.routing.queues.keys()) {
      const queue = queues.get(name);
      if (queue?.healthy !== true) continue;
      // The capture box says nothing of next hops.
      if (queue.connector !== state.capture) healthy++;
      if (unrouted.mayBeFor(name) && queue.hasRoom(true)) return true;
    }
    if (!state.routing.hasDomainQueues) return healthy === 0;
    // Of the many domains there is always one that would be worked on.
    if (!queues.hasRoomForDomains) return false;
    return unrouted.isForAny || unrouted.names().some((name) => queues.need(name)?.hasRoom(true) !== false);
  };

  const routeSome = async (): Promise<void> => {
    const horizon = unrouted.beginClaim(clock.now());
    try {
      const claims = await spool.claim(submissionQueue, limits.refillClaims, horizon);
      unrouted.claimed(claims.length, limits.refillClaims);
      if (claims.length === 0) wakeForNext(state, wakeUp, submissionQueue);
      const moves = claims.map((claim) => (isStopping(state) ? spool.release(claim) : place(claim)));
      await allOf(moves);
    } catch (error) {
      unrouted.claimFailed();
      throw error;
    }
  };

  /** Fresh mail is taken from memory. */
  const isOpen = (): boolean => !isStopping(state) && !suspended.has(submissionQueue);

  const waits = (message: SpooledMessage): void => {
    const queue = openQueue(soleQueueOfAll(message, state.routing));
    if (queue === undefined || !queue.healthy || !isOpen()) return unrouted.arrived();
    unrouted.arrivedFor(queue.name);
    // There may be room again since it was asked for.
    pumpSoon(queue);
  };

  let routing = false;
  const routeAll = async (): Promise<void> => {
    routing = true;
    try {
      while (unrouted.due && !isStopping(state) && !suspended.has(submissionQueue) && isOfUse())
        await routeSome();
    } catch (error) {
      tellClaimFault(state, error);
    } finally {
      routing = false;
    }
  };

  return {
    fresh: {
      hasRoom(message) {
        if (!isOpen()) return false;
        const queue = openQueue(soleQueueOfAll(message, state.routing));
        // What goes to no healthy queue leaves memory at once.
        return queue === undefined || !queue.healthy || queue.hasRoom(queue.backlog.due || unrouted.due);
      },
      take(claim) {
        if (!isOpen()) {
          spool.release(claim);
          unrouted.arrived();
          return;
        }
        const queue = openQueue(soleQueueOf(claim, state.routing));
        if (queue === undefined || !queue.healthy || queue.failures > 0) return void placeIn(claim, queue);
        queue.incoming.add(clock.now());
        queue.push(claim);
        pumpSoon(queue);
      },
      waits,
    },
    place,
    route() {
      if (!routing && unrouted.due && state.phase === "running") void routeAll();
    },
  };
}

/** Not all moves write: those that do not are undefined. */
export async function allOf(moves: readonly (Promise<void> | undefined | void)[]): Promise<void> {
  await Promise.all(moves.filter((move) => move instanceof Promise));
}
