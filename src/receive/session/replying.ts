/** The one way of every answer to a command or to content: refusals are told, it may be held back, and TLS may begin behind it. */
import { spokenRefusals } from "../../core/refusals/catalogue.ts";
import { refused, type Refused } from "../../core/refusals/refusal.ts";
import { closeWith, sayAndClose } from "./closing.ts";
import type { Verdict } from "./conversation.ts";
import { send, type Said, type SessionParts } from "./parts.ts";
import { refuse, refuseTooManyErrors, tooManyErrors } from "./refusing.ts";
import { forgetClearText } from "./state.ts";
import { tarpitNote, tarpitOf, type HoldBack } from "./tarpit.ts";
import { leave } from "./waiting.ts";

export function respond(parts: SessionParts, verdict: Verdict): void {
  if (!("refused" in verdict)) return respondInTime(parts, verdict);
  const { state } = parts;
  const { protocolError } = spokenRefusals[verdict.refused].reply;
  if (protocolError === true) {
    const isOneTooMany = ++state.protocolErrors > state.connector.maxProtocolErrors;
    lookAtErrors(parts, verdict, isOneTooMany);
    if (isOneTooMany) {
      parts.holdBack = undefined;
      return closeWith(parts, refuseTooManyErrors(parts, verdict));
    }
  }
  respondInTime(parts, refuse(parts, verdict));
}

/** Where maxProtocolErrors is only looked at. */
function lookAtErrors({ state, services }: SessionParts, last: Refused, isRefused: boolean): void {
  const watched = state.watch?.valueOf("maxProtocolErrors");
  if (watched === undefined || state.protocolErrors <= watched) return;
  state.watch?.wouldClose("maxProtocolErrors");
  services.wouldRefuse(state, tooManyErrors(state, last, watched), isRefused);
}

function respondInTime(parts: SessionParts, reply: Said): void {
  const { state, services, holdBack } = parts;
  parts.holdBack = undefined;
  const tarpitMs = tarpitOf(reply, state, services);
  if (holdBack !== undefined && holdBack.delayMs >= tarpitMs)
    respondLater(parts, reply, holdBack.delayMs, holdBack);
  else if (tarpitMs > 0) respondLater(parts, reply, tarpitMs, undefined);
  else respondNow(parts, reply);
}

function respondLater(
  parts: SessionParts,
  reply: Said,
  delayMs: number,
  holdBack: HoldBack | undefined,
): void {
  const { output, pendingClose, transcript, services } = parts;
  output.flush();
  // The connection is kept open for this reply alone.
  if (pendingClose !== undefined && pendingClose !== "stop") return respondNow(parts, reply);
  transcript?.note(tarpitNote(reply, delayMs, holdBack));
  const timer = services.clock.after(delayMs, () => releaseReply(parts));
  parts.phase = { kind: "tarpit", reply, timer, blameless: holdBack !== undefined || reply.code < 500 };
}

/** The reply that is held back goes. */
export function releaseReply(parts: SessionParts): void {
  const { phase } = parts;
  if (phase.kind !== "tarpit") return;
  phase.timer.cancel();
  leave(parts, phase, phase.reply, respondNow);
}

function respondNow(parts: SessionParts, reply: Said): void {
  if (reply.close === true) return closeWith(parts, reply);
  if (parts.upgradeBehindReply) return upgrade(parts, reply);
  send(parts, reply);
  const reason = parts.pendingClose;
  if (reason !== undefined && !(reason === "stop" && parts.content.isUnderWay)) sayAndClose(parts, reason);
}

/** `goAhead` is the last reply in the clear. */
function upgrade(parts: SessionParts, goAhead: Said): void {
  const { services, state, input } = parts;
  parts.upgradeBehindReply = false;
  // Behind it a closing reply would be read as a handshake.
  if (parts.pendingClose !== undefined) return sayAndClose(parts, parts.pendingClose);
  const contexts = services.tlsContexts(state.connector);
  if (contexts === undefined) return send(parts, refuse(parts, refused("tlsNotAvailable")));
  send(parts, goAhead);
  parts.output.flush();
  // Whatever came behind STARTTLS in the clear is dropped, and all that was said before is forgotten
  // (RFC 3207 §4.2, §6).
  input.clear();
  parts.content.discard();
  forgetClearText(state, services.limitsOf(state.peer.address, undefined));
  // A client that has ended its sending will not shake hands; the reader closes.
  if (input.ended) return;
  parts.phase = { kind: "handshake" };
  parts.connection.startTls(contexts);
}
