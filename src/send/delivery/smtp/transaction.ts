/**
 * One mail transaction (RFC 5321 §3.3) as a state machine: it writes the envelope and content, in one flight
 * where the peer allows, and hears a reply at a time. It ends exactly once.
 */
import type { Events } from "../../../events/events.ts";
import { SpoolError, type RecipientState } from "../../../spool/spool.ts";
import type { Verdict } from "../delivery.ts";
import type { ClientConnection } from "./client-connection.ts";
import { SmtpClientError, errorText } from "./client-error.ts";
import { ContentTransfer } from "./content-transfer.ts";
import type { Capabilities } from "./ehlo-capabilities.ts";
import { mailCommand, recipientCommand } from "./envelope-commands.ts";
import type { Job } from "./job.ts";
import { disableFeature, type NextHopHost } from "./next-hop-host.ts";
import { localVerdict, replyVerdict } from "./peer-verdict.ts";
import { RecipientAnswers } from "./recipient-answers.ts";
import { isAboutBdatItself, kindOf } from "./reply-meaning.ts";
import type { PeerReply } from "./reply-reader.ts";
import { timeouts } from "./timeouts.ts";

export type TransactionEnd =
  /** Outcomes stand in the job; recipients still in it want another transaction (RFC 5321 §4.5.3.1.10). */
  | { readonly kind: "completed" }
  /** Nothing can have been taken. `free`: the next try does not use up the job's second one. */
  | { readonly kind: "unsent"; readonly verdict: Verdict; readonly free: boolean }
  | { readonly kind: "damaged"; readonly what: string }
  | { readonly kind: "aborted" };

/** The session a transaction runs in. */
export interface TransactionHost {
  readonly connection: ClientConnection;
  readonly capabilities: Capabilities;
  readonly host: NextHopHost;
  readonly events: Events;
  /** The peer's state is not clean: RSET goes first. */
  needsReset: boolean;
  /** The transaction to open right behind the content (RFC 2920 §3.1), if there is one. */
  follower(): Transaction | undefined;
  /** `close`: the connection is of no use any more. */
  ended(transaction: Transaction, end: TransactionEnd, close: SmtpClientError | undefined): void;
}

/** What the next reply answers. `chunk`: BDAT by a stream; `content`: the whole content. */
type Phase = "reset" | "mail" | "recipient" | "data" | "chunk" | "content";

export interface TransactionMode {
  readonly pipelining: boolean;
  readonly chunking: boolean;
}

export class Transaction {
  readonly job: Job;
  private readonly session: TransactionHost;
  private readonly mode: TransactionMode;
  private readonly recipients: readonly RecipientState[];
  private phase: Phase = "mail";
  private replies = 0;
  /** Which recipient the next reply in phase `recipient` speaks of. */
  private position = 0;
  private mailVerdict: Verdict | undefined;
  private contentVerdict: Verdict | undefined;
  private readonly answers = new RecipientAnswers();
  private readonly transfer: ContentTransfer;
  private over = false;

  constructor(session: TransactionHost, job: Job, mode: TransactionMode) {
    this.session = session;
    this.job = job;
    this.mode = mode;
    this.recipients = job.recipients;
    this.transfer = new ContentTransfer(session.connection, job.claim);
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
    if (this.mode.chunking && inMemory !== undefined) this.transfer.sendChunk(inMemory, text, this.encoding);
    else this.writeText(text);
  }

