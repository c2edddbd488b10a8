/** Tells of an error of ours in a session: a fault in the relay, never the client's. */
import type { SessionServices } from "./services.ts";
import type { SessionState } from "./state.ts";

export function tellFault({ events }: SessionServices, { id }: SessionState, fault: unknown): void {
  events.emit("RelayFault", {
    where: `session ${id}`,
    error: fault instanceof Error ? (fault.stack ?? fault.message) : String(fault),
  });
}
