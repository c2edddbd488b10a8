/** How long a session's reply is held back, and what for. */
import { tarpitDelay } from "../../core/policy/tarpit.ts";
import { replyLine, type Reply } from "../../core/smtp/reply.ts";
import { tarpitLine } from "../../logs/protocol-lines.ts";
import type { SessionServices } from "./services.ts";
import type { SessionState } from "./state.ts";

/** The relay holds the next reply back, whatever it says: not the client's doing. */
export interface HoldBack {
  readonly delayMs: number;
  /** For the protocol log. */
  readonly dueTo: string;
}

/** Milliseconds that the reply waits for what it says; 0 for none. */
export function tarpitOf(reply: Reply, state: SessionState, services: SessionServices): number {
  return tarpitDelay(state.connector, reply, {
    authenticated: state.authenticatedUser !== undefined,
    discredited: services.isDiscredited(state),
  });
}

/** The `*` line of the protocol log. */
export function tarpitNote(reply: Reply, delayMs: number, hold: HoldBack | undefined): string {
  return tarpitLine(delayMs, hold?.dueTo ?? replyLine(reply));
}
