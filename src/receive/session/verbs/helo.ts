/** HELO (RFC 5321 §4.1.1.1): no extension is in use behind it. */
import { nothingOffered } from "../../../core/smtp/extensions.ts";
import { replies, type Reply } from "../../../core/smtp/reply.ts";
import type { Conversation } from "../conversation.ts";

export function helo(session: Conversation, domain: string): Reply {
  const { state } = session;
  if (domain === "" && state.connector.requireEhloDomain) return replies.ehloDomainRequired;
  session.resetTransaction();
  state.receivedPrefix = undefined;
  state.hello = { verb: "HELO", name: domain === "" ? `[${state.peer.address}]` : domain };
  state.offered = nothingOffered;
  return { code: 250, text: `${state.connector.fqdn} Hello [${state.peer.address}]` };
}
