/** STARTTLS (RFC 3207). */
import { refused } from "../../../core/refusals/refusal.ts";
import { replies } from "../../../core/smtp/reply.ts";
import type { Conversation, Verdict } from "../conversation.ts";

export function startTls(session: Conversation): Verdict {
  const { state, services } = session;
  if (state.hello === undefined) return refused("sendHelloFirst");
  if (state.tls !== undefined) return refused("badSequence", { detail: "STARTTLS, and TLS is active" });
  if (!state.connector.authMechanism.includes("Tls")) return refused("startTlsNotOffered");
  if (services.tlsContexts(state.connector) === undefined) return refused("tlsNotAvailable");
  session.expectTls();
  return replies.startTls;
}
