/**
 * RSET, MAIL and RCPT: written in one group where the peer allows (RFC 2920 §3.1), else one behind each answer. Never with
 * BDAT in that group, which RFC 3030 §4.2 would allow: a peer that refuses MAIL or RCPT and does not discard the chunk
 * (RFC 3030 §2) would run the lines of a message as commands.
 */
import type { RecipientState } from "../../../../spool/spool.ts";
import { mailCommand, recipientCommand } from "../job/envelope-commands.ts";
import { kindOf } from "../wire/reply-meaning.ts";
import type { PeerReply } from "../wire/reply-reader.ts";
import { timeouts } from "../wire/timeouts.ts";
import { beginContent } from "./content-phases.ts";
import { finish, oneByOne, outOfStep } from "./ending.ts";
import { encodingOf, type TransactionState } from "./transaction-state.ts";

/** Writes as much as may go out at once. */
export function writeOpening(state: TransactionState): void {
  const { session, mode } = state;
  session.connection.setDeadline(timeouts.mailMs);
  writeText(state, mode.pipelining ? opening(state) : resetIfNeeded(state) || mail(state));
}

/** The commands that go out as one group. */
export function opening(state: TransactionState): string {
  let text = resetIfNeeded(state) + mail(state);
  for (const recipient of state.recipients) text += rcpt(state, recipient);
  return state.mode.chunking ? text : `${text}DATA\r\n`;
}

export function resetReply(state: TransactionState, reply: PeerReply): void {
  if (reply.code >= 300) return outOfStep(state, reply);
  state.phase = "mail";
  if (!state.mode.pipelining) writeText(state, mail(state));
  state.session.connection.setDeadline(timeouts.mailMs);
}

export function mailReply(state: TransactionState, reply: PeerReply): void {
  const { session, mode } = state;
  const kind = kindOf(reply);
  if (kind === "unexpected") return outOfStep(state, reply);
  session.evidence.mailAnswered(reply);
  if (kind !== "positive") {
    state.mailRefusal = reply;
    if (!mode.pipelining) return finish(state);
  }
  state.phase = "recipient";
  session.connection.setDeadline(timeouts.recipientMs);
  if (!mode.pipelining) writeRecipient(state);
}

export function recipientReply(state: TransactionState, reply: PeerReply): void {
  const { recipients, answers, session, mode } = state;
  const recipient = recipients[state.position++] as RecipientState;
  const { reversePath } = state.claim.message.envelope;
  if (state.mailRefusal === undefined) {
    if (!answers.hear(recipient, reply, reversePath)) return outOfStep(state, reply);
  } else if (mode.chunking && kindOf(reply) === "positive") return oneByOne(state, reply);
  if (state.position === recipients.length) return beginContent(state);
  session.connection.setDeadline(timeouts.recipientMs);
  if (!mode.pipelining) writeRecipient(state);
}

/** The peer's state is not clean: RSET goes first. */
function resetIfNeeded(state: TransactionState): string {
  const { session } = state;
  if (!session.needsReset) return "";
  session.needsReset = false;
  state.phase = "reset";
  return "RSET\r\n";
}

function mail({ claim, session, mode, job }: TransactionState): string {
  const { envelope, content } = claim.message;
  const { chunking } = mode;
  return mailCommand(envelope, content, session.capabilities, { chunking, asciiPaths: job.asciiPaths });
}

function rcpt({ claim, session, job }: TransactionState, { index }: RecipientState): string {
  const recipient = claim.message.envelope.recipients[index];
  return recipient === undefined ? "" : recipientCommand(recipient, session.capabilities, job.reports);
}

function writeRecipient(state: TransactionState): void {
  const recipient = state.recipients[state.position];
  if (recipient !== undefined) writeText(state, rcpt(state, recipient));
}

function writeText(state: TransactionState, text: string): void {
  state.session.connection.writeText(text, encodingOf(state));
}
