/** The ways in which a session closes. Behind each of them its phase is `closing`, which no reader and no timer leaves. */
import { refused, type Refused } from "../../core/refusals/refusal.ts";
import { replies } from "../../core/smtp/reply.ts";
import { send, type Said, type SessionParts } from "./parts.ts";
import type { CloseReason } from "./phase.ts";
import { refuse } from "./refusing.ts";
import { tellFault } from "../transaction/tell-fault.ts";

/** Says why and closes; content under way is dropped. */
export function sayAndClose(parts: SessionParts, reason: CloseReason): void {
  const { seemsEnded } = parts.content;
  parts.content.discard();
  if (reason === "away") refuseAndClose(parts, refused("databaseAwayAtDoor"));
  else if (reason !== "timedOut") refuseAndClose(parts, refused("shuttingDown"));
  else if (seemsEnded) refuseAndClose(parts, refused("endOfDataNeedsCrlf"));
  else refuseAndClose(parts, refused(parts.state.transaction === undefined ? "timedOut" : "messageTimedOut"));
}

/** Tells what is refused, and closes behind the reply. */
export function refuseAndClose(parts: SessionParts, what: Refused): void {
  if (!isClosing(parts)) closeWith(parts, refuse(parts, what));
}

function isClosing({ phase: { kind } }: SessionParts): boolean {
  return kind === "closing" || kind === "closed";
}

/** Closes behind `reply`, the last one. */
export function closeWith(parts: SessionParts, reply: Said): void {
  if (isClosing(parts)) return;
  send(parts, reply);
  parts.output.flush();
  parts.phase = { kind: "closing", by: "relay" };
  const isAlone = reply === replies.closing && parts.input.waitingBytes === 0;
  if (isAlone || parts.pendingClose === "abort") parts.connection.closeAtOnce();
  else parts.connection.close();
}

/** The client has said all it will say, and has its replies, but for one to content whose end was not found. */
export function closeSilently(parts: SessionParts): void {
  if (parts.phase.kind === "closed") return;
  if (parts.content.seemsEnded) return refuseAndClose(parts, refused("endOfDataNeedsCrlf"));
  parts.phase = { kind: "closing", by: "client" };
  parts.connection.close();
}

/** Ends at once, without a word. */
export function breakOff(parts: SessionParts): void {
  if (parts.phase.kind === "closed") return;
  parts.phase = { kind: "closing", by: "relay" };
  parts.connection.destroy();
}

/** An error of ours. */
export function fail(parts: SessionParts, fault: unknown): void {
  tellFault(parts.services, parts.state, fault);
  parts.content.discard();
  refuseAndClose(parts, refused("fault"));
}
