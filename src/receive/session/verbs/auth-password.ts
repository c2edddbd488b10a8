/** PLAIN (RFC 4616) and LOGIN. */
import type { GrantingReply } from "../../../core/smtp/reply.ts";
import type { Verdict } from "../../transaction/verdict.ts";
import type { Conversation } from "../conversation.ts";
import { ask, decode, failed, malformed, settle } from "./auth-outcome.ts";

/** Some printers give up unless these prompts are exactly so. */
export const userNamePrompt: GrantingReply = { code: 334, text: "VXNlcm5hbWU6" };
const passwordPrompt: GrantingReply = { code: 334, text: "UGFzc3dvcmQ6" };

export function plain(session: Conversation, response: string): Verdict | Promise<Verdict> {
  const parts = decode(response)?.split("\0");
  // authorization identity, authentication identity, password
  if (parts?.length !== 3) return malformed("PLAIN");
  const [identity = "", user = "", password = ""] = parts;
  if (user === "" || (identity !== "" && identity !== user)) {
    const account = session.services.isAccount(user) ? user : undefined;
    return failed(session, "PLAIN", { denied: "it names no user, or another one to act for", account });
  }
  return check(session, "PLAIN", user, password);
}

export function login(session: Conversation, userResponse: string): Verdict {
  const user = decode(userResponse);
  if (user === undefined || user === "" || user.includes("\0")) return malformed("LOGIN");
  return ask(session, "LOGIN", passwordPrompt, (response) => {
    const password = decode(response);
    return password === undefined ? malformed("LOGIN") : check(session, "LOGIN", user, password);
  });
}

function check(session: Conversation, mechanism: string, user: string, password: string): Promise<Verdict> {
  const { services, state } = session;
  return settle(session, mechanism, services.authenticate(user, password, state.peer.source));
}
