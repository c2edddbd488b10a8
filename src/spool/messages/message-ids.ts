/** Message ids: ordered by arrival, below 2^53 until the year 2089. */
import type { MessageId } from "../../core/message/envelope.ts";

const epochMs = Date.UTC(2020, 0, 1);
const idsPerMs = 4096;

/** When a message's id was drawn, to the millisecond: `Clock.now()` where that did not go back. */
export function drawnAt(id: MessageId): number {
  return epochMs + Math.floor(id / idsPerMs);
}

/**
 * Draws ids above `last`: `floor(ms since 2020) × 4096`, or one more than the last id where the clock has not
 * moved or went back.
 */
export function messageIds(last: MessageId): (nowMs: number) => MessageId {
  let previous = last;
  return (nowMs) => {
    const byClock = Math.floor(nowMs - epochMs) * idsPerMs;
    previous = byClock > previous ? byClock : previous + 1;
    return previous;
  };
}
