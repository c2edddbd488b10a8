/**
 * AUTH as a client (RFC 4954): by password PLAIN (RFC 4616), else LOGIN; by token XOAUTH2 or OAUTHBEARER (RFC 7628). One
 * mechanism is tried, and none in the place of one that was refused.
 */
import { type Hold, type ReplyTreatment, treatReply } from "../../../../core/policy/reply-policy.ts";
import type { SmtpSendConnector } from "../../../../core/policy/send-connector.ts";
import { needsTls } from "../../../../core/policy/tls-needed.ts";
import { SmtpClientError } from "../wire/client-error.ts";
import { type HiddenWords, tokenForms } from "../wire/credential-echo.ts";
import type { Dialog } from "../wire/dialog.ts";
import type { Capabilities } from "../wire/ehlo-capabilities.ts";
import { printable, replyVerdict } from "../wire/peer-verdict.ts";
import type { PeerReply } from "../wire/reply-reader.ts";
import { timeouts } from "../wire/timeouts.ts";
import { holdAfterRefusal, type LogOn } from "./log-on.ts";

/** What is at hand to log on with, on one connection. */
export interface Authenticating {
  readonly connector: SmtpSendConnector;
  /** Where the connector logs on by token. */
  readonly logOn: LogOn | undefined;
  readonly secured: boolean;
  /** The peer's name, for OAUTHBEARER. */
  readonly host: string;
  readonly port: number;
  /** Taught each secret before it is sent. */
  readonly hidden: HiddenWords;
}

/** What came of a mechanism. */
interface Answer {
  readonly reply: PeerReply;
  /** The server's own words on why (RFC 7628 §3.2.2). */
  readonly details: string;
}

/**
 * Authenticates if the connector says so. Rejects with SmtpClientError (`authentication`) when it cannot be
 * done; mail is never sent unauthenticated instead.
 */
export async function authenticate(
  dialog: Dialog,
  capabilities: Capabilities,
  how: Authenticating,
): Promise<void> {
  const { connector, logOn, secured, hidden } = how;
  const mechanism = connector.smartHostAuthMechanism;
  if (mechanism === "None") return;
  if (needsTls(mechanism) && !secured)
    throw new SmtpClientError("authentication", `credentials are not sent without TLS (${mechanism})`);
  const { reply, details } =
    mechanism === "XOAUTH2" || mechanism === "OAUTHBEARER"
      ? await byToken(dialog, capabilities, mechanism, how)
      : { reply: await byPassword(dialog, capabilities, connector), details: "" };
  if (reply.code === 235) return;
  const said = { ...reply, text: hidden.hide(reply.text) };
  const verdict = replyVerdict(said);
  const who = logOn?.mailbox ?? connector.authenticationCredential?.userName ?? "";
  const more = details === "" ? "" : ` (${hidden.hide(details)})`;
  const treatment = reply.code >= 400 ? treatReply(connector, "auth", said) : undefined;
  throw new SmtpClientError("authentication", verdict.text, {
    verdict: { ...verdict, text: printable(`authentication as ${who} failed: ${verdict.text}${more}`) },
    hold: logOn === undefined ? holdOf(treatment) : holdAfterRefusal(treatment),
    tokenRefused: logOn !== undefined && reply.code >= 500,
  });
}

async function byPassword(
  dialog: Dialog,
  { authMechanisms: offered }: Capabilities,
  { name, authenticationCredential: credential }: SmtpSendConnector,
): Promise<PeerReply> {
  if (credential === undefined)
    throw new SmtpClientError("authentication", `send connector ${name} has no authenticationCredential`);
  const { userName, password } = credential;
  if (offered.includes("PLAIN"))
    return await ask(dialog, `AUTH PLAIN ${base64(`\0${userName}\0${password}`)}`);
  if (!offered.includes("LOGIN"))
    throw new SmtpClientError("authentication", "the peer offers neither AUTH PLAIN nor AUTH LOGIN");
  let reply = await ask(dialog, "AUTH LOGIN");
  if (reply.code === 334) reply = await ask(dialog, base64(userName));
  if (reply.code === 334) reply = await ask(dialog, base64(password));
  return reply;
}

/**
 * In two steps always: with a token the command would be longer than RFC 4954 §4 allows. A challenge after the token says
 * why it is refused, and wants an answer before the refusal comes.
 */
async function byToken(
  dialog: Dialog,
  { authMechanisms: offered }: Capabilities,
  mechanism: "XOAUTH2" | "OAUTHBEARER",
  { logOn, hidden, host, port }: Authenticating,
): Promise<Answer> {
  if (logOn === undefined) throw new SmtpClientError("authentication", "there is no token to log on with");
  if (!offered.includes(mechanism))
    throw new SmtpClientError("authentication", `the peer does not offer AUTH ${mechanism}`, {
      hold: holdAfterRefusal(undefined),
    });
  // It would end the field of SASL's message.
  // oxlint-disable-next-line no-control-regex
  if (/[\x00-\x1f\x7f]/.test(logOn.mailbox))
    throw new SmtpClientError("authentication", "the mailbox holds control characters", {
      hold: holdAfterRefusal(undefined),
    });
  const { value } = logOn.token;
  const message =
    mechanism === "XOAUTH2"
      ? `user=${logOn.mailbox}\x01auth=Bearer ${value}\x01\x01`
      : `n,a=${saslName(logOn.mailbox)},\x01host=${host}\x01port=${port}\x01auth=Bearer ${value}\x01\x01`;
  hidden.add(...tokenForms(value, message));
  let reply = await ask(dialog, `AUTH ${mechanism}`);
  if (reply.code !== 334) return { reply, details: "" };
  reply = await ask(dialog, base64(message));
  if (reply.code !== 334) return { reply, details: "" };
  const details = challengeText(reply.text);
  reply = await ask(dialog, mechanism === "XOAUTH2" ? "" : "AQ==");
  return { reply, details };
}

const holdOf = (treatment: ReplyTreatment | undefined): Hold | undefined =>
  treatment?.kind === "hold" ? treatment : undefined;

/** The JSON of the error challenge on one line. */
function challengeText(challenge: string): string {
  return Buffer.from(challenge.trim(), "base64").toString("utf8").replace(/\s+/g, " ").slice(0, 300);
}

/** RFC 5801 §4. */
function saslName(name: string): string {
  return name.replaceAll("=", "=3D").replaceAll(",", "=2C");
}

const ask = (dialog: Dialog, line: string): Promise<PeerReply> =>
  dialog.command(line, "AUTH", timeouts.mailMs);
const base64 = (text: string): string => Buffer.from(text, "utf8").toString("base64");
