/**
 * What an administrator does to single messages. What waits in memory is taken back and acted upon at once; what is
 * on the wire is left to its attempt, and acted upon when that ends without success.
 * Source: Exchange, Suspend-Message, Resume-Message, Remove-Message; PendingSuspend and PendingRemove.
 */
import type { MessageId } from "../../core/message/envelope.ts";
import type { Claim, QueueName, Spool } from "../../spool/spool.ts";
import { decideRemoval, removalOf, type Decision } from "./decisions.ts";
import type { DeliveryQueue } from "./delivery-queue.ts";
import type { DeliveryQueues } from "./delivery-queues.ts";
import type { Intervention, PendingIntervention } from "./scheduler-contract.ts";
import type { Settlement } from "./settlement.ts";

/** What waits for the end of an attempt. */
type Wish = { readonly kind: "suspend" } | { readonly kind: "remove"; readonly withNdr: boolean };

export interface MessageInterventions {
  suspend(queue: QueueName, id: MessageId, suspended: boolean): Promise<Intervention>;
  remove(queue: QueueName, id: MessageId, withNdr: boolean): Promise<Intervention>;
  pendingOn(queue: QueueName, id: MessageId): PendingIntervention | undefined;
  /** What was decided after an attempt, with what an administrator wants of recipients that would be kept. */
  applied(claim: Claim, decisions: readonly Decision[]): readonly Decision[];
  /** Ends a claim as an administrator wants it. False: nobody wants anything, and the claim goes on. */
  takeOver(claim: Claim): boolean;
  /** The attempt has ended. */
  forget(claim: Claim): void;
}

export function createMessageInterventions(options: {
  readonly spool: Pick<Spool, "suspend" | "claimMessage">;
  readonly settlement: Settlement;
  readonly queues: DeliveryQueues;
  readonly underWay: ReadonlySet<Claim>;
  /** A claim that waited in memory is gone from there. */
  readonly onTakenBack: (queue: DeliveryQueue) => void;
  /** A message is due in a queue. */
  readonly onResumed: (queue: QueueName) => void;
}): MessageInterventions {
  const { spool, settlement, queues, underWay, onTakenBack, onResumed } = options;
  const wishes = new Map<Claim, Wish>();

  const claimUnderWay = (queue: QueueName, id: MessageId): Claim | undefined => {
    for (const claim of underWay) if (claim.message.id === id && claim.queue === queue) return claim;
    return undefined;
  };

  const takeBack = (name: QueueName, id: MessageId): Claim | undefined => {
    for (const queue of queues) {
      const claim = queue.takeBack(name, id);
      if (claim === undefined) continue;
      onTakenBack(queue);
      return claim;
    }
    return undefined;
  };

  const giveUp = (claim: Claim, withNdr: boolean): void =>
    settlement.conclude(claim, decideRemoval(claim, withNdr), queues.get(claim.queue)?.connector.name ?? "");

  /** For a message a claim holds: of ours with an attempt, or of anybody's. */
  const wish = (queue: QueueName, id: MessageId, wanted: Wish): Intervention => {
    const claim = claimUnderWay(queue, id);
    if (claim === undefined) return "busy";
    wishes.set(claim, wanted);
    return "pending";
  };

  const resume = async (queue: QueueName, id: MessageId): Promise<Intervention> => {
    const claim = claimUnderWay(queue, id);
    if (claim !== undefined) {
      if (wishes.get(claim)?.kind !== "suspend") return "unchanged";
      wishes.delete(claim);
      return "done";
    }
    const came = await spool.suspend(queue, id, false);
    if (came === "changed") onResumed(queue);
    return came === "changed" ? "done" : came === "missing" ? "missing" : "unchanged";
  };

  return {
    async suspend(queue, id, suspended) {
      if (!suspended) return resume(queue, id);
      const came = await spool.suspend(queue, id, true);
      if (came !== "held") return came === "changed" ? "done" : came;
      const waiting = takeBack(queue, id);
      if (waiting === undefined) return wish(queue, id, { kind: "suspend" });
      return (await settlement.suspend(waiting)) === "settled" ? "done" : "busy";
    },
    async remove(queue, id, withNdr) {
      const came = await spool.claimMessage(queue, id);
      if (came === "missing") return "missing";
      const claim = came === "held" ? takeBack(queue, id) : came;
      if (claim === undefined) return wish(queue, id, { kind: "remove", withNdr });
      giveUp(claim, withNdr);
      return "done";
    },
    pendingOn(queue, id) {
      for (const [{ message, queue: own }, { kind }] of wishes)
        if (message.id === id && own === queue)
          return kind === "suspend" ? "PendingSuspend" : "PendingRemove";
      return undefined;
    },
    applied(claim, decisions) {
      const wanted = wishes.get(claim);
      if (wanted === undefined) return decisions;
      return decisions.map((decision) => {
        if (decision.step.kind !== "keep") return decision;
        return wanted.kind === "suspend"
          ? { ...decision, state: { ...decision.state, suspended: true } }
          : removalOf(claim, decision.state, wanted.withNdr);
      });
    },
    takeOver(claim) {
      const wanted = wishes.get(claim);
      if (wanted === undefined) return false;
      wishes.delete(claim);
      if (wanted.kind === "remove") giveUp(claim, wanted.withNdr);
      else void settlement.suspend(claim);
      return true;
    },
    forget(claim) {
      if (wishes.size > 0) wishes.delete(claim);
    },
  };
}
