/** What one node does for all, every half minute: entries whose owner is no node any more, contents without a message, names that are forgotten. */
import type { Clock } from "../../ports/ports.ts";
import type { Database } from "../database/database.ts";
import type { Membership } from "../membership/membership.ts";
import { idAt } from "./node-ids.ts";

const everyMs = 30_000;
/** Older contents without a message belong to no session. */
const bodyMs = 86_400_000;

export function createChores(parts: {
  readonly database: Pick<Database, "inspection" | "name">;
  readonly membership: Membership;
  readonly clock: Clock;
  readonly onOrphans: (entries: number) => void;
}): { close(): void } {
  const { database, membership, clock, onOrphans } = parts;

  const sweep = async (): Promise<void> => {
    const { isChores, current } = membership;
    if (!isChores || current === undefined) return;
    const [row] = await database.inspection.query<{ entries: string }>(
      `select ${database.name("sweep_1")}($1, $2) as entries`,
      [current.nodeId, idAt(clock.now() - bodyMs)],
    );
    await database.inspection.query(`select ${database.name("forget_names_1")}()`);
    const entries = Number(row?.entries ?? 0);
    if (entries > 0) onOrphans(entries);
  };

  const timer = setInterval(() => void sweep().catch(() => undefined), everyMs).unref();
  return { close: () => clearInterval(timer) };
}
