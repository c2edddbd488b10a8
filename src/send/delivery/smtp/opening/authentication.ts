/** AUTH as a client (RFC 4954): PLAIN (RFC 4616), else LOGIN. */
import type { SmtpSendConnector } from "../../../../core/policy/send-connector.ts";
import { SmtpClientError } from "../wire/client-error.ts";
import { withoutCredential } from "../wire/credential-echo.ts";
import type { Dialog } from "../wire/dialog.ts";
import type { Capabilities } from "../wire/ehlo-capabilities.ts";
import { replyVerdict } from "../wire/peer-verdict.ts";
import type { PeerReply } from "../wire/reply-reader.ts";
import { timeouts } from "../wire/timeouts.ts";

/**
 * Authenticates if the connector says so. Rejects with SmtpClientError (`authentication`) when it cannot be
 * done; mail is never sent unauthenticated instead.
 */
export async function authenticate(
  dialog: Dialog,
  capabilities: Capabilities,
  secured: boolean,
  connector: SmtpSendConnector,
): Promise<void> {
  const mechanism = connector.smartHostAuthMechanism;
  if (mechanism === "None") return;
  const credential = connector.authenticationCredential;
  if (credential === undefined) {
    throw new SmtpClientError(
      "authentication",
      `send connector ${connector.name} has no authenticationCredential`,
    );
  }
  if (mechanism === "BasicAuthRequireTLS" && !secured) {
    throw new SmtpClientError("authentication", "credentials are not sent without TLS (BasicAuthRequireTLS)");
  }
  const { userName, password } = credential;
  const offered = capabilities.authMechanisms;
  let reply: PeerReply;
  if (offered.includes("PLAIN")) {
    reply = await ask(dialog, `AUTH PLAIN ${base64(`\0${userName}\0${password}`)}`);
  } else if (offered.includes("LOGIN")) {
    reply = await ask(dialog, "AUTH LOGIN");
    if (reply.code === 334) reply = await ask(dialog, base64(userName));
    if (reply.code === 334) reply = await ask(dialog, base64(password));
  } else {
    throw new SmtpClientError("authentication", "the peer offers neither AUTH PLAIN nor AUTH LOGIN");
  }
  if (reply.code === 235) return;
  const verdict = replyVerdict({ ...reply, text: withoutCredential(reply.text, credential) });
  throw new SmtpClientError("authentication", verdict.text, {
    verdict: { ...verdict, text: `authentication as ${userName} failed: ${verdict.text}` },
  });
}

const ask = (dialog: Dialog, line: string): Promise<PeerReply> =>
  dialog.command(line, "AUTH", timeouts.mailMs);
const base64 = (text: string): string => Buffer.from(text, "utf8").toString("base64");
