/**
 * A second way for mail that a connector does not get rid of (`fallbackConnector`). A queue is relieved when nothing could
 * be handed over for `fallbackAfter`: what waits in it moves, claim by claim, each in one write that ends the claim, so
 * that it stands in one queue or the other and what is on the wire is settled first. Two messages still try the next hop
 * when the queue's rest is over; the first success ends it. What a budget or a hold keeps back moves alone.
 */
import { mayTakeOver } from "../../core/tls-policy/taking-over.ts";
import type { Claim, QueueName, SpooledMessage } from "../../spool/spool.ts";
import { timeText } from "./decision-events.ts";
import { keptUntried, routedAnew } from "./decisions.ts";
import type { DeliveryQueue } from "./delivery-queue.ts";
import type { DeliveryState } from "./delivery-state.ts";
import { forwardPathsOf } from "./claim-routes.ts";
import { tellClaimFault } from "./refill.ts";
import type { Settlement } from "./settlement.ts";
import { trackTakenOver } from "./track-delivery.ts";

export interface Fallbacks {
  /** When a queue that fails is relieved; undefined: it has no fallback, or does not fail. */
  beginsAt(queue: DeliveryQueue): number | undefined;
  /** The queue that takes a message of a queue over now, for all these recipients; told. Undefined: it stays. */
  takeOver(
    queue: DeliveryQueue,
    message: SpooledMessage,
    forwardPaths: readonly string[],
  ): QueueName | undefined;
  /** Moves a claim out of a queue. False: it stays. `reason`: of what it alone is kept from; else the queue's failure. */
  relieve(queue: DeliveryQueue, claim: Claim, reason?: string): boolean;
  /** Moves what waits on disk and is due. Does nothing while it goes on, or where there is nothing to relieve. */
  drain(queue: DeliveryQueue): Promise<void>;
  /** A queue handed a message over. Cost: one look. */
  handedOver(queue: DeliveryQueue): void;
}

/** Where a recipient goes instead. */
type Place =
  | { readonly kind: "queue"; readonly name: QueueName }
  /** What would take it does not work itself now. */
  | { readonly kind: "away" }
  /** It may not have this message. */
  | { readonly kind: "notForIt" };
const away: Place = { kind: "away" };
const notForIt: Place = { kind: "notForIt" };

/** What went another way for a budget or a hold is over when none did for so long. */
const quietMs = 5 * 60_000;
const longestChain = 20;

