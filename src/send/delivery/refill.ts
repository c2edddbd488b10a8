/** Gets mail from disk into the memory of its queue, some at a time. */
import { SpoolError, type QueueName } from "../../spool/spool.ts";
import type { DeliveryQueue } from "./delivery-queue.ts";
import type { DeliveryState } from "./delivery-state.ts";
import type { Parking } from "./parking.ts";
import type { WakeUp } from "./wake-up.ts";

/** Claims as many entries as the queue has use for; does nothing while a claim is under way. */
export async function refill(
  state: DeliveryState,
  queue: DeliveryQueue,
  parts: {
    readonly parking: Pick<Parking, "park">;
    readonly wakeUp: WakeUp;
    readonly pump: (queue: DeliveryQueue) => void;
  },
): Promise<void> {
  const { spool, clock, queues } = state;
  const { backlog, appetite } = queue;
  if (backlog.claiming || state.phase === "stopping" || !queues.isOpen(queue)) return;
  if (appetite === 0) return queue.waitForRoom();
  const horizon = backlog.beginClaim(clock.now());
  const arrived = queue.expect(appetite);
  try {
    const claims = await spool.claim(queue.name, appetite, horizon);
    arrived();
    backlog.claimed(claims.length, appetite);
    if (claims.length === 0) wakeForNext(state, parts.wakeUp, queue.name);
    for (const claim of claims) {
      if (isStopping(state)) spool.release(claim);
      else if (queue.healthy && queues.isOpen(queue)) queue.push(claim);
      else void parts.parking.park(claim, queue.name);
    }
  } catch (error) {
    arrived();
    backlog.claimFailed();
    tellClaimFault(state, error);
  }
  parts.pump(queue);
  queues.dropIfEmpty(queue, spool, clock.now());
}

/** As it is behind an await. */
export function isStopping({ phase }: DeliveryState): boolean {
  return phase === "stopping";
}

/** What is due later in a queue that gave all that is due now. Before its write is done it is not to be had. */
export function wakeForNext({ spool, clock, limits }: DeliveryState, wakeUp: WakeUp, name: QueueName): void {
  const next = spool.nextDueAt(name);
  if (next !== undefined) wakeUp.at(Math.max(next, clock.now() + limits.askAgainMs), name);
}

export function tellClaimFault({ events }: DeliveryState, error: unknown): void {
  if (error instanceof SpoolError && error.code === "closed") return;
  events.emit("SpoolFault", { error: String(error) });
}
