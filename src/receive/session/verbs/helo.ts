/** HELO (RFC 5321 §4.1.1.1). Extensions are not told of, but devices use AUTH and parameters behind it: they are taken. */
import { offeredNow } from "./ehlo.ts";
import { refused } from "../../../core/refusals/refusal.ts";
import type { Conversation, Verdict } from "../conversation.ts";
import type { SessionServices } from "../services.ts";
import type { SessionState } from "../state.ts";

export function helo(session: Conversation, domain: string): Verdict {
  const { state } = session;
  if (domain === "" && state.connector.requireEhloDomain)
    return refused("ehloDomainRequired", { detail: "HELO came without a name, and requireEhloDomain is on" });
  session.resetTransaction();
  state.receivedPrefix = undefined;
  state.hello = { verb: "HELO", name: domain === "" ? `[${state.peer.address}]` : domain };
  state.offered = offeredNow(state, session.services);
  return { code: 250, text: `${state.connector.fqdn} Hello [${state.peer.address}]` };
}

/** A client that does not say who it is (requireHello is off): as if it had, by its address. */
export function beginWithoutHello(state: SessionState, services: SessionServices): void {
  state.hello = { verb: "HELO", name: `[${state.peer.address}]` };
  state.offered = offeredNow(state, services);
}
