/** Applications that do not exist yet, as Test-Relay is told of them. */
export interface Plan {
  readonly sources: number;
  /** That each opens at once. */
  readonly connectionsPerSource: number;
  /** Of each source. */
  readonly messagesPerMinute: number;
  /** From a connection's coming to its end, but for its messages. */
  readonly connectionMs: number;
  /** From MAIL to the reply to its content. */
  readonly messageMs: number;
  readonly messageBytes: number;
  /** All begin at the same moment of the minute, as jobs on the hour do; else each at its own. */
  readonly isTogether: boolean;
  /** Each logs on by an account of its own; else they are known by their addresses. */
  readonly accounts: boolean;
  readonly seed: number;
}

/** Numbers from 0 to 1 that are always the same for a seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
