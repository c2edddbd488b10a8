/** STARTTLS (RFC 3207). */
import { replies, type Reply } from "../../../core/smtp/reply.ts";
import type { Conversation } from "../conversation.ts";

export function startTls(session: Conversation): Reply {
  const { state, services } = session;
  if (state.hello === undefined) return replies.sendHelloFirst;
  if (state.tls !== undefined) return replies.badSequence;
  if (!state.connector.authMechanism.includes("Tls")) return replies.commandNotImplemented;
  if (services.tlsContext(state.connector) === undefined) return replies.tlsNotAvailable;
  session.expectTls();
  return replies.startTls;
}
