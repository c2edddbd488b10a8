/** Beginning claims, and ending them without a change. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { MessageId } from "../../core/message/envelope.ts";
import { change } from "./changes.ts";
import { maxLater } from "../queues/due-queue.ts";
import type { DueKey } from "../store/keys.ts";
import { isDamage, isHeld, loadMessage, type LiveClaim } from "../messages/live-message.ts";
import { removeDangling, setAside } from "./set-aside.ts";
import {
  assertOpen,
  endClaim,
  everyRecipient,
  hasEntry,
  hold,
  isTaken,
  letGo,
  makeClaimable,
  turnRecords,
  type SpoolState,
} from "./spool-state.ts";
import type { Claim, QueueName } from "../spool.ts";

/** `Spool.claim`. */
export async function claimDue(
  spool: SpoolState,
  queue: QueueName,
  limit: number,
  now: number,
): Promise<Claim[]> {
  assertOpen(spool);
  const claims: Claim[] = [];
  if ((spool.queues.find(queue)?.pending.size ?? 0) > 0) await spool.group.tried();
  while (claims.length < limit && !spool.closed) {
    const batch = spool.queues.take(queue, now, Math.min(limit - claims.length, turnRecords));
    if (batch.length === 0) break;
    const obstacles: Promise<void>[] = [];
    for (const entry of batch) obstacles.push(holdCandidate(spool, queue, entry, now, claims));
    await Promise.all(obstacles);
    if (claims.length < limit) await nextTurn();
  }
  return claims;
}

/** Holds the message of a candidate, or deals with what stands in the way. */
async function holdCandidate(
  spool: SpoolState,
  queue: QueueName,
  entry: DueKey,
  now: number,
  claims: Claim[],
) {
  const { id, dueAt } = entry;
  if (isTaken(spool.memory, queue, entry)) return;
  const loaded = spool.memory.lives.get(id) ?? loadMessage(spool, id);
  if (loaded === undefined) return removeDangling(spool, queue, entry);
  if (isDamage(loaded)) {
    const own = loaded.entries.some((known) => known.queue === queue);
    return setAside(spool, id, loaded.what, own ? loaded.entries : [...loaded.entries, { queue, dueAt }]);
  }
  if (hasEntry(loaded, queue, dueAt)) claims.push(hold(spool, loaded, queue, now));
  else await removeDangling(spool, queue, entry);
}

/** `Spool.claimMessage`. */
export async function claimMessage(
  spool: SpoolState,
  queue: QueueName,
  id: MessageId,
): Promise<Claim | "held" | "missing"> {
  assertOpen(spool);
  const { memory } = spool;
  if ((spool.queues.find(queue)?.pending.size ?? 0) > 0) await spool.group.tried();
  assertOpen(spool);
  if (memory.comingIn.has(id) || memory.damaged.has(id)) return "missing";
  const live = memory.lives.get(id) ?? loadMessage(spool, id);
  if (live === undefined || isDamage(live) || live.gone) return "missing";
  if (!live.entries.some((entry) => entry.queue === queue)) return "missing";
  if (isHeld(live, queue)) return "held";
  return hold(spool, live, queue, everyRecipient);
}

/** `Spool.release`. */
export function release(spool: SpoolState, claim: Claim, notBefore: number | undefined): void {
  const own = claim as LiveClaim;
  const { live, queue } = own;
  if (own.ended || live.gone) return;
  endClaim(spool, own);
  const { id } = live.message;
  const entry = live.entries.find((one) => one.queue === queue);
  const due = spool.queues.find(queue);
  if (entry !== undefined && due !== undefined) {
    if (notBefore === undefined) makeClaimable(spool, live, entry);
    else if (due.putOff < maxLater) due.addLater({ id, dueAt: entry.dueAt }, notBefore);
    else {
      const later = live.recipients.map((recipient) =>
        recipient.queue === queue && recipient.dueAt < notBefore
          ? { ...recipient, dueAt: notBefore }
          : recipient,
      );
      change(spool, live, later, []).catch(() => undefined);
    }
  }
  letGo(spool, live);
}
