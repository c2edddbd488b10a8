/**
 * The ways a transaction ends: delivered, decided without content, or broken off. What follows from a refusal stands in
 * after-refusal.ts, from a lost connection in after-loss.ts; here it is done.
 */
import type { Hold, ReplyTreatment, Throttle } from "../../../../core/policy/reply-policy.ts";
import type { Verdict } from "../../delivery.ts";
import { decideRest, passOver, putOff, putToOtherFamily } from "../job/job.ts";
import { SmtpClientError } from "../wire/client-error.ts";
import { replyVerdict } from "../wire/peer-verdict.ts";
import type { PeerReply } from "../wire/reply-reader.ts";
import { afterLoss, type LossVerdict } from "./after-loss.ts";
import { afterRefusal } from "./after-refusal.ts";
import { isBinary, stageOf, type TransactionState } from "./transaction-state.ts";
import type { TransactionEnd } from "./transaction-contract.ts";

const completed: TransactionEnd = { kind: "completed", elsewhere: true };

/** Why a connection is closed whose peer said what `verdict` tells. */
export function closing(verdict: Verdict): SmtpClientError {
  return new SmtpClientError("refused", verdict.text, { verdict });
}

/** Ends it, once. `close`: the connection is of no use any more. */
export function end(state: TransactionState, how: TransactionEnd, close: SmtpClientError | undefined): void {
  if (state.over) return;
  state.over = true;
  state.transfer.stop();
  state.session.ended(state.job, how, close);
}

/** On a new connection. `free`: that does not use up the job's second try. */
export function again(state: TransactionState, error: SmtpClientError, free: boolean): void {
  end(state, { kind: "unsent", verdict: error.verdict, free, leaving: false }, error);
}

/** Others may have the message by now: what went out of it is never ended, and DATA can be broken off but by closing. */
export function withhold(state: TransactionState): void {
  const why = "the message may be another node's by now, and its end was not sent";
  end(state, { kind: "aborted" }, new SmtpClientError("aborted", why));
}

/** Complete content was answered with 2xx. */
export function delivered(state: TransactionState, reply: PeerReply): void {
  const { answers, job, mode, session, transfer } = state;
  const { peer, capabilities } = session;
  if (mode.pipelining) peer.pipeliningProven = true;
  if (job.chunkingFault !== undefined && !mode.chunking && !peer.chunkingProven && capabilities.chunking)
    session.evidence.blame("CHUNKING", job.chunkingFault);
  if (answers.mostAtOnce !== undefined) session.evidence.learnRecipientLimit(answers.mostAtOnce);
  transfer.taken();
  if (answers.anyTransient) passOver(job, peer);
  answers.delivered(job, replyVerdict(reply), capabilities.dsn, session.tls);
  session.delivered(job);
  end(state, completed, undefined);
}

/** Ends with all decided, nothing delivered. */
export function finish(state: TransactionState, close?: SmtpClientError): void {
  const { answers, job, session, mailRefusal, contentRefusal } = state;
  const { peer, connection } = session;
  session.needsReset = true;
  // Nothing is outstanding, and something was accepted all the same: the refusal before it was not of what it seems.
  if (connection.alive && !session.hasFollower && connection.hasAcceptance)
    return disbelieve(state, new SmtpClientError("garbage", "the peer sent replies nobody asked for"));
  const reply = mailRefusal ?? (answers.accepted.length > 0 ? contentRefusal : undefined);
  if (reply === undefined) {
    if (answers.anyTransient) passOver(job, peer);
    answers.nobody(job);
    return end(state, completed, close);
  }
  const to = mailRefusal !== undefined ? "mail" : state.phase === "data" ? "data" : "content";
  const treatment = session.replies?.treat(to, reply);
  if (treatment?.kind === "hold" || treatment?.kind === "throttle")
    return heldBack(state, treatment, replyVerdict(reply), close);
  const verdict = verdictOn(state, reply, treatment);
  const what = afterRefusal({
    reply: ofTreatedClass(reply, treatment),
    to,
    recipientsAccepted: answers.accepted.length,
    mayBlameTls: session.evidence.mayBlameTls,
    isForWantOfTls: session.evidence.isForWantOfTls(reply),
    mayBeWornOut: session.mayBeWornOut(job),
  });
  switch (what) {
    case "againInClear":
      session.evidence.blame("TLS", verdict.text);
      return again(state, closing(verdict), true);
    case "wornOut":
      session.wearOut(job);
      return end(state, { kind: "wornOut", verdict }, close);
    case "fewerRecipients":
      session.evidence.learnFromRefusal(answers.accepted.length, verdict.text);
      answers.onceMore(job);
      break;
    case "putOff":
      putOff(job, verdict, peer);
      break;
    case "putOffAndClose":
      putOff(job, verdict, peer);
      return end(state, completed, close ?? closing(verdict));
    case "fail":
      if (session.triesOtherFamily && putToOtherFamily(job, verdict, peer)) break;
      decideRest(job, "permanent", verdict, peer.host.name);
      break;
    case "deferAccepted":
      passOver(job, peer);
      answers.deferred(job, verdict);
      break;
    case "failAccepted":
      if (answers.anyTransient) passOver(job, peer);
      answers.refused(job, verdict);
  }
  end(state, completed, close);
}

