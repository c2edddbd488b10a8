/**
 * The way to a message by its id. In memory are those that a claim holds or whose change is on its way to disk, so that
 * all see the same one; every other is read when it is asked for.
 */
import type { MessageId } from "../../core/message/envelope.ts";
import { TurnoverMap } from "../../core/turnover/places.ts";
import { messageKey, type DueKey } from "../store/keys.ts";
import type { Store } from "../store/journaled-store.ts";
import { comingIn, type ComingIn } from "./coming-in.ts";
import type { EarlierRuns } from "../../core/policy/mail-age.ts";
import { byTheClockOfNow } from "./earlier-runs.ts";
import { hasEntry, isDamage, isHeld, loadMessage, type Damage, type LiveMessage } from "./live-message.ts";
import type { QueueName } from "../spool.ts";

/** Records read before other work gets its turn. */
export const turnRecords = 64;

export interface MessagesInUse {
  readonly comingIn: ComingIn;
  /**
   * Undefined: it is not there, or for nobody now, because it is coming in or being set aside. Cost of one that is not
   * in memory: two lookups, a checksum, a JSON.
   */
  find(id: MessageId): LiveMessage | Damage | undefined;
  /** The same; a damaged one is not there. */
  findWhole(id: MessageId): LiveMessage | undefined;
  /** False once its last recipient is finished. */
  isKept(id: MessageId): boolean;
  /** An entry is held, for nobody now, or not what its message says any more. */
  isTaken(queue: QueueName, entry: DueKey): boolean;
  /** Keeps it in memory until `letGo`. */
  use(live: LiveMessage): void;
  /** What is neither held nor being written needs no memory. */
  letGo(live: LiveMessage): void;
  /** It is being set aside: for nobody until `isAside`, and for ever where that never comes. */
  beginAside(id: MessageId): void;
  isAside(id: MessageId): void;
}

export function messagesInUse(store: Store, earlier: EarlierRuns): MessagesInUse {
  const lives = new TurnoverMap<MessageId, LiveMessage>();
  const goingAside = new Set<MessageId>();
  const coming = comingIn(earlier.lastId);

  const load = (id: MessageId): LiveMessage | Damage | undefined => {
    const found = loadMessage(store, id);
    if (id > earlier.lastId || found === undefined || isDamage(found)) return found;
    return { ...found, message: byTheClockOfNow(found.message, earlier) };
  };

  const find = (id: MessageId): LiveMessage | Damage | undefined => {
    if (coming.has(id) || goingAside.has(id)) return undefined;
    const live = lives.get(id);
    if (live === undefined) return load(id);
    return live.gone ? undefined : live;
  };

  return {
    comingIn: coming,
    find,
    findWhole(id) {
      const found = find(id);
      return found === undefined || isDamage(found) ? undefined : found;
    },
    isKept(id) {
      const live = lives.get(id);
      return live === undefined ? store.tables.messages.doesExist(messageKey(id)) : live.entries.length > 0;
    },
    isTaken(queue, { id, dueAt }) {
      if (coming.has(id) || goingAside.has(id)) return true;
      const live = lives.get(id);
      return live !== undefined && (isHeld(live, queue) || !hasEntry(live, queue, dueAt));
    },
    use: (live) => lives.set(live.message.id, live),
    letGo(live) {
      if (live.claims.length === 0 && live.unwritten === 0) lives.delete(live.message.id);
    },
    beginAside: (id) => void goingAside.add(id),
    isAside: (id) => void goingAside.delete(id),
  };
}
