/** Messages on their way in: an id is drawn, and the message is neither kept nor given up yet. Memory: an id for each. */
import type { MessageId } from "../../core/message/envelope.ts";
import { messageIds } from "./message-ids.ts";

export interface ComingIn {
  /** The last id drawn, by an earlier run perhaps. */
  readonly last: MessageId;
  /** A message begins. */
  begin(nowMs: number): MessageId;
  has(id: MessageId): boolean;
  /** Kept now, or given up. */
  end(id: MessageId): void;
  /** Those with ids above `after` and not above `upTo`, in order. */
  between(after: MessageId, upTo: MessageId): MessageId[];
}

/** `last`: the last id of an earlier run, or 0. */
export function comingIn(last: MessageId): ComingIn {
  const draw = messageIds(last);
  const ids = new Set<MessageId>();
  let drawn = last;
  return {
    get last() {
      return drawn;
    },
    begin(nowMs) {
      const id = (drawn = draw(nowMs));
      ids.add(id);
      return id;
    },
    has: (id) => ids.has(id),
    end: (id) => void ids.delete(id),
    between(after, upTo) {
      const found: MessageId[] = [];
      for (const id of ids) {
        if (id > upTo) break;
        if (id > after) found.push(id);
      }
      return found;
    },
  };
}