function ofTreatedClass(reply: PeerReply, treatment: ReplyTreatment | undefined): PeerReply {
  if (treatment?.kind === "transient") return { ...reply, code: reply.code - 100 };
  return treatment?.kind === "permanent" ? { ...reply, code: reply.code + 100 } : reply;
}

/** The provider takes no mail of this sender now, whatever the message: nobody else is asked, and it does not count. */
function heldBack(
  state: TransactionState,
  treatment: Hold | Throttle,
  verdict: Verdict,
  close: SmtpClientError | undefined,
): void {
  const { answers, claim, job, mailRefusal, session } = state;
  const host = session.peer.host.name;
  const { reversePath } = claim.message.envelope;
  const retryAfterMs = session.replies?.apply(treatment, reversePath, verdict, host) ?? 0;
  if (mailRefusal === undefined) answers.heldBack(job, verdict, retryAfterMs);
  else {
    for (const { index } of job.recipients)
      job.outcomes.push({ kind: "transient", index, verdict, host, retryAfterMs });
    job.recipients = [];
  }
  end(state, { kind: "completed", elsewhere: false }, close);
}

function verdictOn(
  { claim, session }: TransactionState,
  reply: PeerReply,
  treatment: ReplyTreatment | undefined,
): Verdict {
  const verdict = replyVerdict(reply);
  if (treatment?.kind !== "senderRefused" || session.replies === undefined) return verdict;
  return session.replies.naming(verdict, claim.message.envelope.reversePath);
}

/** The connection is gone. */
export function lost(state: TransactionState, error: SmtpClientError): void {
  if (state.over) return;
  const { job, mode, session } = state;
  const timedOut = error.code === "timeout";
  switch (lossVerdict(state, error)) {
    case "aborted":
      return end(state, { kind: "aborted" }, error);
    case "decided":
      return finish(state, error);
    case "againByData":
      job.chunkingFault = error.message;
      if (timedOut) session.evidence.blame("CHUNKING", error.message);
      return again(state, error, true);
    case "againOneByOne":
      session.evidence.blame("PIPELINING", error.message);
      return again(state, error, true);
    case "againInClear":
      session.evidence.blame("TLS", error.message);
      return again(state, error, true);
    case "again":
      return again(state, error, false);
    case "putOff":
      return breakOff(state, error, false);
    case "unconfirmed":
      if (mode.chunking && timedOut && !isBinary(state)) session.evidence.blame("CHUNKING", error.message);
      return breakOff(state, error, true);
  }
}

function lossVerdict(state: TransactionState, { code }: SmtpClientError): LossVerdict {
  const { phase, job, mode, session, transfer, answers } = state;
  const mayUseData = mode.chunking && job.chunkingFault === undefined && !isBinary(state);
  return afterLoss({
    phase,
    code,
    contentComplete: transfer.complete,
    decided: state.mailRefusal !== undefined || (phase === "content" && answers.isNobodyAccepted),
    anyReply: state.replies > 0,
    blame: {
      chunking: mayUseData && !session.peer.chunkingProven,
      dataInstead: mayUseData,
      pipelining: mode.pipelining && !session.peer.pipeliningProven,
      // A connection may be lost for any reason; one that is lost twice in the same way is not.
      tls: session.evidence.mayBlameTls && (code !== "lost" || job.retried),
    },
  });
}

/** A reply that cannot belong to the command it should answer. Whose those before it were is not known either. */
export function outOfStep(state: TransactionState, reply: PeerReply): void {
  disbelieve(state, unexpected(state, reply));
}

function disbelieve(state: TransactionState, error: SmtpClientError): void {
  state.mailRefusal = undefined;
  state.answers.disbelieve();
  lost(state, error);
}

/** A recipient was accepted behind a sender that was not: asked one by one, the peer says which of them it refused. */
export function oneByOne(state: TransactionState, reply: PeerReply): void {
  const error = unexpected(state, reply);
  state.session.evidence.blame("PIPELINING", error.message);
  again(state, error, true);
}

/** A reply that came before the command it should answer has left: one too many. That command will not leave. */
export function tooEarly(state: TransactionState, reply: PeerReply): void {
  again(state, unexpected(state, reply), false);
}

function unexpected(state: TransactionState, reply: PeerReply): SmtpClientError {
  return new SmtpClientError("garbage", `unexpected reply to ${stageOf(state)}: ${replyVerdict(reply).text}`);
}

/** Ends for everybody the peer did not refuse itself. */
function breakOff(state: TransactionState, error: SmtpClientError, unconfirmed: boolean): void {
  const { job, session, answers, recipients } = state;
  passOver(job, session.peer);
  answers.broken(job, recipients, error.verdict, unconfirmed);
  end(state, completed, error);
}
