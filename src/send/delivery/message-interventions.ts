/**
 * What an administrator does to single messages. What waits in memory is taken back and acted upon at once; what is
 * on the wire is left to its attempt, and acted upon when that ends without success.
 * Source: Exchange, Suspend-Message, Resume-Message, Remove-Message, Redirect-Message; PendingSuspend and PendingRemove.
 */
import type { MessageId } from "../../core/message/envelope.ts";
import {
  submissionQueue,
  unreachableQueue,
  type Claim,
  type QueueName,
  type RecipientState,
  type Spool,
} from "../../spool/spool.ts";
import type { Clock } from "../../ports/ports.ts";
import { decideRemoval, keptUntried, removalOf, type Decision } from "./decisions.ts";
import type { Carrier } from "./delivery.ts";
import type { DeliveryQueue } from "./delivery-queue.ts";
import type { DeliveryQueues } from "./delivery-queues.ts";
import type { Intervention, PendingIntervention } from "./scheduler-contract.ts";
import type { Settlement } from "./settlement.ts";

/** Where a recipient is moved to. */
export type QueueFor = (forwardPath: string) => QueueName;

/** What waits for the end of an attempt. */
type Wish =
  | { readonly kind: "suspend" }
  | { readonly kind: "remove"; readonly withNdr: boolean }
  | { readonly kind: "redirect"; readonly queueFor: QueueFor };

export interface MessageInterventions {
  suspend(queue: QueueName, id: MessageId, suspended: boolean): Promise<Intervention>;
  remove(queue: QueueName, id: MessageId, withNdr: boolean): Promise<Intervention>;
  /** To the front of its queue; one in Retry tries its next hop with it. */
  retry(queue: QueueName, id: MessageId): Promise<Intervention>;
  /** Each recipient to its queue. `unchanged`: all were there. */
  redirect(queue: QueueName, id: MessageId, queueFor: QueueFor): Promise<Intervention>;
  pendingOn(queue: QueueName, id: MessageId): PendingIntervention | undefined;
  /** What was decided after an attempt, with what an administrator wants of recipients that would be kept. */
  applied(claim: Claim, decisions: readonly Decision[]): readonly Decision[];
  /** Ends a claim as an administrator wants it. False: nobody wants anything, and the claim goes on. */
  takeOver(claim: Claim): boolean;
  /** The attempt has ended. */
  forget(claim: Claim): void;
}

