/**
 * One mail transaction (RFC 5321 §3.3) as a state machine: it writes the envelope and content, in one flight
 * where the peer allows, and hears a reply at a time. It ends exactly once. What a lost connection means stands in
 * lost-transaction.ts, what becomes of the recipients in recipient-answers.ts.
 */
import { SpoolError, type Claim, type RecipientState } from "../../../../spool/spool.ts";
import type { Verdict } from "../../delivery.ts";
import { SmtpClientError } from "../wire/client-error.ts";
import { ContentTransfer } from "./content-transfer.ts";
import { mailCommand, recipientCommand } from "../job/envelope-commands.ts";
import { failureWords } from "../wire/failure-words.ts";
import { decideRest, passOver, putOff, type Job } from "../job/job.ts";
import { afterLoss, type Phase } from "./lost-transaction.ts";
import { localVerdict, replyVerdict } from "../wire/peer-verdict.ts";
import { RecipientAnswers } from "./recipient-answers.ts";
import {
  isAboutBdatItself,
  isAboutMessageCount,
  kindOf,
  saysTooManyRecipients,
} from "../wire/reply-meaning.ts";
import type { PeerReply } from "../wire/reply-reader.ts";
import { timeouts } from "../wire/timeouts.ts";
import type { TransactionEnd, TransactionMode, TransactionSession } from "./transaction-contract.ts";

export class Transaction {
  readonly job: Job;
  private readonly session: TransactionSession;
  private readonly mode: TransactionMode;
  /** The job's, in the form this peer takes. */
  private readonly claim: Claim;
  private readonly recipients: readonly RecipientState[];
  private phase: Phase = "mail";
  private replies = 0;
  /** Which recipient the next reply in phase `recipient` speaks of. */
  private position = 0;
  private mailRefusal: PeerReply | undefined;
  private contentRefusal: PeerReply | undefined;
  private readonly answers: RecipientAnswers;
  private readonly transfer: ContentTransfer;
  private over = false;

  constructor(session: TransactionSession, job: Job, claim: Claim, mode: TransactionMode) {
    this.session = session;
    this.job = job;
    this.mode = mode;
    this.claim = claim;
    const { recipients } = job;
    const most = mode.mostRecipients;
    this.recipients = recipients.length <= most ? recipients : recipients.slice(0, most);
    this.answers = new RecipientAnswers(
      session.peer.host.name,
      recipients.length <= most ? [] : recipients.slice(most),
    );
    this.transfer = new ContentTransfer(session.connection, claim);
  }

  /** No reply has come yet. */
  get unanswered(): boolean {
    return this.replies === 0;
  }

  /** For timeouts: what the peer owes an answer to. */
  get stage(): string {
    switch (this.phase) {
      case "reset":
        return "RSET";
      case "mail":
        return "MAIL";
      case "recipient":
        return "RCPT";
      case "data":
        return "DATA";
      case "chunk":
        return "BDAT";
      case "content":
        return this.transfer.complete ? "the end of data" : "the data";
    }
  }

  get encoding(): "latin1" | "utf8" {
    return this.job.asciiPaths ? "latin1" : "utf8";
  }

  /** Writes as much as may go out at once. */
  begin(): void {
    const { connection, needsReset } = this.session;
    connection.setDeadline(timeouts.mailMs);
    if (!this.mode.pipelining) {
      if (needsReset) this.phase = "reset";
      this.session.needsReset = false;
      this.writeText(needsReset ? "RSET\r\n" : this.mail());
      return;
    }
    const text = this.opening();
    const { inMemory } = this.transfer;
    if (this.mode.inOneFlight && inMemory !== undefined)
      this.transfer.sendChunk(inMemory, text, this.encoding);
    else this.writeText(text);
  }

  /** The commands that go out as one group (RFC 2920 §3.1); BDAT is written with its content. */
  opening(): string {
    const { envelope } = this.claim.message;
    const { capabilities } = this.session;
    let text = "";
    if (this.session.needsReset) {
      text = "RSET\r\n";
      this.phase = "reset";
      this.session.needsReset = false;
    }
    text += this.mail();
    for (const { index } of this.recipients) {
      const recipient = envelope.recipients[index];
      if (recipient !== undefined) text += recipientCommand(recipient, capabilities, this.job.reports);
    }
    return this.mode.chunking ? text : `${text}DATA\r\n`;
  }

