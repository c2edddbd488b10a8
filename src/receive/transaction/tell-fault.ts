/** Tells of an error of ours in a session: a fault in the relay, never the client's. */
import type { TransactionServices } from "./services.ts";
import type { Submitter } from "./submitter.ts";

export function tellFault(
  { events }: Pick<TransactionServices, "events">,
  { id }: Pick<Submitter, "id">,
  fault: unknown,
): void {
  events.emit("RelayFault", {
    where: `session ${id}`,
    error: fault instanceof Error ? (fault.stack ?? fault.message) : String(fault),
  });
}
