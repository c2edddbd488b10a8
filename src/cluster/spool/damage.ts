/** Damaged messages go out of the way of all others, into a table for a person to look at. */
import type { MessageId } from "../../core/message/envelope.ts";
import { SpoolError, type Spool } from "../../spool/spool.ts";
import type { Database } from "../database/database.ts";
import { isEnded } from "../database/database-fault.ts";
import type { Membership } from "../membership/membership.ts";
import type { CommitGroup } from "./commit-group.ts";
import type { Finished } from "./finished.ts";
import type { HeldClaim, LiveMessages } from "./live-messages.ts";
import type { QueueView } from "./queue-view.ts";

export interface Damage {
  /** `Spool.onDamaged`. */
  listen(listener: Parameters<Spool["onDamaged"]>[0]): void;
  /** `Spool.setAside`. */
  claim(claim: HeldClaim, what: string): Promise<void>;
  /** Whoever holds it. `queues`: where it has something, as far as is known. */
  message(id: MessageId, what: string, queues: Iterable<string>): Promise<void>;
}

export function createDamage(parts: {
  readonly database: Pick<Database, "commit" | "name">;
  readonly membership: Membership;
  readonly group: CommitGroup;
  readonly view: QueueView;
  readonly lives: LiveMessages;
  readonly finished: Finished;
  readonly onFault: (fault: SpoolError) => void;
}): Damage {
  const { database, membership, group, view, lives, finished, onFault } = parts;
  let onDamaged: Parameters<Spool["onDamaged"]>[0] | undefined;

  const message: Damage["message"] = async (id, what, queues) => {
    let isAside = false;
    const nodeId = membership.current?.nodeId ?? 0;
    try {
      const [row] = await group.between(() =>
        database.commit.query<{ found: boolean }>(
          `select ${database.name("set_aside_1")}($1, $2, $3) as found`,
          [
            nodeId,
            id,
            // PostgreSQL keeps no NUL in a text.
            what.replaceAll("\0", ""),
          ],
        ),
      );
      isAside = true;
      view.apply({
        size: row?.found === true ? -1 : 0,
        messages: Array.from(queues, (queue) => [queue, -1] as const),
        due: [],
      });
    } catch (error) {
      if (isEnded(error)) membership.ended(nodeId);
      const told = `message ${id} cannot be set aside: ${String(error)}`;
      onFault(new SpoolError("failed", told, { cause: error }));
    }
    finished.isFinished(id);
    onDamaged?.({ id, what, setAside: isAside ? `the table ${database.name("damaged")}` : undefined });
  };

  return {
    listen(listener) {
      onDamaged = listener;
    },
    message,
    async claim(claim, what) {
      if (claim.ended) return;
      const { live } = claim;
      const queues = new Set(live.queues);
      for (const held of live.claims.values()) lives.end(held);
      await message(live.message.id, what, queues);
    },
  };
}
