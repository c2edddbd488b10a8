/**
 * `Spool.walkOld`: a walk over messages in the order in which they began to come in. Ids are drawn then, so they tell
 * where a walk may stop, but not what is old: a message is as old as its acceptance, which may be hours later, and after
 * a restart under another clock ids say nothing of time. So what the walk passes without having given it whole is
 * remembered, and met again in the next round; a round ends with a call that finds nothing.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { MessageId } from "../../core/message/envelope.ts";
import type { Clock } from "../../ports/ports.ts";
import { isHeld } from "../messages/live-message.ts";
import { drawnAt } from "../messages/message-ids.ts";
import { turnRecords, type MessagesInUse } from "../messages/messages-in-use.ts";
import { everyRecipient } from "../messages/recipients.ts";
import { closedError, type GroupCommit } from "../store/group-commit.ts";
import type { Store } from "../store/journaled-store.ts";
import { messageIdOf, messageKey } from "../store/keys.ts";
import type { Claims } from "./claims.ts";
import type { Claim, OldMessages, QueueName } from "../spool.ts";

interface Asked {
  readonly arrivedBefore: number;
  readonly limit: number;
  readonly leaves: (queue: QueueName) => boolean;
}

/** More than these are not remembered singly: the next round walks over the others once more. */
const maxPassed = 10_000;

export function walkOld(
  parts: {
    readonly clock: Clock;
    readonly store: Pick<Store, "tables">;
    readonly group: Pick<GroupCommit, "closed">;
    readonly messages: MessagesInUse;
    readonly claims: Pick<Claims, "hold">;
  },
  passedAtMost = maxPassed,
): OldMessages {
  const { clock, store, group, messages, claims } = parts;
  const { comingIn } = messages;
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
  const meet = (id: MessageId, { arrivedBefore, limit, leaves }: Asked, held: Claim[]): boolean => {
    if (comingIn.has(id)) {
      pass(id);
      return true;
    }
    const live = messages.findWhole(id);
    if (live === undefined) return true;
    if (live.message.arrivedAt >= arrivedBefore) {
      pass(id);
      return true;
    }
    const free = live.entries.filter(({ queue }) => !isHeld(live, queue) && !leaves(queue));
    if (held.length > 0 && held.length + free.length > limit) return false;
    if (free.length < live.entries.length) pass(id);
    for (const { queue } of free) held.push(claims.hold(live, queue, everyRecipient));
    return true;
  };

  /** The ids above `at` that may be old, some of them; those coming in too. None: there are no more. */
  const following = (arrivedBefore: number): MessageId[] => {
    // Ids that run ahead of the clock do not tell who arrived before whom.
    const idsTellTime = drawnAt(comingIn.last) <= clock.now();
    const found: MessageId[] = [];
    for (const key of store.tables.messages.getKeys({ start: messageKey(at + 1), limit: turnRecords })) {
      const id = messageIdOf(key);
      if (idsTellTime && drawnAt(id) >= arrivedBefore) break;
      found.push(id);
    }
    const end = found.at(-1);
    if (end === undefined) return found;
    const coming = comingIn.between(at, end).filter((id) => !found.includes(id));
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
      if (group.closed) throw closedError();
      const asked = { arrivedBefore, limit, leaves };
      const held: Claim[] = [];
      for (let examined = 1; againFrom < again.length; examined++) {
        if (held.length >= limit || group.closed) return held;
        if (!meet(again[againFrom] as MessageId, asked, held)) return held;
        againFrom++;
        if (examined % turnRecords === 0) await nextTurn();
      }
      while (!group.closed) {
        const ids = following(arrivedBefore);
        if (ids.length === 0) break;
        for (const id of ids) {
          if (held.length >= limit || !meet(id, asked, held)) return held;
          at = id;
        }
        await nextTurn();
      }
      if (held.length === 0) endRound();
      return held;
    },
  };
}
