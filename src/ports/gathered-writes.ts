/**
 * What sockets are given while the event loop hears what has come, written when it has heard all of it: in one go, so that a
 * peer that sleeps is woken once and not by each (docs/decisions/0015). Where one thing came, that is at once.
 */

/** Holds octets back until it is asked. */
export interface HeldWrites {
  /** Must not throw. */
  writeHeld(): void;
}

/** Replies go before commands: somebody waits for them. */
let replies: HeldWrites[] = [];
let commands: HeldWrites[] = [];

/** Asks `held` once, behind this turn of the event loop. Cost: next to nothing; the first of a turn orders the look at its end. */
export function writeBehindTurn(held: HeldWrites, what: "replies" | "commands"): void {
  if (replies.length === 0 && commands.length === 0) setImmediate(writeAll);
  (what === "replies" ? replies : commands).push(held);
}

function writeAll(): void {
  const [firstOnes, others] = [replies, commands];
  replies = [];
  commands = [];
  for (const held of firstOnes) held.writeHeld();
  for (const held of others) held.writeHeld();
}
