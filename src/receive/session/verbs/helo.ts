/** HELO (RFC 5321 §4.1.1.1). Extensions are not told of, but devices use AUTH and parameters behind it: they are taken. */
import { offeredNow } from "./ehlo.ts";
import { replies, type Reply } from "../../../core/smtp/reply.ts";
import type { Conversation } from "../conversation.ts";

export function helo(session: Conversation, domain: string): Reply {
  const { state } = session;
  if (domain === "" && state.connector.requireEhloDomain) return replies.ehloDomainRequired;
  session.resetTransaction();
  state.receivedPrefix = undefined;
  state.hello = { verb: "HELO", name: domain === "" ? `[${state.peer.address}]` : domain };
  state.offered = offeredNow(state, session.services);
  return { code: 250, text: `${state.connector.fqdn} Hello [${state.peer.address}]` };
}
