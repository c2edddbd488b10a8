/**
 * A connection in use: one transaction after another, and where the peer allows the next one's envelope right
 * behind the present one's content, so that a message costs one round trip by DATA too (RFC 2920 §3.1).
 */
import type { SmtpSendConnector } from "../../../core/policy/send-connector.ts";
import type { Events } from "../../../events/events.ts";
import type { Clock } from "../../../ports/ports.ts";
import type { ClientConnection, Receiver } from "./client-connection.ts";
import { SmtpClientError } from "./client-error.ts";
import type { Capabilities } from "./ehlo-capabilities.ts";
import { envelopeRefusal } from "./envelope-commands.ts";
import { decideRest, type Job } from "./job.ts";
import type { NextHopHost } from "./next-hop-host.ts";
import type { PeerReply } from "./reply-reader.ts";
import { timeouts } from "./timeouts.ts";
import { Transaction, type TransactionEnd, type TransactionHost } from "./transaction.ts";

/** The pool, as its sessions see it. */
export interface SessionOwner {
  readonly connector: SmtpSendConnector;
  readonly events: Events;
  readonly clock: Clock;
  /** A waiting job for behind the present one. */
  takeFollower(): Job | undefined;
  finished(job: Job, end: TransactionEnd, host: NextHopHost): void;
  /** Nothing is running; `run` or `quit` comes next. */
  available(session: ClientSession): void;
  /** The last call. */
  gone(session: ClientSession): void;
}

/** A job follows another only where the peer answered the last end of data so soon, lest it waits behind a slow one. */
const quickMs = 1_000;

export class ClientSession implements Receiver, TransactionHost {
  readonly connection: ClientConnection;
  readonly capabilities: Capabilities;
  readonly host: NextHopHost;
  readonly events: Events;
  needsReset = false;
  private readonly owner: SessionOwner;
  private current: Transaction | undefined;
  private next: Transaction | undefined;
  private started = 0;
  private quitting = false;
  /** The present transaction was written behind another's content. */
  private following = false;
  private contentSentAt = 0;
  private quick = false;

  constructor(
    owner: SessionOwner,
    connection: ClientConnection,
    capabilities: Capabilities,
    host: NextHopHost,
  ) {
    this.owner = owner;
    this.connection = connection;
    this.capabilities = capabilities;
    this.host = host;
    this.events = owner.events;
    connection.receiver = this;
  }

  /** Transactions begun. */
  get messages(): number {
    return this.started;
  }

  get busy(): boolean {
    return this.current !== undefined;
  }

  get leaving(): boolean {
    return this.quitting;
  }

  /** smtpMaxMessagesPerConnection is reached. Exchange: 0 means no limit. */
  get worn(): boolean {
    const most = this.owner.connector.smtpMaxMessagesPerConnection;
    return most > 0 && this.started >= most;
  }

  /** Begins a job; returns false when it was decided without a transaction. */
  run(job: Job): boolean {
    const transaction = this.prepare(job);
    if (transaction === undefined) return false;
    this.current = transaction;
    this.following = false;
    transaction.begin();
    return true;
  }

  /** Keeps the connection for later, for so long. */
  rest(idleMs: number): void {
    this.connection.setDeadline(idleMs);
  }

  /** Says good-bye and closes; `gone` follows. */
  quit(): void {
    if (this.quitting) return;
    this.quitting = true;
    this.connection.writeText("QUIT\r\n");
    this.connection.setDeadline(timeouts.quitMs);
  }

  follower(): Transaction | undefined {
    this.contentSentAt = this.owner.clock.now();
    if (!this.quick || !this.host.followOn || this.next !== undefined) return undefined;
    // With CHUNKING a message is one flight anyway.
    if (!this.pipelining || this.chunking) return undefined;
    while (!this.worn) {
      const job = this.owner.takeFollower();
      if (job === undefined) return undefined;
      this.next = this.prepare(job);
      if (this.next !== undefined) return this.next;
    }
    return undefined;
  }

  ended(transaction: Transaction, end: TransactionEnd, close: SmtpClientError | undefined): void {
    const { next, owner, connection, host } = this;
    if (this.contentSentAt !== 0) this.quick = owner.clock.now() - this.contentSentAt <= quickMs;
    this.contentSentAt = 0;
    this.current = next;
    this.next = undefined;
    this.following = next !== undefined;
    if (close !== undefined) {
      // The job first: closing tells the owner that the connection is gone.
      owner.finished(transaction.job, end, host);
      connection.destroy(close);
      return;
    }
    if (next !== undefined) connection.setDeadline(timeouts.mailMs);
    owner.finished(transaction.job, end, host);
    if (next === undefined && connection.pendingBytes > 0) {
      connection.destroy(new SmtpClientError("garbage", "the peer sent replies nobody asked for"));
    }
    if (next === undefined && connection.alive && !this.quitting) owner.available(this);
  }

  reply(reply: PeerReply): void {
    if (this.current !== undefined) this.current.reply(reply);
    else if (this.quitting) this.connection.setDeadline(timeouts.afterQuitMs);
    else
      this.connection.destroy(
        new SmtpClientError("refused", `the peer ended the session: ${reply.code} ${reply.text}`),
      );
  }

  drained(): void {
    this.current?.drained();
  }

  expired(): void {
    if (this.current !== undefined) {
      this.connection.destroy(new SmtpClientError("timeout", `no answer to ${this.current.stage} in time`));
    } else if (this.quitting) {
      this.connection.destroy(new SmtpClientError("timeout", "no answer to QUIT in time"));
    } else {
      this.quit();
    }
  }

  lost(error: SmtpClientError): void {
    const { current, next } = this;
    if (next !== undefined || (this.following && current?.unanswered === true)) this.host.followOn = false;
    this.current = undefined;
    this.next = undefined;
    if (current !== undefined) {
      if (this.following && current.unanswered) current.withdraw(error);
      else current.lost(error);
    }
    next?.withdraw(error);
    this.owner.gone(this);
  }

  private get chunking(): boolean {
    return this.capabilities.chunking && this.owner.connector.chunkingEnabled && !this.host.chunkingBroken;
  }

  private get pipelining(): boolean {
    return (
      this.capabilities.pipelining && this.owner.connector.pipeliningEnabled && !this.host.pipeliningBroken
    );
  }

  private prepare(job: Job): Transaction | undefined {
    const { host, capabilities, pipelining } = this;
    const chunking = this.chunking && job.chunkingFault === undefined;
    const { envelope, content } = job.claim.message;
    const refusal = envelopeRefusal(envelope, content, capabilities, {
      chunking,
      asciiPaths: job.asciiPaths,
    });
    if (refusal !== undefined) {
      decideRest(job, "permanent", refusal);
      this.owner.finished(job, { kind: "completed" }, host);
      return undefined;
    }
    this.started++;
    return new Transaction(this, job, { pipelining, chunking });
  }
}
