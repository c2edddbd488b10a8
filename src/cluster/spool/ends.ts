/** How a claim's end stands in a commit: what is left of its entry, and what goes into other queues. */
import { entriesOf, type PlacedRecipient } from "../../spool/messages/recipients.ts";
import type { End, Move } from "./commit-call.ts";
import { encodeEntry } from "./entry-state.ts";
import type { HeldClaim } from "./live-messages.ts";
import type { ViewChange } from "./queue-view.ts";

export interface PreparedEnd {
  readonly end: End;
  readonly seen: ViewChange;
  /** As far as this node knows: nothing of the message is left anywhere. */
  readonly isLast: boolean;
}

function endOf({ live, queue, was }: HeldClaim, left: End["left"], moves: readonly Move[]): End {
  const { message, content } = live;
  return {
    id: message.id,
    queue,
    was,
    arrivedAt: message.arrivedAt,
    isShared: live.isShared,
    isLarge: !Buffer.isBuffer(content),
    left,
    moves,
  };
}

/** It ends as it was. */
export function unchangedEnd(claim: HeldClaim): PreparedEnd {
  const seen = { size: 0, messages: [], due: [[claim.queue, claim.dueAt] as const] };
  return { end: endOf(claim, "same", []), seen, isLast: false };
}

/** `recipients`: what becomes of all that stand in the claim's entry; those that are finished are not among them. */
export function changedEnd(claim: HeldClaim, recipients: readonly PlacedRecipient[]): PreparedEnd {
  const { live, queue } = claim;
  const moves: Move[] = [];
  let left: Omit<Move, "queue"> | undefined;
  const messages: (readonly [string, number])[] = [];
  const due: (readonly [string, number])[] = [];
  for (const entry of recipients.length === 0 ? [] : entriesOf(recipients)) {
    const state = encodeEntry(recipients.filter((one) => one.queue === entry.queue));
    due.push([entry.queue, entry.dueAt]);
    if (entry.queue === queue) left = { dueAt: entry.dueAt, state };
    else {
      moves.push({ queue: entry.queue, dueAt: entry.dueAt, state });
      if (!live.queues.has(entry.queue)) messages.push([entry.queue, 1]);
      live.queues.add(entry.queue);
    }
  }
  const end = endOf(claim, left, moves);
  if (left === undefined) {
    messages.push([queue, -1]);
    live.queues.delete(queue);
  }
  const isLast = live.queues.size === 0;
  // From now on others may hold some of it.
  if (moves.length > 0 && live.queues.size > 1) live.isShared = true;
  return { end, seen: { size: isLast ? -1 : 0, messages, due }, isLast };
}