  reply(reply: PeerReply): void {
    this.replies++;
    if (reply.code === 421 && this.phase !== "content" && this.phase !== "chunk") {
      const verdict = replyVerdict(reply);
      return this.end({ kind: "unsent", verdict, free: false, leaving: true }, closing(verdict));
    }
    switch (this.phase) {
      case "reset":
        if (reply.code >= 300) return this.outOfStep(reply);
        this.phase = "mail";
        if (!this.mode.pipelining) this.writeText(this.mail());
        this.session.connection.setDeadline(timeouts.mailMs);
        return;
      case "mail":
        return this.mailReply(reply);
      case "recipient":
        return this.recipientReply(reply);
      case "data":
        return this.dataReply(reply);
      case "chunk":
        return this.chunkReply(reply);
      case "content":
        return this.contentReply(reply);
    }
  }

  /** The connection is gone. */
  lost(error: SmtpClientError): void {
    if (this.over) return;
    const { job, mode, session, transfer } = this;
    const { verdict } = error;
    if (transfer.complete && this.phase !== "content" && this.phase !== "chunk")
      session.flightLost(error.code);
    const mayUseData = mode.chunking && job.chunkingFault === undefined && !this.isBinary;
    const what = afterLoss({
      phase: this.phase,
      code: error.code,
      contentComplete: transfer.complete,
      decided:
        this.mailRefusal !== undefined || (this.phase === "content" && this.answers.accepted.length === 0),
      anyReply: this.replies > 0,
      blame: {
        chunking: mayUseData && !session.peer.chunkingProven,
        dataInstead: mayUseData,
        pipelining: mode.pipelining && !session.peer.pipeliningProven,
        // A connection may be lost for any reason; one that is lost twice in the same way is not.
        tls: session.mayBlameTls && (error.code !== "lost" || job.retried),
      },
    });
    switch (what) {
      case "aborted":
        return this.end({ kind: "aborted" }, error);
      case "decided":
        return this.finish(error);
      case "againByData":
        job.chunkingFault = error.message;
        if (error.code === "timeout") session.blame("CHUNKING", error.message);
        return this.again(error, true);
      case "againOneByOne":
        session.blame("PIPELINING", error.message);
        return this.again(error, true);
      case "againInClear":
        session.blame("TLS", error.message);
        return this.again(error, true);
      case "again":
        return this.again(error, false);
      case "putOff":
        return this.breakOff(verdict, error, false);
      case "unconfirmed":
        if (mode.chunking && error.code === "timeout" && !this.isBinary)
          session.blame("CHUNKING", error.message);
        return this.breakOff(verdict, error, true);
    }
  }

  /** Taken back because of what became of the transaction before it; no reply came to it. */
  withdraw(error: SmtpClientError): void {
    if (error.code === "aborted") this.end({ kind: "aborted" }, error);
    else this.again(error, true);
  }

  drained(): void {
    this.transfer.drained();
  }

  private get isBinary(): boolean {
    return this.claim.message.envelope.body === "BINARYMIME";
  }

  private mail(): string {
    const { envelope, content } = this.claim.message;
    return mailCommand(envelope, content, this.session.capabilities, {
      chunking: this.mode.chunking,
      asciiPaths: this.job.asciiPaths,
    });
  }

  private writeText(text: string): boolean {
    return this.session.connection.writeText(text, this.encoding);
  }

  private mailReply(reply: PeerReply): void {
    const kind = kindOf(reply);
    if (kind === "unexpected") return this.outOfStep(reply);
    this.session.mailAnswered(reply);
    if (kind !== "done") {
      this.mailRefusal = reply;
      if (!this.mode.pipelining) return this.finish();
    }
    this.phase = "recipient";
    this.session.connection.setDeadline(timeouts.recipientMs);
    if (!this.mode.pipelining) this.writeRecipient();
  }

  private writeRecipient(): void {
    const index = this.recipients[this.position]?.index ?? -1;
    const recipient = this.claim.message.envelope.recipients[index];
    if (recipient === undefined) return;
    this.writeText(recipientCommand(recipient, this.session.capabilities, this.job.reports));
  }

