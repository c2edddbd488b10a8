/** The ways in which a session closes. Behind each of them its phase is `closing`, which no reader and no timer leaves. */
import { replies, type Reply } from "../../core/smtp/reply.ts";
import { send, type SessionParts } from "./parts.ts";
import type { CloseReason } from "./phase.ts";
import { tellFault } from "./session-fault.ts";

/** Says why and closes; content under way is dropped. */
export function sayAndClose(parts: SessionParts, reason: CloseReason): void {
  const { seemsEnded } = parts.content;
  parts.content.discard();
  if (reason !== "timedOut") closeWith(parts, replies.shuttingDown);
  else closeWith(parts, seemsEnded ? replies.endOfDataNeedsCrlf : replies.timedOut);
}

/** Closes behind `reply`, the last one. */
export function closeWith(parts: SessionParts, reply: Reply): void {
  const { kind } = parts.phase;
  if (kind === "closing" || kind === "closed") return;
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
  if (parts.content.seemsEnded) return closeWith(parts, replies.endOfDataNeedsCrlf);
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
  closeWith(parts, replies.fault);
}
