/** What all mechanisms of AUTH have alike: challenges, Base64, and what becomes of a log-on. */
import { mayUseConnector, ownerKey } from "../../../core/policy/client-rights.ts";
import { rightsOf } from "../../../core/policy/relay-permission.ts";
import type { SpokenKind } from "../../../core/refusals/catalogue.ts";
import { refused, type Refused } from "../../../core/refusals/refusal.ts";
import { replies, type GrantingReply } from "../../../core/smtp/reply.ts";
import { isDenied, type LoggedOn, type LogonDenied, type LogonOutcome } from "../../authentication/logon.ts";
import { logonDenied, logonFault as faultOf, logonUnchecked } from "../../authentication/logon-refusals.ts";
import type { Verdict } from "../../transaction/verdict.ts";
import type { Conversation } from "../conversation.ts";

/** Names in events, by the mechanism's; what else a client named is not repeated: it may be a password. */
const shownMechanisms: Readonly<Record<string, string>> = {
  LOGIN: "Login",
  PLAIN: "Plain",
  XOAUTH2: "XOAuth2",
  OAUTHBEARER: "OAuthBearer",
  EXTERNAL: "External",
};

/** Sends a challenge; the client's next line is its response, or `*` to cancel. */
export function ask(
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

/** Waits for what the log-on comes to; `whenDenied`: what refuses it, told by the mechanism. */
export async function settle(
  session: Conversation,
  mechanism: string,
  logon: Promise<LogonOutcome>,
  whenDenied: (denied: LogonDenied) => Verdict = (denied) => failed(session, mechanism, denied),
): Promise<Verdict> {
  let outcome: LogonOutcome;
  try {
    outcome = await logon;
  } catch (fault) {
    return logonUnchecked(shown(mechanism), fault);
  }
  return isDenied(outcome) ? whenDenied(outcome) : granted(session, mechanism, outcome);
}

function granted(
  { state, services, transcript }: Conversation,
  mechanism: string,
  { user, group }: LoggedOn,
): Verdict {
  const rights = rightsOf(state.connector, { authenticated: true });
  if (!rights.submit) return refused("accountMayNotSubmit", { user, about: user });
  const limits = services.limitsOf(state.peer.address, user, group);
  const { receiveConnectors } = limits;
  if (receiveConnectors !== undefined && !mayUseConnector(limits, state.connector.name))
    return refused("accountNotOnConnector", { user, about: ownerKey(receiveConnectors.owner) });
  transcript?.note(user, "authenticated");
  state.authenticatedUser = user;
  state.mechanism = mechanism;
  state.rights = rights;
  state.limits = limits;
  state.receivedPrefix = undefined;
  return replies.authenticated;
}

export function failed({ state, services }: Conversation, mechanism: string, denied: LogonDenied): Refused {
  const { maxLogonFailures } = state.connector;
  const { refusal, limit } = logonDenied(shown(mechanism), denied, ++state.logonFailures, maxLogonFailures);
  if (limit === undefined) return refusal;
  services.refuse(state, refusal);
  return limit;
}

export function logonFault(kind: SpokenKind, error: string, mechanism: string): Refused {
  return faultOf(kind, error, shown(mechanism));
}

function shown(mechanism: string): string {
  return (Object.hasOwn(shownMechanisms, mechanism) ? shownMechanisms[mechanism] : undefined) ?? "(another)";
}

export function malformed(mechanism: string): Refused {
  return logonFault("authenticationMalformed", "IllegalMessage", mechanism);
}

/**
 * Base64, as devices write it: the padding may be missing, blanks may follow. `=` alone stands for nothing (RFC 4954 §4).
 * Undefined when it is malformed.
 */
export function decode(response: string): string | undefined {
  const text = response.trimEnd();
  if (text === "=") return "";
  const [, digits] = /^([A-Za-z0-9+/]*)={0,2}$/.exec(text) ?? [];
  if (digits === undefined || digits.length % 4 === 1) return undefined;
  return Buffer.from(digits, "base64").toString("utf8");
}