export function createMessageInterventions(options: {
  readonly spool: Pick<Spool, "suspend" | "claimMessage" | "release">;
  readonly settlement: Settlement;
  readonly queues: DeliveryQueues;
  readonly suspended: ReadonlySet<QueueName>;
  readonly underWay: Iterable<Claim>;
  readonly clock: Pick<Clock, "now">;
  /** Begins attempts of a queue. */
  readonly pump: (queue: DeliveryQueue) => void;
  /** A claim that waited in memory is gone from there. */
  readonly onTakenBack: (queue: DeliveryQueue) => void;
  /** A message is due in a queue. */
  readonly onResumed: (queue: QueueName) => void;
}): MessageInterventions {
  const { spool, settlement, queues, suspended, underWay, clock, pump, onTakenBack, onResumed } = options;
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

  const waitsHere = (name: QueueName, id: MessageId): boolean => {
    for (const queue of queues) if (queue.holds(name, id)) return true;
    return false;
  };

  /** A recipient that no connector has a queue for any more stays where it is. */
  const queueOf = (claim: Claim, { index }: RecipientState, queueFor: QueueFor): QueueName => {
    const to = queueFor(claim.message.envelope.recipients[index]?.forwardPath ?? "");
    return queues.has(to) ? to : claim.queue;
  };

  /** Each recipient to its queue; resolves when that is durable where it is one for all. */
  const moved = async (claim: Claim, queueFor: QueueFor): Promise<void> => {
    const now = clock.now();
    const decisions = claim.recipients.map((state) =>
      keptUntried(state, queueOf(claim, state, queueFor), now),
    );
    const [first] = decisions;
    if (first !== undefined && decisions.every(({ queue }) => queue === first.queue))
      await settlement.move(claim, first.queue);
    else settlement.conclude(claim, decisions, "");
  };

  /** A recipient that is kept is due at once elsewhere. */
  const redirected = (decision: Decision, to: QueueName): Decision =>
    decision.step.kind === "keep" && to !== decision.queue
      ? { ...decision, queue: to, step: { ...decision.step, dueAt: clock.now() } }
      : decision;

  const giveUp = (claim: Claim, withNdr: boolean): void =>
    settlement.conclude(claim, decideRemoval(claim, withNdr), queues.get(claim.queue)?.connector.name ?? "");

  /** It waited for its turn, or for a connection. Cost: a look at each queue. */
  const isRecalled = (claim: Claim): boolean => {
    const asked = new Set<Carrier["recallShared"]>();
    for (const { carrier } of queues) {
      const { recallShared } = carrier;
      if (recallShared === undefined) {
        if (carrier.recall?.(claim) === true) return true;
      } else if (!asked.has(recallShared)) {
        if (recallShared(claim)) return true;
        asked.add(recallShared);
      }
    }
    return false;
  };

  /** For a message a claim holds: of ours with an attempt, or waiting for its turn, or of anybody's. */
  const wish = (queue: QueueName, id: MessageId, wanted: Wish): Intervention => {
    const claim = claimUnderWay(queue, id);
    if (claim === undefined) return "busy";
    wishes.set(claim, wanted);
    return isRecalled(claim) ? "done" : "pending";
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
    // Another node that holds it may have been asked to suspend it.
    if (came === "held") return waitsHere(queue, id) ? "unchanged" : "busy";
    return came === "changed" ? "done" : came;
  };

  /** First in line, whatever waits. */
  const tryNext = (queue: DeliveryQueue, claim: Claim): void => {
    queue.putBack(claim);
    if (queue.retryAt !== undefined) queue.reopen();
    pump(queue);
  };

  /** In memory: it need only come to the front. */
  const bringForward = (name: QueueName, id: MessageId): boolean => {
    for (const queue of queues) {
      const claim = queue.takeBack(name, id);
      if (claim === undefined) continue;
      tryNext(queue, claim);
      return true;
    }
    return false;
  };

  /** What is not routed yet, or could not be, is routed; what finds no room in memory is due now on disk. */
  const tryClaimed = (claim: Claim): Intervention => {
    const { queue: name, recipients } = claim;
    const queue = queues.get(name);
    const isRouted = name !== submissionQueue && name !== unreachableQueue;
    if (
      suspended.has(name) ||
      recipients.every((one) => one.suspended) ||
      (isRouted && queue === undefined)
    ) {
      spool.release(claim);
      return "passed";
    }
    const isWhole = recipients.every((one) => !one.suspended);
    if (queue !== undefined && isWhole && queue.hasRoom(false)) tryNext(queue, claim);
    else {
      void settlement.move(claim, isRouted ? name : submissionQueue);
      if (queue?.retryAt !== undefined) queue.reopen();
    }
    return "done";
  };

  return {
    async retry(name, id) {
      const came = await spool.claimMessage(name, id);
      if (came === "missing") return "missing";
      if (came !== "held") return tryClaimed(came);
      if (suspended.has(name)) return "passed";
      if (bringForward(name, id)) return "done";
      return claimUnderWay(name, id) === undefined ? "busy" : "unchanged";
    },
    async redirect(name, id, queueFor) {
      const came = await spool.claimMessage(name, id);
      if (came === "missing") return "missing";
      const claim = came === "held" ? takeBack(name, id) : came;
      if (claim === undefined) return wish(name, id, { kind: "redirect", queueFor });
      const isThere = claim.recipients.every((state) => queueOf(claim, state, queueFor) === name);
      await moved(claim, queueFor);
      return isThere ? "unchanged" : "done";
    },
    async suspend(queue, id, on) {
      if (!on) return resume(queue, id);
      const came = await spool.suspend(queue, id, true);
      if (came === "changed") for (const { carrier } of queues) carrier.gone?.(id);
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
        if (message.id === id && own === queue) return pendingOf[kind];
      return undefined;
    },
    applied(claim, decisions) {
      const wanted = wishes.get(claim);
      if (wanted === undefined) return decisions;
      return decisions.map((decision) => {
        if (decision.step.kind !== "keep") return decision;
        switch (wanted.kind) {
          case "suspend":
            return { ...decision, state: { ...decision.state, suspended: true } };
          case "remove":
            return removalOf(claim, decision.state, wanted.withNdr);
          case "redirect":
            return redirected(decision, queueOf(claim, decision.state, wanted.queueFor));
        }
      });
    },
    takeOver(claim) {
      const wanted = wishes.get(claim);
      if (wanted === undefined) return false;
      wishes.delete(claim);
      if (wanted.kind === "remove") giveUp(claim, wanted.withNdr);
      else if (wanted.kind === "suspend") void settlement.suspend(claim);
      else void moved(claim, wanted.queueFor);
      return true;
    },
    forget(claim) {
      if (wishes.size > 0) wishes.delete(claim);
    },
  };
}

const pendingOf = { suspend: "PendingSuspend", remove: "PendingRemove", redirect: undefined } as const;
