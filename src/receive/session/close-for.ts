/** Closes a session for a reason from outside, in the way that `phase.ts` names for what it is doing. */
import { breakOff, sayAndClose } from "./closing.ts";
import type { SessionParts } from "./parts.ts";
import { closeStep, reading, type CloseReason, type Place } from "./phase.ts";
import { releaseReply } from "./replying.ts";

/** No client waits longer for the reply to its content (RFC 5321 §4.5.3.2.6). */
const maxReplyWaitMs = 10 * 60_000;

/** May be asked again and again. */
export function closeFor(parts: SessionParts, reason: CloseReason): void {
  const place: Place = parts.phase === reading && parts.content.isUnderWay ? "content" : parts.phase.kind;
  switch (closeStep(place, reason)) {
    case "close":
      return sayAndClose(parts, reason);
    case "heldReplyFirst":
      parts.pendingClose = reason;
      return releaseReply(parts);
    case "outstandingReplyFirst":
      return closeBehindOutstandingReply(parts, reason);
    case "later":
      parts.pendingClose = reason;
      return undefined;
    case "breakOff":
      return breakOff(parts);
    case "nothing":
      return undefined;
  }
}

/** Behind a flush that hangs nothing true can be said: the client has given up by then, and is left without a word. */
function closeBehindOutstandingReply(parts: SessionParts, reason: CloseReason): void {
  const { phase, services } = parts;
  if (phase.kind !== "storing") return;
  const askedBefore = parts.pendingClose === reason;
  parts.pendingClose = reason;
  phase.content.hurry();
  if (askedBefore && services.clock.now() - phase.since >= maxReplyWaitMs) breakOff(parts);
}
