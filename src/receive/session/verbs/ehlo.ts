/** EHLO (RFC 5321 §4.1.1.1): who the client is, and what is offered to it. */
import { ehloLines, offeredBy, type Offered } from "../../../core/smtp/extensions.ts";
import { refused } from "../../../core/refusals/refusal.ts";
import type { Conversation, Verdict } from "../conversation.ts";
import type { SessionServices } from "../services.ts";
import type { SessionState } from "../state.ts";

/** What is open to the client in this state of the session. */
export function offeredNow(state: SessionState, services: SessionServices): Offered {
  return offeredBy(state.connector, {
    tlsActive: state.tls !== undefined,
    hasCertificate: state.tls?.clientCertificate !== undefined,
    tlsAvailable: services.tlsContexts(state.connector) !== undefined,
  });
}

export function ehlo(session: Conversation, domain: string): Verdict {
  const { state, services } = session;
  const { connector, peer } = state;
  if (domain === "" && connector.requireEhloDomain)
    return refused("ehloDomainRequired", { detail: "EHLO came without a name, and requireEhloDomain is on" });
  session.resetTransaction();
  state.receivedPrefix = undefined;
  state.hello = { verb: "EHLO", name: domain === "" ? `[${peer.address}]` : domain };
  state.offered = offeredNow(state, services);
  return { code: 250, text: `${connector.fqdn} Hello [${peer.address}]`, more: ehloLines(state.offered) };
}