  private recipientReply(reply: PeerReply): void {
    const recipient = this.recipients[this.position++] as RecipientState;
    if (this.mailRefusal === undefined && !this.answers.take(recipient, reply)) return this.outOfStep(reply);
    const { connection } = this.session;
    if (this.position < this.recipients.length) {
      connection.setDeadline(timeouts.recipientMs);
      if (!this.mode.pipelining) this.writeRecipient();
      return;
    }
    const { pipelining, chunking, inOneFlight } = this.mode;
    if (inOneFlight && this.transfer.inMemory !== undefined) {
      this.phase = "content";
      connection.setDeadline(timeouts.finalMs);
    } else if (pipelining && !chunking) {
      this.phase = "data";
      connection.setDeadline(timeouts.dataMs);
    } else if (this.answers.accepted.length === 0) {
      this.finish();
    } else if (chunking) {
      this.sendChunks();
    } else {
      this.phase = "data";
      connection.setDeadline(timeouts.dataMs);
      this.writeText("DATA\r\n");
    }
  }

  private dataReply(reply: PeerReply): void {
    if (reply.code === 354) {
      this.phase = "content";
      if (this.answers.accepted.length > 0) return this.sendData();
      // Nobody is left, but the peer waits for content: the empty one goes to nobody (RFC 2920 §3.1).
      return this.transfer.sendNothing();
    }
    if (kindOf(reply) === "done" || kindOf(reply) === "unexpected") return this.outOfStep(reply);
    this.contentRefusal = reply;
    this.finish();
  }

  private sendData(): void {
    const { inMemory } = this.transfer;
    if (inMemory === undefined) return this.stream("data");
    const next = this.session.follower();
    this.transfer.sendData(inMemory, next?.opening() ?? "", next?.encoding ?? "latin1");
  }

  private sendChunks(): void {
    const { inMemory } = this.transfer;
    this.phase = inMemory === undefined ? "chunk" : "content";
    if (inMemory === undefined) return this.stream("chunks");
    this.session.connection.setDeadline(timeouts.finalMs);
    this.transfer.sendChunk(inMemory, "", this.encoding);
  }

  private stream(way: "data" | "chunks"): void {
    this.transfer.stream(way).then(
      () => this.afterChunks(),
      (error: unknown) => {
        if (this.over) return;
        const close = new SmtpClientError("lost", `the content could not be read: ${failureWords(error)}`);
        if (error instanceof SpoolError && error.code === "damaged") {
          this.end({ kind: "damaged", what: error.message }, close);
        } else {
          this.answers.broken(this.job, this.recipients, localVerdict("4.3.0", close.message), false);
          this.end({ kind: "completed", elsewhere: false }, close);
        }
      },
    );
  }

  private chunkReply(reply: PeerReply): void {
    const { transfer } = this;
    transfer.chunksUnanswered--;
    const kind = kindOf(reply);
    if (kind === "unexpected" || transfer.chunksUnanswered < 0) return this.outOfStep(reply);
    if (reply.code === 421) return this.refuseContent(reply, closing(replyVerdict(reply)));
    if (kind === "done") {
      this.session.peer.chunkingProven = true;
      if (transfer.complete && transfer.chunksUnanswered === 0 && this.contentRefusal === undefined) {
        return this.delivered(reply);
      }
    } else if (this.contentRefusal === undefined) {
      if (this.retryByData(reply)) return;
      this.contentRefusal = reply;
      transfer.stop();
    }
    this.afterChunks();
  }

  /** After a refusal: the chunks under way are answered one by one, then the peer is ready for RSET. */
  private afterChunks(): void {
    if (this.over || this.contentRefusal === undefined || this.phase !== "chunk") return;
    if (!this.transfer.streaming && this.transfer.chunksUnanswered === 0) this.finish();
  }

  private contentReply(reply: PeerReply): void {
    const kind = kindOf(reply);
    if (kind === "unexpected") return this.outOfStep(reply);
    if (this.answers.accepted.length === 0) {
      // A peer that does not know BDAT takes the content for commands: what it says next has no meaning.
      const spoilt = this.mode.chunking && isAboutBdatItself(reply) && !this.session.peer.chunkingProven;
      return this.finish(reply.code === 421 || spoilt ? closing(replyVerdict(reply)) : undefined);
    }
    if (kind === "done") {
      if (!this.transfer.complete) return this.outOfStep(reply);
      if (this.mode.chunking) this.session.peer.chunkingProven = true;
      return this.delivered(reply);
    }
    if (this.mode.chunking && this.retryByData(reply)) return;
    // Refused before the end: DATA cannot be broken off but by closing.
    const close = reply.code === 421 || !this.transfer.complete ? closing(replyVerdict(reply)) : undefined;
    this.refuseContent(reply, close);
  }

