/** AUTH (RFC 4954) with PLAIN (RFC 4616) and LOGIN, against the accounts of the configuration. */
import type { Command } from "../../../core/smtp/command.ts";
import type { SpokenKind } from "../../../core/refusals/catalogue.ts";
import { refused, type Refused } from "../../../core/refusals/refusal.ts";
import { replies, type GrantingReply } from "../../../core/smtp/reply.ts";
import { mayUseConnector, ownerKey } from "../../../core/policy/client-rights.ts";
import { rightsOf } from "../../../core/policy/relay-permission.ts";
import type { Conversation, Verdict } from "../conversation.ts";

interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Some printers give up unless these prompts are exactly so. */
const userNamePrompt: GrantingReply = { code: 334, text: "VXNlcm5hbWU6" };
const passwordPrompt: GrantingReply = { code: 334, text: "UGFzc3dvcmQ6" };
const emptyChallenge: GrantingReply = { code: 334, text: "" };

/** In events, in place of a name that no account has. */
const notAnAccount = "(no such account)";

export function auth(
  session: Conversation,
  command: Extract<Command, { verb: "AUTH" }>,
): Verdict | Promise<Verdict> {
  const { state } = session;
  if (state.hello === undefined) return refused("sendHelloFirst");
  const mechanisms = state.connector.authMechanism;
  if (!mechanisms.includes("BasicAuth"))
    return logonFault("authenticationNotOffered", "NotOffered", command.mechanism);
  if (state.authenticatedUser !== undefined) return refused("alreadyAuthenticated");
  if (state.transaction !== undefined)
    return refused("badSequence", { detail: "AUTH in the middle of a message" });
  if (!state.offered.auth)
    return logonFault("authenticationNeedsTls", "EncryptionRequired", command.mechanism);
  const { initialResponse } = command;
  switch (command.mechanism) {
    case "PLAIN":
      if (initialResponse !== undefined) return plain(session, initialResponse);
      return ask(session, "PLAIN", emptyChallenge, (response) => plain(session, response));
    case "LOGIN":
      if (initialResponse !== undefined) return login(session, initialResponse);
      return ask(session, "LOGIN", userNamePrompt, (response) => login(session, response));
    default:
      return logonFault("authenticationMechanismUnknown", "UnknownMechanism", command.mechanism);
  }
}

/** Sends a challenge; the client's next line is its response, or `*` to cancel. */
function ask(
  session: Conversation,
  mechanism: string,
  prompt: GrantingReply,
  then: (response: string) => Verdict | Promise<Verdict>,
): GrantingReply {
  session.expectLine((line) => {
    const response = line.toString("latin1");
    return response.trim() === "*"
      ? logonFault("authenticationCancelled", "Cancelled", mechanism)
      : then(response);
  });
  return prompt;
}

function plain(session: Conversation, response: string): Verdict | Promise<Verdict> {
  const parts = decode(response)?.split("\0");
  // authorization identity, authentication identity, password
  if (parts?.length !== 3) return malformed("PLAIN");
  const [identity = "", user = "", password = ""] = parts;
  if (user === "" || (identity !== "" && identity !== user)) return failed(session, "PLAIN", user);
  return check(session, "PLAIN", { user, password });
}

function login(session: Conversation, userResponse: string): Verdict {
  const user = decode(userResponse);
  if (user === undefined || user === "" || user.includes("\0")) return malformed("LOGIN");
  return ask(session, "LOGIN", passwordPrompt, (response) => {
    const password = decode(response);
    return password === undefined ? malformed("LOGIN") : check(session, "LOGIN", { user, password });
  });
}

async function check(
  session: Conversation,
  mechanism: string,
  { user, password }: Credentials,
): Promise<Verdict> {
  const { state, services } = session;
  let genuine: boolean;
  try {
    genuine = await services.authenticate(user, password);
  } catch {
    return logonFault("authenticationTemporary", "TemporaryFailure", mechanism);
  }
  if (!genuine) return failed(session, mechanism, user);
  const rights = rightsOf(state.connector, { authenticated: true });
  if (!rights.submit) return refused("accountMayNotSubmit", { user, about: user });
  const limits = services.limitsOf(state.peer.address, user);
  const { receiveConnectors } = limits;
  if (receiveConnectors !== undefined && !mayUseConnector(limits, state.connector.name))
    return refused("accountNotOnConnector", { user, about: ownerKey(receiveConnectors.owner) });
  session.transcript?.note(user, "authenticated");
  state.authenticatedUser = user;
  state.rights = rights;
  state.limits = limits;
  state.receivedPrefix = undefined;
  return replies.authenticated;
}

function failed(session: Conversation, mechanism: string, user: string): Refused {
  const { state, services } = session;
  const { connector } = state;
  state.logonFailures++;
  // What is no account's name may be a password in the wrong place.
  const known = services.isAccount(user) ? user : notAnAccount;
  const refusal: Refused = {
    ...logonFault("authenticationFailed", "LogonDenied", mechanism),
    user: known,
    about: known,
    detail: known === user ? "the password is wrong" : "there is no such account",
    // Which of the two it is would tell a stranger which accounts there are.
    confidential: true,
  };
  const { maxLogonFailures } = connector;
  if (maxLogonFailures === 0 || state.logonFailures <= maxLogonFailures) return refusal;
  // The last one is told as well, though the client hears of the limit.
  services.refuse(state, refusal);
  return refused("tooManyLogonFailures", {
    configured: maxLogonFailures,
    seen: state.logonFailures,
    user: known,
    about: known,
  });
}

/** `error`, `mechanism`: as Exchange's event 1035 has them. What the client named is not repeated: it may be a password. */
function logonFault(kind: SpokenKind, error: string, mechanism: string): Refused {
  const shown = mechanism === "LOGIN" ? "Login" : mechanism === "PLAIN" ? "Plain" : "(another)";
  return refused(kind, { fields: { error, mechanism: shown } });
}

function malformed(mechanism: string): Refused {
  return logonFault("authenticationMalformed", "IllegalMessage", mechanism);
}

/**
 * Base64, as devices write it: the padding may be missing, blanks may follow. `=` alone stands for nothing (RFC 4954 §4).
 * Undefined when it is malformed.
 */
function decode(response: string): string | undefined {
  const text = response.trimEnd();
  if (text === "=") return "";
  const [, digits] = /^([A-Za-z0-9+/]*)={0,2}$/.exec(text) ?? [];
  if (digits === undefined || digits.length % 4 === 1) return undefined;
  return Buffer.from(digits, "base64").toString("utf8");
}
