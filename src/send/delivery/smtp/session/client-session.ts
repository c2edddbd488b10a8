/**
 * A connection in use: one transaction after another, and where the peer allows the next one's envelope right
 * behind the present one's content, so that a message costs one round trip (RFC 2920 §3.1).
 */
import type { PeerLimits } from "../../../../core/policy/peer-limits.ts";
import type { TlsLevel } from "../../../../core/tls-policy/tls-demand.ts";
import type { Claim } from "../../../../spool/spool.ts";
import type { Signer } from "../../../../dkim/signer.ts";
import type { Verdict } from "../../delivery.ts";
import type { Framing } from "../job/envelope-commands.ts";
import type { Job } from "../job/job.ts";
import { formOf, refusalOf } from "../job/message-form.ts";
import { domainRefusal } from "../job/domain-of-certificate.ts";
import { requireTlsRefusal } from "../job/require-tls.ts";
import type { OpenedConnection } from "../opening/open-connection.ts";
import type { Peer } from "../peer/peer.ts";
import { PeerEvidence, type EvidenceContext } from "../peer/peer-evidence.ts";
import { Transaction } from "../transaction/transaction.ts";
import type { TransactionEnd, TransactionSession } from "../transaction/transaction-contract.ts";
import type { ClientConnection, Receiver } from "../wire/client-connection.ts";
import { SmtpClientError } from "../wire/client-error.ts";
import type { Capabilities } from "../wire/ehlo-capabilities.ts";
import type { PeerReply } from "../wire/reply-reader.ts";
import type { ReplyReading } from "../wire/reply-reading.ts";
import { timeouts } from "../wire/timeouts.ts";
import { ConnectionWear } from "./connection-wear.ts";
import { convert, endOfLostConversion } from "./conversion.ts";
import { limitsFor, modeFor } from "./transaction-mode.ts";

/** The pool, as its sessions see it. */
export interface SessionOwner extends EvidenceContext {
  /** Where the next hop is a provider whose replies are known. */
  readonly replies: ReplyReading | undefined;
  readonly signer: Signer | undefined;
  /** A waiting job for behind the present one. */
  takeFollower(session: ClientSession): Job | undefined;
  /** It cannot follow now; it is the next. */
  giveBack(job: Job): void;
  /** The session's peer cannot be given this job's message. */
  unfit(job: Job, verdict: Verdict, peer: Peer): void;
  finished(job: Job, end: TransactionEnd, peer: Peer): void;
  /** Nothing is running; `run` or `quit` comes next. */
  available(session: ClientSession): void;
  /** It has been idle for as long as it may: `quit` comes next, and nothing is given to it any more. */
  restOver(session: ClientSession): void;
  /** The last call. */
  gone(session: ClientSession): void;
}

/** A job follows another only where the peer answered the last end of data so soon, on whichever connection, lest it waits behind a slow one. */
const quickMs = 1_000;

export class ClientSession implements Receiver, TransactionSession {
  readonly connection: ClientConnection;
  readonly capabilities: Capabilities;
  readonly peer: Peer;
  readonly tls: TlsLevel;
  readonly evidence: PeerEvidence;
  readonly wear: ConnectionWear;
  readonly triesOtherFamily: boolean;
  needsReset = false;
  private readonly owner: SessionOwner;
  private readonly opened: OpenedConnection;
  /** Set and announced; those learned hold for the host. */
  private readonly limits: PeerLimits;
  private current: Transaction | undefined;
  private next: Transaction | undefined;
  /** Its content is being made 7-bit; it runs then. */
  private converting: Job | undefined;
  private quitting = false;
  /** The present transaction was written behind another's content. */
  private following = false;
  private contentSentAt = 0;

  constructor(owner: SessionOwner, opened: OpenedConnection, peer: Peer) {
    const { connection, capabilities, tls } = opened;
    this.owner = owner;
    this.connection = connection;
    this.capabilities = capabilities;
    this.peer = peer;
    // An administrator's smart host is believed at once.
    this.triesOtherFamily = owner.connector.kind === "dns";
    this.limits = limitsFor(owner.connector, capabilities);
    this.tls = tls;
    this.opened = opened;
    this.evidence = new PeerEvidence(peer, opened, capabilities, owner);
    this.wear = new ConnectionWear(peer, this.limits, owner.clock, opened.goodUntil);
    this.connection.receiver = this;
  }

  /** Begins a job, or tells why this peer cannot be given it. */
  run(job: Job): Verdict | undefined {
    const refusal = this.refusalOf(job);
    if (refusal !== undefined) return refusal;
    this.wear.resume();
    const form = formOf(job, this.capabilities, this.framingOf(job));
    if (form === undefined) {
      this.converting = job;
      this.connection.setDeadline(timeouts.blockMs);
      void convert(job, this.peer.host.name, this.owner).then((failure) => this.converted(job, failure));
      return undefined;
    }
    this.current = this.prepare(job, form);
    this.following = false;
    this.current.begin();
    return undefined;
  }

