/** What this node tells people, and what another has told, asked of the database. */
import { createHash } from "node:crypto";
import type { SharedNotices, Verdict } from "../../ports/shared-notices.ts";
import type { Database } from "../database/database.ts";

const verdicts: readonly Verdict[] = ["tell", "told", "notYet"];

/** `node`: its name, for a claim outlives its process. Rejects with DatabaseFault. */
export function createDatabaseNotices(
  { shared: session, name }: Pick<Database, "shared" | "name">,
  node: string,
): SharedNotices {
  const judge = `select * from ${name("judge_findings_1")}($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`;
  return {
    async findings({ nowMs, seen, begun, over }) {
      const rows = await session.query<{ is_over: boolean; n: number; verdict: number }>(judge, [
        node,
        nowMs,
        seen.map(({ who }) => who),
        seen.map(({ firstMs }) => firstMs),
        seen.map(({ lastMs }) => lastMs),
        begun.map(({ key }) => key),
        begun.map(({ kind }) => kind),
        begun.map(({ who }) => who),
        begun.map(({ sinceMs }) => sinceMs),
        begun.map(({ lastMs }) => lastMs),
        begun.map(({ patienceMs }) => patienceMs),
        over,
      ]);
      const of = (isOver: boolean, index: number): number =>
        rows.find(({ is_over, n }) => is_over === isOver && n === index + 1)?.verdict ?? 0;
      return {
        begun: begun.map((_, index) => verdicts[of(false, index)] ?? "tell"),
        over: over.map((_, index) => of(true, index) === 0),
      };
    },
    async claim(notices) {
      const rows = await session.query<{ n: number }>(
        `select * from ${name("claim_notices_1")}($1, $2, $3)`,
        [
          node,
          // Texts of events, of any length.
          notices.map(({ key }) => createHash("sha256").update(key).digest("hex")),
          notices.map(({ forMs }) => forMs),
        ],
      );
      const mine = new Set(rows.map(({ n }) => n));
      return notices.map((_, index) => mine.has(index + 1));
    },
  };
}
