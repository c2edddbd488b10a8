/** AUTH (RFC 4954): which mechanisms there are, and when. */
import type { Command } from "../../../core/smtp/command.ts";
import { refused } from "../../../core/refusals/refusal.ts";
import { authMechanismsOf } from "../../../core/smtp/extensions.ts";
import type { GrantingReply } from "../../../core/smtp/reply.ts";
import type { Verdict } from "../../transaction/verdict.ts";
import type { Conversation } from "../conversation.ts";
import { bearer } from "./auth-bearer.ts";
import { external } from "./auth-external.ts";
import { ask, logonFault } from "./auth-outcome.ts";
import { login, plain, userNamePrompt } from "./auth-password.ts";

const emptyChallenge: GrantingReply = { code: 334, text: "" };

export function auth(
  session: Conversation,
  command: Extract<Command, { verb: "AUTH" }>,
): Verdict | Promise<Verdict> {
  const { state } = session;
  const { mechanism, initialResponse } = command;
  if (state.hello === undefined) return refused("sendHelloFirst");
  // With all that TLS would bring.
  const inTime = authMechanismsOf(state.connector, { tlsActive: true, hasCertificate: true });
  if (inTime.length === 0) return logonFault("authenticationNotOffered", "NotOffered", mechanism);
  if (state.authenticatedUser !== undefined) return refused("alreadyAuthenticated");
  if (state.transaction !== undefined)
    return refused("badSequence", { detail: "AUTH in the middle of a message" });
  const now = authMechanismsOf(state.connector, {
    tlsActive: state.tls !== undefined,
    hasCertificate: state.tls?.clientCertificate !== undefined,
  });
  if (state.tls === undefined && now.length === 0)
    return logonFault("authenticationNeedsTls", "EncryptionRequired", mechanism);
  const known = inTime.find((one) => one === mechanism);
  if (known === undefined) return logonFault("authenticationMechanismUnknown", "UnknownMechanism", mechanism);
  if (!now.includes(known) && state.tls === undefined)
    return logonFault("authenticationNeedsTls", "EncryptionRequired", mechanism);
  const respond = (response: string): Verdict | Promise<Verdict> => {
    switch (known) {
      case "PLAIN":
        return plain(session, response);
      case "LOGIN":
        return login(session, response);
      case "XOAUTH2":
      case "OAUTHBEARER":
        return bearer(session, known, response);
      case "EXTERNAL":
        return external(session, response);
    }
  };
  if (initialResponse !== undefined) return respond(initialResponse);
  return ask(session, known, known === "LOGIN" ? userNamePrompt : emptyChallenge, respond);
}