  private refuseContent(reply: PeerReply, close: SmtpClientError | undefined): void {
    this.contentRefusal = reply;
    this.finish(close);
  }

  private retryByData(reply: PeerReply): boolean {
    if (!isAboutBdatItself(reply) || this.isBinary) return false;
    const verdict = replyVerdict(reply);
    this.job.chunkingFault = verdict.text;
    if (!this.session.peer.chunkingProven) this.session.blame("CHUNKING", verdict.text);
    // The peer may take the content for commands: this connection is spoilt.
    this.again(closing(verdict), true);
    return true;
  }

  private delivered(reply: PeerReply): void {
    const { answers, job, session } = this;
    const { peer, capabilities } = session;
    if (this.mode.pipelining) peer.pipeliningProven = true;
    if (
      job.chunkingFault !== undefined &&
      !this.mode.chunking &&
      !peer.chunkingProven &&
      capabilities.chunking
    )
      session.blame("CHUNKING", job.chunkingFault);
    if (answers.mostAtOnce !== undefined) session.learnRecipientLimit(answers.mostAtOnce);
    this.transfer.taken();
    if (answers.anyTransient) passOver(job, peer);
    answers.delivered(job, replyVerdict(reply), capabilities.dsn);
    session.delivered(job);
    this.end(completed, undefined);
  }

  /** Ends with all decided, nothing delivered. */
  private finish(close?: SmtpClientError): void {
    const { answers, job, session, mailRefusal, contentRefusal } = this;
    const { peer } = session;
    session.needsReset = true;
    const refusal = mailRefusal ?? (answers.accepted.length > 0 ? contentRefusal : undefined);
    if (refusal === undefined) {
      if (answers.anyTransient) passOver(job, peer);
      answers.nobody(job);
      return this.end(completed, close);
    }
    const verdict = replyVerdict(refusal);
    if (mailRefusal !== undefined && session.mayBlameTls) {
      // What it said left TLS under suspicion: it wants a certificate of ours.
      session.blame("TLS", verdict.text);
      return this.again(closing(verdict), true);
    }
    const transient = kindOf(refusal) === "transient";
    const beforeContent = mailRefusal !== undefined || this.phase === "data";
    if (transient && (beforeContent || isAboutMessageCount(refusal)) && session.mayBeWornOut(job))
      return this.end({ kind: "wornOut", verdict }, close);
    if (mailRefusal !== undefined) {
      if (transient) putOff(job, verdict, peer);
      else decideRest(job, "permanent", verdict, peer.host.name);
    } else if (answers.accepted.length > 1 && saysTooManyRecipients(refusal, verdict.status)) {
      session.learnFromRefusal(answers.accepted.length, verdict.text);
      answers.onceMore(job);
    } else if (transient) {
      passOver(job, peer);
      answers.deferred(job, verdict);
    } else {
      if (answers.anyTransient) passOver(job, peer);
      answers.refused(job, verdict);
    }
    this.end(completed, close);
  }

  private again(error: SmtpClientError, free: boolean): void {
    const { verdict } = error;
    this.end({ kind: "unsent", verdict, free, leaving: false }, error);
  }

  /** Ends for everybody the peer did not refuse itself. */
  private breakOff(verdict: Verdict, close: SmtpClientError, unconfirmed: boolean): void {
    passOver(this.job, this.session.peer);
    this.answers.broken(this.job, this.recipients, verdict, unconfirmed);
    this.end(completed, close);
  }

  /** A reply that cannot belong to the command it should answer. */
  private outOfStep(reply: PeerReply): void {
    const { text } = replyVerdict(reply);
    this.lost(new SmtpClientError("garbage", `unexpected reply to ${this.stage}: ${text}`));
  }

  private end(end: TransactionEnd, close: SmtpClientError | undefined): void {
    if (this.over) return;
    this.over = true;
    this.transfer.stop();
    this.session.ended(this, end, close);
  }
}

const completed: TransactionEnd = { kind: "completed", elsewhere: true };

function closing(verdict: Verdict): SmtpClientError {
  return new SmtpClientError("refused", verdict.text, { verdict });
}