  /** Keeps the connection for later, for so long. */
  rest(idleMs: number): void {
    this.wear.rest();
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
    const { evidence, owner, peer } = this;
    this.contentSentAt = owner.clock.now();
    if (!peer.quick || !evidence.following || this.next !== undefined) return undefined;
    if (!evidence.pipelining) return undefined;
    while (!this.wear.worn) {
      const job = owner.takeFollower(this);
      if (job === undefined) return undefined;
      const refusal = this.refusalOf(job);
      if (refusal === undefined) {
        const form = formOf(job, this.capabilities, this.framingOf(job));
        if (form !== undefined) return (this.next = this.prepare(job, form));
        owner.giveBack(job);
        return undefined;
      }
      owner.unfit(job, refusal, peer);
    }
    return undefined;
  }

  get hasFollower(): boolean {
    return this.next !== undefined;
  }

  get replies(): ReplyReading | undefined {
    return this.owner.replies;
  }

  delivered(job: Job): void {
    this.replies?.delivered(job.claim.message.envelope.reversePath);
    this.wear.delivered(job, this.owner.events);
  }

  mayBeWornOut(job: Job): boolean {
    return this.wear.mayBeWornOut(job);
  }

  wearOut(job: Job): void {
    this.wear.wearOut(job, this.next === undefined ? 1 : 2);
  }

  ended(job: Job, end: TransactionEnd, close: SmtpClientError | undefined): void {
    const { next, owner, connection, peer } = this;
    if (this.contentSentAt !== 0) peer.quick = owner.clock.now() - this.contentSentAt <= quickMs;
    this.contentSentAt = 0;
    this.current = next;
    this.next = undefined;
    this.following = next !== undefined;
    if (end.kind === "unsent" && end.leaving && this.mayBeWornOut(job)) this.wearOut(job);
    if (close !== undefined) {
      // The job first: closing tells the owner that the connection is gone.
      owner.finished(job, end, peer);
      connection.destroy(close);
      return;
    }
    if (next !== undefined) connection.setDeadline(timeouts.mailMs);
    owner.finished(job, end, peer);
    if (next === undefined && connection.pendingBytes > 0) {
      connection.destroy(new SmtpClientError("garbage", "the peer sent replies nobody asked for"));
    }
    if (next === undefined) this.tellAvailable();
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
    if (this.converting !== undefined) {
      this.connection.setDeadline(timeouts.blockMs);
    } else if (this.current !== undefined) {
      this.connection.destroy(new SmtpClientError("timeout", `no answer to ${this.current.stage} in time`));
    } else if (this.quitting) {
      this.connection.destroy(new SmtpClientError("timeout", "no answer to QUIT in time"));
    } else {
      this.owner.restOver(this);
    }
  }

  lost(error: SmtpClientError): void {
    const { current, next, converting, evidence, owner, peer } = this;
    const unanswered = current?.unanswered === true;
    const unheard = this.following && unanswered;
    if (next !== undefined || unheard) evidence.blameFollowing();
    if (unanswered) evidence.lostUnanswered();
    this.current = undefined;
    this.next = undefined;
    if (unheard) current.withdraw(error);
    else current?.lost(error);
    next?.withdraw(error);
    this.converting = undefined;
    if (converting !== undefined) owner.finished(converting, endOfLostConversion(error), peer);
    owner.gone(this);
  }

  private converted(job: Job, failure: TransactionEnd | undefined): void {
    // Else it was lost meanwhile, and the job runs elsewhere.
    if (this.converting !== job) return;
    const { owner, peer } = this;
    this.converting = undefined;
    if (failure !== undefined) owner.finished(job, failure, peer);
    else {
      const refusal = this.run(job);
      if (refusal === undefined) return;
      owner.unfit(job, refusal, peer);
    }
    this.tellAvailable();
  }

  private tellAvailable(): void {
    if (this.connection.alive && !this.quitting) this.owner.available(this);
  }

  private framingOf({ asciiPaths, chunkingFault }: Job): Framing {
    return { chunking: this.evidence.chunking && chunkingFault === undefined, asciiPaths };
  }

  private refusalOf(job: Job): Verdict | undefined {
    const { capabilities, opened, owner } = this;
    return (
      domainRefusal(job, this.peer.host.name, opened) ??
      requireTlsRefusal(job.claim.message.envelope.tls, owner.connector, capabilities, opened) ??
      refusalOf(job, capabilities, this.framingOf(job), owner.connector.errorPolicies)
    );
  }

  private prepare(job: Job, form: Claim): Transaction {
    this.wear.started++;
    return new Transaction(
      this,
      job,
      form,
      modeFor(job, this.peer, this.limits, this.evidence, this.owner.clock),
    );
  }
}
