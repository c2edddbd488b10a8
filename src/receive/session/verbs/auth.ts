/** AUTH (RFC 4954) with PLAIN (RFC 4616) and LOGIN, against the accounts of the configuration. */
import type { Command } from "../../../core/smtp/command.ts";
import { replies, type Reply } from "../../../core/smtp/reply.ts";
import { rightsOf } from "../../../core/policy/relay-permission.ts";
import type { Conversation } from "../conversation.ts";

interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Some printers give up unless these prompts are exactly so. */
const userNamePrompt: Reply = { code: 334, text: "VXNlcm5hbWU6" };
const passwordPrompt: Reply = { code: 334, text: "UGFzc3dvcmQ6" };
const emptyChallenge: Reply = { code: 334, text: "" };

/** In events, in place of a name that no account has. */
const notAnAccount = "(no such account)";

export function auth(
  session: Conversation,
  command: Extract<Command, { verb: "AUTH" }>,
): Reply | Promise<Reply> {
  const { state } = session;
  if (state.hello === undefined) return replies.sendHelloFirst;
  const mechanisms = state.connector.authMechanism;
  if (!mechanisms.includes("BasicAuth")) return replies.commandNotImplemented;
  if (state.authenticatedUser !== undefined) return replies.alreadyAuthenticated;
  if (state.transaction !== undefined) return replies.badSequence;
  if (!state.offered.auth) return replies.authenticationNeedsTls;
  const { initialResponse } = command;
  switch (command.mechanism) {
    case "PLAIN":
      if (initialResponse !== undefined) return plain(session, initialResponse);
      return ask(session, emptyChallenge, (response) => plain(session, response));
    case "LOGIN":
      if (initialResponse !== undefined) return login(session, initialResponse);
      return ask(session, userNamePrompt, (response) => login(session, response));
    default:
      return replies.authenticationMechanismUnknown;
  }
}

/** Sends a challenge; the client's next line is its response, or `*` to cancel. */
function ask(
  session: Conversation,
  prompt: Reply,
  then: (response: string) => Reply | Promise<Reply>,
): Reply {
  session.expectLine((line) => {
    const response = line.toString("latin1");
    return response.trim() === "*" ? replies.authenticationCancelled : then(response);
  });
  return prompt;
}

function plain(session: Conversation, response: string): Reply | Promise<Reply> {
  const parts = decode(response)?.split("\0");
  // authorization identity, authentication identity, password
  if (parts?.length !== 3) return replies.authenticationMalformed;
  const [identity = "", user = "", password = ""] = parts;
  if (user === "" || (identity !== "" && identity !== user)) return failed(session, "PLAIN", user);
  return check(session, "PLAIN", { user, password });
}

function login(session: Conversation, userResponse: string): Reply {
  const user = decode(userResponse);
  if (user === undefined || user === "" || user.includes("\0")) return replies.authenticationMalformed;
  return ask(session, passwordPrompt, (response) => {
    const password = decode(response);
    return password === undefined
      ? replies.authenticationMalformed
      : check(session, "LOGIN", { user, password });
  });
}

async function check(
  session: Conversation,
  mechanism: string,
  { user, password }: Credentials,
): Promise<Reply> {
  const { state, services } = session;
  let genuine: boolean;
  try {
    genuine = await services.authenticate(user, password);
  } catch {
    return replies.authenticationTemporary;
  }
  if (!genuine) return failed(session, mechanism, user);
  const rights = rightsOf(state.connector, { authenticated: true });
  if (!rights.submit) {
    services.events.emit("SmtpReceiveAuthorizationSubmitRejected", {
      user,
      connector: state.connector.name,
      source: state.peer.address,
    });
    return replies.authenticationFailed;
  }
  session.transcript?.note(user, "authenticated");
  state.authenticatedUser = user;
  state.rights = rights;
  state.receivedPrefix = undefined;
  return replies.authenticated;
}

function failed(session: Conversation, mechanism: string, user: string): Reply {
  const { state, services } = session;
  const { connector, peer } = state;
  state.logonFailures++;
  services.events.emit("SmtpReceiveAuthenticationFailed", {
    error: "LogonDenied",
    connector: connector.name,
    mechanism: mechanism === "LOGIN" ? "Login" : "Plain",
    source: peer.address,
    // What is no account's name may be a password in the wrong place.
    user: services.isAccount(user) ? user : notAnAccount,
  });
  if (connector.maxLogonFailures === 0 || state.logonFailures <= connector.maxLogonFailures) {
    return replies.authenticationFailed;
  }
  services.events.emit("SmtpReceiveAuthenticationFailedTooManyErrors", {
    connector: connector.name,
    limit: connector.maxLogonFailures,
    source: peer.address,
  });
  return replies.tooManyLogonFailures;
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
