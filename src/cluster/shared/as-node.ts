/** A call that only a node that lives may make. */
import { SpoolError } from "../../spool/spool.ts";
import { isEnded } from "../database/database-fault.ts";
import type { Membership } from "../membership/membership.ts";

/** Rejects with SpoolError `away`. */
export async function asNode<Answer>(
  membership: Pick<Membership, "current" | "fault" | "ended">,
  ask: (nodeId: number) => Promise<Answer>,
): Promise<Answer> {
  const nodeId = membership.current?.nodeId;
  try {
    if (nodeId === undefined) throw new Error(membership.fault ?? "the database does not answer");
    return await ask(nodeId);
  } catch (error) {
    if (isEnded(error) && nodeId !== undefined) membership.ended(nodeId);
    const why = error instanceof Error ? error.message : String(error);
    throw new SpoolError("away", `what nodes share cannot be counted: ${why}`, { cause: error });
  }
}
