/** Claims that end without a change, or for a later time: `Spool.release`. */
import type { CommitGroup } from "./commit-group.ts";
import { changedEnd, unchangedEnd } from "./ends.ts";
import type { HeldClaim, LiveMessages } from "./live-messages.ts";
import type { QueueView } from "./queue-view.ts";

export interface Releases {
  /** `notBefore` stands in the database, so that it holds for every node. */
  release(claim: HeldClaim, notBefore: number | undefined): void;
}

export function createReleases(parts: {
  readonly group: CommitGroup;
  readonly view: QueueView;
  readonly lives: LiveMessages;
}): Releases {
  const { group, view, lives } = parts;
  return {
    release(claim, notBefore) {
      if (claim.ended) return;
      const isLater = notBefore !== undefined && notBefore > claim.dueAt;
      const { end, seen } = isLater
        ? changedEnd(
            claim,
            claim.entry.map((one) => (one.dueAt < notBefore ? { ...one, dueAt: notBefore } : one)),
          )
        : unchangedEnd(claim);
      lives.end(claim);
      view.apply(seen);
      // Where the spool is closed or the node has ended, the entry is anybody's already.
      group.run({ end, accepts: [], seen, nodeId: claim.nodeId }).catch(() => undefined);
    },
  };
}
