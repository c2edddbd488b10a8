/**
 * Message ids of several nodes: as those of one (src/spool/messages/message-ids.ts), milliseconds × 4096 and 12 bits, of
 * which six are the node's slot and six a counter. So no two nodes draw the same, and an id still tells when.
 */
import type { MessageId } from "../../core/message/envelope.ts";
import { drawnAt } from "../../spool/messages/message-ids.ts";

const idsPerMs = 4096;
const idsPerSlot = 64;
const epochMs = drawnAt(0);

/** The least id of an instant. */
export function idAt(ms: number): MessageId {
  return Math.max(0, Math.floor(ms - epochMs) * idsPerMs);
}

export interface NodeIds {
  draw(nowMs: number): MessageId;
  /** The last drawn; 0: none. */
  readonly last: MessageId;
}

/** Ids of a slot above `floor`. */
export function nodeIds(slot: number, floor: MessageId): NodeIds {
  const ofMs = (ms: number): MessageId => ms * idsPerMs + slot * idsPerSlot;
  let last: MessageId = 0;
  return {
    draw(nowMs) {
      const byClock = ofMs(Math.max(0, Math.floor(nowMs - epochMs)));
      const before = Math.max(last, floor);
      if (byClock > before) return (last = byClock);
      // The counter of a millisecond is used up, or another slot's id is before: the next millisecond.
      const isOwn = Math.floor((before % idsPerMs) / idsPerSlot) === slot;
      const hasNext = isOwn && before % idsPerSlot < idsPerSlot - 1;
      last = hasNext ? before + 1 : ofMs(Math.floor(before / idsPerMs) + 1);
      return last;
    },
    get last() {
      return last;
    },
  };
}
