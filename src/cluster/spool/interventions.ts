/** What an administrator changes of waiting mail. An entry is held for the moment of its change. */
import type { MessageId } from "../../core/message/envelope.ts";
import type { Clock } from "../../ports/ports.ts";
import {
  resubmittedRecipients,
  suspendedRecipients,
  type PlacedRecipient,
} from "../../spool/messages/recipients.ts";
import { SpoolError, suspendedDueAt, type QueueName, type Suspension } from "../../spool/spool.ts";
import type { Database } from "../database/database.ts";
import type { Claiming } from "./claiming.ts";
import type { CommitGroup } from "./commit-group.ts";
import { changedEnd } from "./ends.ts";
import type { HeldClaim, LiveMessages } from "./live-messages.ts";
import type { QueueView } from "./queue-view.ts";
import type { Releases } from "./releases.ts";

export interface Interventions {
  resubmit(queue: QueueName, suspendedToo: boolean, to: QueueName): Promise<number>;
  suspend(queue: QueueName, id: MessageId, suspended: boolean): Promise<Suspension>;
}

const atOnce = 128;

export function createInterventions(parts: {
  readonly clock: Clock;
  readonly database: Pick<Database, "inspection" | "name">;
  readonly group: CommitGroup;
  readonly view: QueueView;
  readonly lives: LiveMessages;
  readonly claiming: Claiming;
  readonly releases: Releases;
}): Interventions {
  const { clock, database, group, view, lives, claiming, releases } = parts;

  /** False: the claim was lost. */
  const change = async (claim: HeldClaim, recipients: readonly PlacedRecipient[]): Promise<boolean> => {
    const { end, seen } = changedEnd(claim, recipients);
    lives.end(claim);
    view.apply(seen);
    const { isLost } = await group.run({ end, accepts: [], seen, nodeId: claim.nodeId });
    return !isLost;
  };

  /** What nobody holds of a queue, behind an id. */
  const following = async (queue: QueueName, after: MessageId, latest: number): Promise<MessageId[]> => {
    const rows = await database.inspection
      .query<{ id: string }>(
        `select id from ${database.name("entry")}
          where queue = $1 and owner is null and id > $2 and due_at <= $3 order by id limit ${atOnce}`,
        [queue, after, latest],
      )
      .catch((error: unknown) => {
        throw new SpoolError("failed", `the queue cannot be read: ${String(error)}`, { cause: error });
      });
    return rows.map(({ id }) => Number(id));
  };

  return {
    async resubmit(queue, suspendedToo, to) {
      if (group.touches(queue)) await group.tried();
      const now = clock.now();
      // What comes in meanwhile is routed as it is.
      let moved = 0;
      for (let after = -1; ;) {
        const ids = await following(queue, after, suspendedToo ? suspendedDueAt : 1.7e308);
        const last = ids.at(-1);
        if (last === undefined) return moved;
        after = last;
        const claims = await claiming.some(ids.map((id) => ({ id, queue })));
        const done = claims.map((claim) => {
          const isThere = queue === to && claim.dueAt <= now;
          const recipients = isThere
            ? undefined
            : resubmittedRecipients(claim.entry, queue, suspendedToo, now, to);
          if (recipients !== undefined) return change(claim, recipients);
          releases.release(claim, undefined);
          return Promise.resolve(false);
        });
        moved += (await Promise.all(done)).filter(Boolean).length;
      }
    },
    async suspend(queue, id, suspended) {
      const claim = await claiming.message(queue, id);
      if (typeof claim === "string") return claim;
      const recipients = suspendedRecipients(claim.entry, queue, suspended, clock.now());
      if (recipients === undefined) {
        releases.release(claim, undefined);
        return "unchanged";
      }
      return (await change(claim, recipients)) ? "changed" : "held";
    },
  };
}
