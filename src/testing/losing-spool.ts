/**
 * A memory spool that several nodes seem to share: a test takes all claims from their holder, as when a node is taken
 * for dead, and has accepts end undecided. It proves that a holder lives with `lost`, `onLost` and `undecided`.
 */
import type { Clock } from "../ports/ports.ts";
import { SpoolError, type Claim, type OldMessages, type Spool } from "../spool/spool.ts";
import { createMemorySpool, type MemorySpool } from "./memory-spool.ts";

export interface LosingSpool extends MemorySpool {
  /**
   * Ends every claim that is held; others take them at once. Returns the claims those others hold. The holder is told,
   * or with `untold` finds out by its next `settle`.
   */
  lose(untold?: "untold"): Promise<readonly Claim[]>;
  /** The next accepted message is there, and its accept rejects as if nobody knew. */
  leaveUndecided(): void;
}

export function createLosingSpool(options: { readonly clock: Clock }): LosingSpool {
  const inner = createMemorySpool(options);
  const held = new Set<Claim>();
  let onLost: Parameters<Spool["onLost"]>[0] = () => undefined;
  let undecided = false;

  const hold = <Given extends Claim | string>(claim: Given): Given => {
    if (typeof claim !== "string") held.add(claim);
    return claim;
  };
  const ofWalk = (old: OldMessages): OldMessages => ({
    claim: async (arrivedBefore, limit) => (await old.claim(arrivedBefore, limit)).map(hold),
  });

  return {
    ...inner,
    get size() {
      return inner.size;
    },
    async accept(...args) {
      const message = await inner.accept(...args);
      if (!undecided) return message;
      undecided = false;
      throw new SpoolError("undecided", "the database went away before it answered");
    },
    onAccepted(fresh) {
      inner.onAccepted({
        hasRoom: (message) => fresh.hasRoom(message),
        take: (claim) => fresh.take(hold(claim)),
        waits: (message) => fresh.waits(message),
      });
    },
    onLost(listener) {
      onLost = listener;
    },
    claim: async (...args) => (await inner.claim(...args)).map(hold),
    claimMessage: async (...args) => hold(await inner.claimMessage(...args)),
    walkOld: () => ofWalk(inner.walkOld()),
    settle(claim, ...rest) {
      held.delete(claim);
      return inner.settle(claim, ...rest);
    },
    release(claim, notBefore) {
      held.delete(claim);
      inner.release(claim, notBefore);
    },
    async lose(untold) {
      const lost = [...held];
      held.clear();
      for (const claim of lost) inner.release(claim);
      const taken = await Promise.all(
        lost.map(({ queue, message }) => inner.claimMessage(queue, message.id)),
      );
      if (untold === undefined) onLost(lost);
      return taken.filter((claim) => typeof claim !== "string");
    },
    leaveUndecided() {
      undecided = true;
    },
  };
}