  /** The commands that go out as one group (RFC 2920 §3.1); BDAT is written with its content. */
  opening(): string {
    const { envelope } = this.job.claim.message;
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

  get encoding(): "latin1" | "utf8" {
    return this.job.asciiPaths ? "latin1" : "utf8";
  }

  reply(reply: PeerReply): void {
    this.replies++;
    if (reply.code === 421 && this.phase !== "content" && this.phase !== "chunk") {
      const verdict = replyVerdict(reply);
      this.end({ kind: "unsent", verdict, free: false }, closing(verdict));
      return;
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
    const { host, events } = this.session;
    const { verdict } = error;
    if (error.code === "aborted") return this.end({ kind: "aborted" }, error);
    const decided =
      this.mailVerdict !== undefined || (this.phase === "content" && this.answers.accepted.length === 0);
    if (decided) return this.finish(error);
    if (this.phase === "content" || this.phase === "chunk") {
      if (error.code === "lost" && this.mayBlameBdat()) {
        this.job.chunkingFault = error.message;
        return this.end({ kind: "unsent", verdict, free: true }, error);
      }
      // Perhaps the message was taken. Twice is better than never (RFC 5321 §6.1).
      if (this.transfer.complete) return this.giveUp(verdict, error);
    }
    if (error.code === "timeout" || error.code === "garbage") {
      if (this.mayBlamePipelining()) {
        disableFeature(host, "PIPELINING", error.message, events);
        return this.end({ kind: "unsent", verdict, free: true }, error);
      }
      return this.giveUp(verdict, error);
    }
    this.end({ kind: "unsent", verdict, free: false }, error);
  }

  /** Taken back because of what became of the transaction before it; no reply came to it. */
  withdraw(error: SmtpClientError): void {
    if (error.code === "aborted") this.end({ kind: "aborted" }, error);
    else this.end({ kind: "unsent", verdict: error.verdict, free: true }, error);
  }

  drained(): void {
    this.transfer.drained();
  }

  private mail(): string {
    const { envelope, content } = this.job.claim.message;
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
    if (kind !== "done") {
      this.mailVerdict = replyVerdict(reply);
      this.answers.refuseAll(this.recipients, kind, this.mailVerdict);
      if (!this.mode.pipelining) return this.finish();
    }
    this.phase = "recipient";
    this.session.connection.setDeadline(timeouts.recipientMs);
    if (!this.mode.pipelining) this.writeRecipient();
  }

  private writeRecipient(): void {
    const index = this.recipients[this.position]?.index ?? -1;
    const recipient = this.job.claim.message.envelope.recipients[index];
    if (recipient === undefined) return;
    this.writeText(recipientCommand(recipient, this.session.capabilities, this.job.reports));
  }

  private recipientReply(reply: PeerReply): void {
    const recipient = this.recipients[this.position++] as RecipientState;
    if (this.mailVerdict === undefined && !this.answers.take(recipient, reply)) return this.outOfStep(reply);
    const { connection } = this.session;
    if (this.position < this.recipients.length) {
      connection.setDeadline(timeouts.recipientMs);
      if (!this.mode.pipelining) this.writeRecipient();
      return;
    }
    const { pipelining, chunking } = this.mode;
    if (pipelining && chunking && this.transfer.inMemory !== undefined) {
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
    this.contentVerdict = replyVerdict(reply);
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
        const close = new SmtpClientError("lost", `the content could not be read: ${errorText(error)}`);
        if (error instanceof SpoolError && error.code === "damaged") {
          this.end({ kind: "damaged", what: error.message }, close);
        } else {
          this.giveUp(localVerdict("4.3.0", close.message), close);
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
      this.session.host.chunkingProven = true;
      if (transfer.complete && transfer.chunksUnanswered === 0 && this.contentVerdict === undefined) {
        return this.delivered(reply);
      }
    } else if (this.contentVerdict === undefined) {
      if (this.retryByData(reply)) return;
      this.contentVerdict = replyVerdict(reply);
      transfer.stop();
    }
    this.afterChunks();
  }

  /** After a refusal: the chunks under way are answered one by one, then the peer is ready for RSET. */
  private afterChunks(): void {
    if (this.over || this.contentVerdict === undefined || this.phase !== "chunk") return;
    if (!this.transfer.streaming && this.transfer.chunksUnanswered === 0) this.finish();
  }

  private contentReply(reply: PeerReply): void {
    const kind = kindOf(reply);
    if (kind === "unexpected") return this.outOfStep(reply);
    if (this.answers.accepted.length === 0) {
      // A peer that does not know BDAT takes the content for commands: what it says next has no meaning.
      const spoilt = this.mode.chunking && isAboutBdatItself(reply) && !this.session.host.chunkingProven;
      return this.finish(reply.code === 421 || spoilt ? closing(replyVerdict(reply)) : undefined);
    }
    if (kind === "done") {
      if (!this.transfer.complete) return this.outOfStep(reply);
      if (this.mode.chunking) this.session.host.chunkingProven = true;
      return this.delivered(reply);
    }
    if (this.mode.chunking && this.retryByData(reply)) return;
    // Refused before the end: DATA cannot be broken off but by closing.
    const close = reply.code === 421 || !this.transfer.complete ? closing(replyVerdict(reply)) : undefined;
    this.refuseContent(reply, close);
  }

  private refuseContent(reply: PeerReply, close: SmtpClientError | undefined): void {
    this.contentVerdict = replyVerdict(reply);
    this.finish(close);
  }

  private retryByData(reply: PeerReply): boolean {
    if (!isAboutBdatItself(reply) || this.job.claim.message.envelope.body === "BINARYMIME") return false;
    const verdict = replyVerdict(reply);
    const { host, events } = this.session;
    this.job.chunkingFault = verdict.text;
    if (!host.chunkingProven) disableFeature(host, "CHUNKING", verdict.text, events);
    // The peer may take the content for commands: this connection is spoilt.
    this.end({ kind: "unsent", verdict, free: true }, closing(verdict));
    return true;
  }

  private delivered(reply: PeerReply): void {
    const { job } = this;
    const { host, capabilities, events } = this.session;
    if (this.mode.pipelining) host.pipeliningProven = true;
    if (
      job.chunkingFault !== undefined &&
      !this.mode.chunking &&
      !host.chunkingProven &&
      capabilities.chunking
    ) {
      disableFeature(host, "CHUNKING", job.chunkingFault, events);
    }
    this.transfer.taken();
    this.answers.delivered(job, replyVerdict(reply), capabilities.dsn);
    this.end({ kind: "completed" }, undefined);
  }

  /** Ends with all decided, nothing delivered. */
  private finish(close?: SmtpClientError): void {
    this.answers.notDelivered(this.job, this.contentVerdict);
    this.session.needsReset = true;
    this.end({ kind: "completed" }, close);
  }

  /** Ends with `verdict`, transient, for everybody the peer did not refuse itself. */
  private giveUp(verdict: Verdict, close: SmtpClientError): void {
    this.answers.unknown(this.job, this.recipients, verdict);
    this.end({ kind: "completed" }, close);
  }

  /** A reply that cannot belong to the command it should answer. */
  private outOfStep(reply: PeerReply): void {
    const { host, events } = this.session;
    const verdict = replyVerdict(reply);
    const error = new SmtpClientError("garbage", `unexpected reply to ${this.stage}: ${verdict.text}`);
    if (this.mayBlamePipelining()) {
      disableFeature(host, "PIPELINING", error.message, events);
      this.end({ kind: "unsent", verdict: error.verdict, free: true }, error);
    } else {
      this.giveUp(error.verdict, error);
    }
  }

  private mayBlamePipelining(): boolean {
    const early = this.phase === "mail" || this.phase === "recipient" || this.phase === "data";
    return this.mode.pipelining && early && this.replies > 0 && !this.session.host.pipeliningProven;
  }

  private mayBlameBdat(): boolean {
    const { job, mode, session } = this;
    return (
      mode.chunking &&
      !session.host.chunkingProven &&
      job.chunkingFault === undefined &&
      job.claim.message.envelope.body !== "BINARYMIME"
    );
  }

  private end(end: TransactionEnd, close: SmtpClientError | undefined): void {
    if (this.over) return;
    this.over = true;
    this.transfer.stop();
    this.session.ended(this, end, close);
  }
}

function closing(verdict: Verdict): SmtpClientError {
  return new SmtpClientError("refused", verdict.text, { verdict });
}
