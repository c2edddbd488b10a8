/** Beginning claims on what is due or named, and ending them without a change. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { MessageId } from "../../core/message/envelope.ts";
import { hasEntry, isDamage, isHeld, type LiveClaim } from "../messages/live-message.ts";
import { turnRecords, type MessagesInUse } from "../messages/messages-in-use.ts";
import { everyRecipient } from "../messages/recipients.ts";
import type { QueueTable } from "../queues/queue-table.ts";
import { closedError, type GroupCommit } from "../store/group-commit.ts";
import type { DueKey } from "../store/keys.ts";
import type { Change } from "./changes.ts";
import type { Claims } from "./claims.ts";
import type { SetAside } from "./set-aside.ts";
import type { Claim, QueueName } from "../spool.ts";

export interface Claiming {
  /** `Spool.claim`. */
  due(queue: QueueName, limit: number, now: number): Promise<Claim[]>;
  /** `Spool.claimMessage`. */
  message(queue: QueueName, id: MessageId): Promise<Claim | "held" | "missing">;
  /** `Spool.release`. */
  release(claim: LiveClaim, notBefore: number | undefined): void;
}

export function createClaiming(parts: {
  readonly messages: MessagesInUse;
  readonly queues: QueueTable;
  readonly group: GroupCommit;
  readonly claims: Claims;
  readonly change: Change;
  readonly setAside: SetAside;
  /** How many entries of a queue are put off in memory; more are on disk. */
  readonly putOffAtMost: number;
}): Claiming {
  const { messages, queues, group, claims, change, setAside, putOffAtMost } = parts;

  /** Holds the message of a candidate, or deals with what stands in the way. */
  const holdCandidate = async (
    queue: QueueName,
    entry: DueKey,
    now: number,
    held: Claim[],
  ): Promise<void> => {
    const { id, dueAt } = entry;
    if (messages.isTaken(queue, entry)) return;
    const found = messages.find(id);
    if (found === undefined) return setAside.dangling(queue, entry);
    if (isDamage(found)) {
      const own = found.entries.some((known) => known.queue === queue);
      return setAside.message(id, found.what, own ? found.entries : [...found.entries, { queue, dueAt }]);
    }
    if (hasEntry(found, queue, dueAt)) held.push(claims.hold(found, queue, now));
    else await setAside.dangling(queue, entry);
  };

  return {
    async due(queue, limit, now) {
      const held: Claim[] = [];
      if (queues.isBeingWritten(queue)) await group.tried();
      while (held.length < limit && !group.closed) {
        const batch = queues.takeCandidates(queue, now, Math.min(limit - held.length, turnRecords));
        if (batch.length === 0) break;
        const obstacles: Promise<void>[] = [];
        for (const entry of batch) obstacles.push(holdCandidate(queue, entry, now, held));
        await Promise.all(obstacles);
        if (held.length < limit) await nextTurn();
      }
      return held;
    },
    async message(queue, id) {
      if (queues.isBeingWritten(queue)) await group.tried();
      if (group.closed) throw closedError();
      const live = messages.findWhole(id);
      if (!live?.entries.some((entry) => entry.queue === queue)) return "missing";
      return isHeld(live, queue) ? "held" : claims.hold(live, queue, everyRecipient);
    },
    release(claim, notBefore) {
      const { live, queue } = claim;
      if (claim.ended || live.gone) return;
      claims.end(claim);
      const { id } = live.message;
      const entry = live.entries.find((one) => one.queue === queue);
      const due = queues.find(queue);
      if (entry !== undefined && due !== undefined) {
        if (notBefore === undefined || notBefore <= entry.dueAt) claims.makeClaimable(live, entry);
        else if (due.putOff < putOffAtMost) due.addLater({ id, dueAt: entry.dueAt }, notBefore);
        else {
          const later = live.recipients.map((recipient) =>
            recipient.queue === queue && recipient.dueAt < notBefore
              ? { ...recipient, dueAt: notBefore }
              : recipient,
          );
          change(live, later).catch(() => undefined);
        }
      }
      messages.letGo(live);
    },
  };
}
