/**
 * What sockets are given while the event loop hears what has come, written when it has heard all of it: in one go, so that a
 * peer that sleeps is woken once and not by each (docs/decisions/0015). Where one thing came, that is at once.
 */

/** Holds octets back until it is asked. */
export interface HeldWrites {
  /** A fault of one is told as any that nobody catches, and the others write all the same. */
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
  const all = commands.length === 0 ? replies : replies.concat(commands);
  replies = [];
  commands = [];
  writeEach(all);
}

function writeEach(all: readonly HeldWrites[]): void {
  let at = 0;
  try {
    while (at < all.length) all[at++]!.writeHeld();
  } finally {
    // Nobody else would write for those behind it: they have asked.
    if (at < all.length) setImmediate(writeEach, all.slice(at));
  }
}
