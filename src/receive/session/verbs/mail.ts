/** MAIL (RFC 5321 §4.1.1.2): begins a mail transaction, if the client may send and the rate allows. */
import type { Command } from "../../../core/smtp/command.ts";
import { senderPath } from "../../../core/policy/bare-address.ts";
import type { MailParameters } from "../../../core/smtp/parameters.ts";
import { refusedByPressure, refusedDeclaredSize } from "../../../core/refusals/limit-refusals.ts";
import { refused, type Refused } from "../../../core/refusals/refusal.ts";
import { replies, type GrantingReply } from "../../../core/smtp/reply.ts";
import type { Conversation, Verdict } from "../conversation.ts";
import type { SessionState } from "../state.ts";

export function mail(
  session: Conversation,
  command: Extract<Command, { verb: "MAIL" }>,
): Verdict | Promise<Verdict> {
  const { state, services } = session;
  const { connector } = state;
  const { parameters, reversePath: sender } = command;
  if (state.hello === undefined) return refused("sendHelloFirst");
  if (state.transaction !== undefined) return refused("senderAlreadySpecified");
  if (services.isSuspended()) return refused("serviceSuspended", { sender });
  if (connector.requireTls && state.tls === undefined) return refused("tlsRequired", { sender });
  if (!state.rights.submit) return refused("notAuthenticated", { sender, detail: notAuthenticated(state) });
  const reversePath = senderPath(command, connector);
  if (reversePath === undefined) return invalidSender(command, connector);
  if (!command.ascii && !parameters.smtpUtf8)
    return refused("utf8NotOffered", { sender, fields: mailCommand });
  if (
    parameters.sizeBytes !== undefined &&
    parameters.sizeBytes > connector.maxMessageSize &&
    !state.rights.bypassMessageSizeLimit
  ) {
    return { ...refusedDeclaredSize(parameters.sizeBytes, connector.maxMessageSize), sender };
  }
  if (services.spool.misplaced !== undefined)
    return refused("localError", { sender, detail: "the data directory is not where it was" });
  const pressure = services.pressure();
  if (pressure !== undefined) {
    // Externally secured clients are Exchange servers; only they have this right.
    const trusted = state.authenticatedUser !== undefined || state.rights.bypassMessageSizeLimit;
    if (pressure.refuse === "everyone" || (pressure.refuse === "anonymous" && !trusted))
      return { ...refusedByPressure(pressure), sender };
    if (!trusted) session.holdBack(pressure.mailTarpitMs, "Back Pressure");
  }
  const overRate = services.refuseMessage(state, session);
  if (overRate instanceof Promise)
    return overRate.then((refusal) => refusal ?? begin(state, reversePath, parameters));
  return overRate ?? begin(state, reversePath, parameters);
}

function begin(state: SessionState, reversePath: string, parameters: MailParameters): GrantingReply {
  state.transaction = {
    reversePath,
    body: parameters.body,
    smtpUtf8: parameters.smtpUtf8,
    ret: parameters.ret,
    envid: parameters.envid,
    recipients: [],
    recipientsOverLimit: 0,
    chunking: false,
  };
  state.lastRefusal = undefined;
  return replies.senderOk;
}

const mailCommand = { command: "MAIL" } as const;

function notAuthenticated({ connector, authenticatedUser }: SessionState): string {
  const groups = connector.permissionGroups.join(", ") || "None";
  return authenticatedUser === undefined
    ? `the client did not log on, and permissionGroups (${groups}) has no AnonymousUsers`
    : `permissionGroups (${groups}) has no ExchangeUsers`;
}

function invalidSender(
  { conforming, reversePath: sender }: Extract<Command, { verb: "MAIL" }>,
  { strictAddresses }: SessionState["connector"],
): Refused {
  const isStrict = strictAddresses && !conforming;
  return refused("invalidSender", {
    sender,
    fields: mailCommand,
    about: isStrict ? "strictAddresses" : "defaultDomain",
    detail: isStrict
      ? "the sender's address is not as RFC 5321 has it, and strictAddresses is on"
      : "the sender's address has no domain, and the connector no defaultDomain",
  });
}