export function createFallbacks(
  state: DeliveryState,
  parts: {
    readonly settlement: Pick<Settlement, "conclude" | "idle">;
    /** A message in a queue is past its time: it is tried there first. */
    readonly isDecisionDue: (claim: Claim) => boolean;
  },
): Fallbacks {
  const { spool, events, clock, limits, queues, tracking } = state;
  const draining = new Set<DeliveryQueue>();
  /** As it is behind an await. */
  const isOver = (): boolean => state.phase === "stopping";

  const beginsAt = ({ connector: { fallback }, firstFailureAt }: DeliveryQueue): number | undefined =>
    fallback === undefined || firstFailureAt === undefined ? undefined : firstFailureAt + fallback.afterMs;

  /** Its mail goes another way: it rests, or has all that tries the next hop. */
  const isRelieved = (queue: DeliveryQueue): boolean => {
    const at = beginsAt(queue);
    if (at === undefined || at > clock.now() || queue.suspended) return false;
    return queue.retryAt !== undefined || queue.hasProbes;
  };

  /** Along the connectors that take over from each other, the first whose queue is at work. */
  const placeOf = (queue: DeliveryQueue, forwardPath: string, message: SpooledMessage): Place => {
    const { tls } = message.envelope;
    const ofDomain = queue.carrier.demandedTls?.() ?? "clear";
    let from = queue;
    for (let step = 0; step < longestChain; step++) {
      const name = state.routing.fallbackOf(from.connector, forwardPath, message);
      const next = name === undefined ? undefined : queues.need(name);
      if (name === undefined || next === undefined || next === queue) return notForIt;
      if (!mayTakeOver(queue.connector, next.connector, ofDomain, tls)) return notForIt;
      if (from !== queue && !mayTakeOver(from.connector, next.connector, "clear", tls)) return notForIt;
      if (next.healthy) return { kind: "queue", name };
      if (!isRelieved(next)) return away;
      from = next;
    }
    return notForIt;
  };

  /** One for each recipient, or why there is none. */
  const placesOf = (
    queue: DeliveryQueue,
    message: SpooledMessage,
    forwardPaths: readonly string[],
  ): readonly QueueName[] | Exclude<Place["kind"], "queue"> => {
    const names: QueueName[] = [];
    for (const path of forwardPaths) {
      const place = placeOf(queue, path, message);
      if (place.kind !== "queue") return place.kind;
      names.push(place.name);
    }
    return names;
  };

  const failureText = ({ firstFailureAt, lastError }: DeliveryQueue): string =>
    `nothing was handed over since ${timeText(clock, firstFailureAt ?? clock.now())} (${lastError?.text ?? "no answer"})`;

  const tell = (
    queue: DeliveryQueue,
    message: SpooledMessage,
    forwardPaths: readonly string[],
    to: QueueName,
    reason: string | undefined,
  ): void => {
    const connector = queue.connector.name;
    const fallback = queues.get(to)?.connector.name ?? to;
    const why = reason ?? failureText(queue);
    const now = clock.now();
    if (queue.relief === undefined)
      events.emit("FallbackBegan", { queue: queue.name, connector, fallback, reason: why });
    const since = queue.relief?.since ?? now;
    const messages = (queue.relief?.messages ?? 0) + 1;
    queue.relief = { connector: fallback, since, lastAt: now, messages, ofQueue: reason === undefined };
    if (tracking.enabled) trackTakenOver(tracking, message, forwardPaths, fallback, connector, why);
    if (events.wants("MessageTakenOver"))
      events.emit("MessageTakenOver", {
        id: message.id,
        recipients: forwardPaths.length,
        connector,
        fallback,
        reason: why,
      });
  };

  const relieve = (
    queue: DeliveryQueue,
    claim: Claim,
    reason?: string,
  ): "moved" | Exclude<Place["kind"], "queue"> => {
    if (isOver() || !queues.isOpen(queue) || claim.recipients.some((one) => one.suspended)) return "notForIt";
    if (reason === undefined && !isRelieved(queue)) return "notForIt";
    const { message } = claim;
    const paths = forwardPathsOf(claim);
    const places = placesOf(queue, message, paths);
    if (typeof places === "string") return places;
    const now = clock.now();
    const isLate = parts.isDecisionDue(claim);
    for (const place of new Set(places)) {
      const taking = queues.need(place);
      taking?.incoming.add(now);
      if (isLate) taking?.backlog.oweTries(1);
      tell(
        queue,
        message,
        paths.filter((_, at) => places[at] === place),
        place,
        reason,
      );
    }
    queue.carrier.gone?.(message.id);
    parts.settlement.conclude(
      claim,
      claim.recipients.map((one, at) => keptUntried(routedAnew(one), places[at] ?? claim.queue, now)),
      "",
    );
    return "moved";
  };

  const drainAll = async (queue: DeliveryQueue): Promise<void> => {
    while (isResting(queue) && isRelieved(queue) && queues.isOpen(queue) && !isOver()) {
      const claims = await spool.claim(queue.name, limits.refillClaims, clock.now());
      if (claims.length === 0) return;
      const outcomes = claims.map((claim) => {
        const outcome = relieve(queue, claim);
        // What stays is for its own next hop, which is tried again then.
        if (outcome === "notForIt") spool.release(claim, queue.retryAt);
        else if (outcome === "away") spool.release(claim);
        return outcome;
      });
      if (outcomes.includes("away")) return;
      await parts.settlement.idle();
    }
  };
  const isResting = ({ retryAt }: DeliveryQueue): boolean => retryAt !== undefined && retryAt > clock.now();

  return {
    beginsAt,
    takeOver(queue, message, forwardPaths) {
      if (!isRelieved(queue)) return undefined;
      const places = placesOf(queue, message, forwardPaths);
      const [place] = typeof places === "string" ? [] : places;
      if (place === undefined || !Array.isArray(places) || places.some((one) => one !== place))
        return undefined;
      tell(queue, message, forwardPaths, place, undefined);
      return place;
    },
    relieve: (queue, claim, reason) => relieve(queue, claim, reason) === "moved",
    async drain(queue) {
      if (draining.has(queue) || !isResting(queue) || !isRelieved(queue)) return;
      const next = spool.nextDueAt(queue.name);
      if (next === undefined || next > clock.now()) return;
      draining.add(queue);
      try {
        await drainAll(queue);
      } catch (error) {
        tellClaimFault(state, error);
      } finally {
        draining.delete(queue);
      }
    },
    handedOver(queue) {
      const { relief } = queue;
      if (relief === undefined || (!relief.ofQueue && clock.now() - relief.lastAt < quietMs)) return;
      queue.relief = undefined;
      events.emit("FallbackEnded", {
        queue: queue.name,
        connector: queue.connector.name,
        fallback: relief.connector,
        messages: relief.messages,
        since: timeText(clock, relief.since),
      });
    },
  };
}
