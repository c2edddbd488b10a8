/** How a claim begins and ends in memory, and how an entry comes to be claimed again. Nothing here is written. */
import type { BodyFiles } from "../bodies/body-file.ts";
import {
  dropKeptBody,
  holdClaim,
  isHeld,
  type LiveClaim,
  type LiveMessage,
} from "../messages/live-message.ts";
import type { MessagesInUse } from "../messages/messages-in-use.ts";
import type { QueueEntry } from "../messages/recipients.ts";
import type { QueueTable } from "../queues/queue-table.ts";
import type { Handover } from "./handover.ts";
import type { QueueName } from "../spool.ts";

export interface Claims {
  /** The recipients of a queue that are due at `now`. Whoever holds nobody else's has asked before. */
  hold(live: LiveMessage, queue: QueueName, now: number): LiveClaim;
  /** Fresh from memory: all recipients, with octets set apart for it. */
  holdFresh(live: LiveMessage, queue: QueueName, freshBytes: number): LiveClaim;
  /** The claim has no effect any more. Its entry is claimable when `makeClaimable` says so. */
  end(claim: LiveClaim): void;
  /** Unless it is held, or its change is still being written. */
  makeClaimable(live: LiveMessage, entry: QueueEntry): void;
}

export function createClaims(parts: {
  readonly messages: MessagesInUse;
  readonly queues: QueueTable;
  readonly bodies: BodyFiles;
  readonly handover: Handover;
}): Claims {
  const { messages, queues, bodies, handover } = parts;
  return {
    hold(live, queue, now) {
      messages.use(live);
      queues.find(queue)?.forget(live.message.id);
      return holdClaim(live, queue, now, bodies, 0);
    },
    holdFresh(live, queue, freshBytes) {
      messages.use(live);
      return holdClaim(live, queue, Number.POSITIVE_INFINITY, bodies, freshBytes);
    },
    end(claim) {
      claim.ended = true;
      const { live, freshBytes } = claim;
      if (freshBytes > 0) dropKeptBody(live);
      handover.free(freshBytes);
      live.claims.splice(live.claims.indexOf(claim), 1);
    },
    makeClaimable(live, { queue, dueAt }) {
      const { id } = live.message;
      const due = queues.find(queue);
      if (due !== undefined && !due.pending.has(id) && !isHeld(live, queue)) due.add({ dueAt, id });
    },
  };
}
