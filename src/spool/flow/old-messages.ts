/**
 * `Spool.walkOld`: a walk over messages in the order in which they began to come in. Ids are drawn then, so they tell
 * where a walk may stop, but not what is old: a message is as old as its acceptance, which may be hours later, and after
 * a restart under another clock ids say nothing of time. So what the walk passes without having given it whole is
 * remembered, and met again in the next round; a round ends with a call that finds nothing.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { MessageId } from "../../core/message/envelope.ts";
import { isDamage, isHeld, loadMessage } from "../messages/live-message.ts";
import { drawnAt } from "../messages/message-ids.ts";
import { messageIdOf, messageKey } from "../store/keys.ts";
import { assertOpen, everyRecipient, hold, turnRecords, type SpoolState } from "./spool-state.ts";
import type { Claim, OldMessages, QueueName } from "../spool.ts";

/** More than these are not remembered singly: the next round walks over the others once more. */
const maxPassed = 10_000;

export function walkOld(spool: SpoolState, passedAtMost = maxPassed): OldMessages {
  const { memory, store } = spool;
  /** All up to here were met in this round or are in `again`. */
  let at: MessageId = 0;
  /** Passed by earlier rounds, to be met first; from `againFrom` on in this one. */
  let again: MessageId[] = [];
  let againFrom = 0;
  /** Passed in this round. */
  let passed: MessageId[] = [];
  /** The next round begins behind this one: there was no room in `passed`. */
  let restartAt: MessageId | undefined;

  const pass = (id: MessageId): void => {
    if (restartAt !== undefined) return;
    if (passed.length < passedAtMost) passed.push(id);
    else restartAt = id - 1;
  };

  /** False: its claims are more than there is room for. */
  const meet = (
    id: MessageId,
    arrivedBefore: number,
    limit: number,
    leaves: (queue: QueueName) => boolean,
    claims: Claim[],
  ): boolean => {
    if (memory.comingIn.has(id)) {
      pass(id);
      return true;
    }
    if (memory.damaged.has(id)) return true;
    const live = memory.lives.get(id) ?? loadMessage(spool, id);
    if (live === undefined || isDamage(live) || live.gone) return true;
    if (live.message.arrivedAt >= arrivedBefore) {
      pass(id);
      return true;
    }
    const free = live.entries.filter(({ queue }) => !isHeld(live, queue) && !leaves(queue));
    if (claims.length > 0 && claims.length + free.length > limit) return false;
    if (free.length < live.entries.length) pass(id);
    for (const { queue } of free) claims.push(hold(spool, live, queue, everyRecipient));
    return true;
  };

  /** The ids above `at` that may be old, some of them; those coming in too. None: there are no more. */
  const following = (arrivedBefore: number): MessageId[] => {
    // Ids that run ahead of the clock do not tell who arrived before whom.
    const idsTellTime = drawnAt(memory.comingIn.last) <= spool.clock.now();
    const found: MessageId[] = [];
    for (const key of store.tables.messages.getKeys({ start: messageKey(at + 1), limit: turnRecords })) {
      const id = messageIdOf(key);
      if (idsTellTime && drawnAt(id) >= arrivedBefore) break;
      found.push(id);
    }
    const end = found.at(-1);
    if (end === undefined) return found;
    const coming = memory.comingIn.between(at, end).filter((id) => !found.includes(id));
    return coming.length === 0 ? found : [...found, ...coming].sort((a, b) => a - b);
  };

  const endRound = (): void => {
    again = passed.sort((a, b) => a - b);
    againFrom = 0;
    passed = [];
    if (restartAt !== undefined) at = Math.min(at, restartAt);
    restartAt = undefined;
  };

  return {
    async claim(arrivedBefore, limit, leaves = () => false) {
      assertOpen(spool);
      const claims: Claim[] = [];
      for (let examined = 1; againFrom < again.length; examined++) {
        if (claims.length >= limit || spool.closed) return claims;
        if (!meet(again[againFrom] as MessageId, arrivedBefore, limit, leaves, claims)) return claims;
        againFrom++;
        if (examined % turnRecords === 0) await nextTurn();
      }
      while (!spool.closed) {
        const ids = following(arrivedBefore);
        if (ids.length === 0) break;
        for (const id of ids) {
          if (claims.length >= limit || !meet(id, arrivedBefore, limit, leaves, claims)) return claims;
          at = id;
        }
        await nextTurn();
      }
      if (claims.length === 0) endRound();
      return claims;
    },
  };
}
