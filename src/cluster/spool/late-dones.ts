/**
 * That a recipient is finished is true whoever says it, also a node that was taken for dead meanwhile: so what it ended is taken
 * off the queue, where no other node has it yet, and does not arrive twice. What it would have kept for later is not its business.
 */
import type { RecipientChange, Report, SettleOutcome } from "../../spool/spool.ts";
import type { Database } from "../database/database.ts";
import { encodeEntry } from "./entry-state.ts";
import type { Finished } from "./finished.ts";
import type { HeldClaim } from "./live-messages.ts";

/** It was told so by the database, which may be away again. */
const tries = 5;
const againMs = 200;

/** Resolves with `settled` where nothing is left of the entry; never rejects. */
export type OfferLate = (
  claim: HeldClaim,
  changes: readonly RecipientChange[],
  reports: readonly Report[],
) => Promise<SettleOutcome>;

export function createLateDones(parts: {
  readonly database: Pick<Database, "reads" | "name">;
  readonly finished: Pick<Finished, "isFinished">;
}): OfferLate {
  const { database, finished } = parts;
  const { reads, name } = database;
  const text = `select ${name("late_done_1")}($1, $2, $3, $4) as came`;

  return async (claim, changes, reports) => {
    // A report tells of what it ends: both or none.
    if (reports.length > 0) return "lost";
    const done = new Set(changes.filter(({ kind }) => kind === "done").map(({ index }) => index));
    if (done.size === 0) return "lost";
    const { entry, queue, was, message } = claim;
    const rest = entry.filter(({ index }) => !done.has(index));
    const values = [
      message.id,
      queue,
      was < 0 ? null : encodeEntry(entry),
      rest.length === 0 ? null : encodeEntry(rest),
    ];
    for (let n = 0; n < tries; n++) {
      try {
        const [row] = await reads.query<{ came: number }>(text, values);
        const came = row?.came ?? 0;
        if (came === 2) finished.isFinished(message.id);
        return came > 0 && rest.length === 0 ? "settled" : "lost";
      } catch {
        await new Promise((resolve) => setTimeout(resolve, againMs).unref());
      }
    }
    return "lost";
  };
}
