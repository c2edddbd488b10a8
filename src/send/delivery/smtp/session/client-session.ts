/**
 * A connection in use: one transaction after another, and where the peer allows the next one's envelope right
 * behind the present one's content, so that a message costs one round trip by DATA too (RFC 2920 §3.1).
 */
import { smallerRecipientCount, tightest, type PeerLimits } from "../../../../core/policy/peer-limits.ts";
import type { SmtpSendConnector } from "../../../../core/policy/send-connector.ts";
import type { Events } from "../../../../events/events.ts";
import type { Clock } from "../../../../ports/ports.ts";
import type { Verdict } from "../../delivery.ts";
import type { ClientConnection, Receiver } from "../wire/client-connection.ts";
import { SpoolError, type Claim } from "../../../../spool/spool.ts";
import { SmtpClientError, type ClientErrorCode } from "../wire/client-error.ts";
import type { Capabilities } from "../wire/ehlo-capabilities.ts";
import {
  envelopeRefusal,
  needsSevenBit,
  unconvertedRefusal,
  type Framing,
} from "../job/envelope-commands.ts";
import type { Job } from "../job/job.ts";
import type { OpenedConnection } from "../opening/open-connection.ts";
import { stillHolds, type Peer } from "../peer/peer.ts";
import {
  acquitTls,
  blameFeature,
  blameFollowing,
  confirmClearText,
  hasBroken,
  learnMessageLimit,
  learnRecipientLimit,
  proveTls,
  suspectTls,
  type PeerFeature,
} from "../peer/peer-quirks.ts";
import { isAboutClientCertificate } from "../wire/reply-meaning.ts";
import type { PeerReply } from "../wire/reply-reader.ts";
import { failureWords } from "../wire/failure-words.ts";
import { localVerdict } from "../wire/peer-verdict.ts";
import { sevenBitForm, tellConversion } from "../job/seven-bit-form.ts";
import { timeouts } from "../wire/timeouts.ts";
import { isTlsNeeded } from "../opening/tls.ts";
import { Transaction } from "../transaction/transaction.ts";
import type { TransactionEnd, TransactionSession } from "../transaction/transaction-contract.ts";

/** The pool, as its sessions see it. */
export interface SessionOwner {
  readonly connector: SmtpSendConnector;
  readonly events: Events;
  readonly clock: Clock;
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

/** A job follows another only where the peer answered the last end of data so soon, lest it waits behind a slow one. */
const quickMs = 1_000;
/** After a longer rest a peer may end the session for that reason, whatever number of messages it took. */
const shortRestMs = 5_000;

export class ClientSession implements Receiver, TransactionSession {
  readonly connection: ClientConnection;
  readonly capabilities: Capabilities;
  readonly peer: Peer;
  needsReset = false;
  private readonly owner: SessionOwner;
  private readonly secured: boolean;
  /** Set and announced; those learned hold for the host. */
  private readonly limits: PeerLimits;
  private current: Transaction | undefined;
  private next: Transaction | undefined;
  /** Its content is being made 7-bit; it runs then. */
  private converting: Job | undefined;
  private started = 0;
  private taken = 0;
  private mailWasAnswered = false;
  private spent = false;
  private quitting = false;
  /** The present transaction was written behind another's content. */
  private following = false;
  private contentSentAt = 0;
  private quick = false;
  private restingSince = Infinity;
  private restedMs = 0;

  constructor(owner: SessionOwner, opened: OpenedConnection, peer: Peer) {
    this.owner = owner;
    this.connection = opened.connection;
    this.capabilities = opened.capabilities;
    this.secured = opened.secured;
    this.peer = peer;
    this.limits = tightest(limitsOf(owner.connector), opened.capabilities.limits);
    this.connection.receiver = this;
  }

  /** Transactions begun. */
  get messages(): number {
    return this.started;
  }

  /** It takes no further message: smtpMaxMessagesPerConnection, or the peer's own limit. */
  get worn(): boolean {
    if (this.spent) return true;
    const { started, owner, peer, limits } = this;
    if (started >= limits.messagesPerConnection) return true;
    const learned = peer.host.messagesPerConnection;
    return learned !== undefined && started >= stillHolds(learned, owner.clock.now());
  }

  get mayBlameTls(): boolean {
    return (
      this.secured &&
      !this.mailWasAnswered &&
      !isTlsNeeded(this.owner.connector) &&
      this.owner.clock.now() >= this.peer.tlsProvenUntil
    );
  }

  /** Begins a job, or tells why this peer cannot be given it. */
  run(job: Job): Verdict | undefined {
    const refusal = this.refusalOf(job);
    if (refusal !== undefined) return refusal;
    if (this.restingSince !== Infinity) {
      this.restedMs = this.owner.clock.now() - this.restingSince;
      this.restingSince = Infinity;
    }
    const form = this.formOf(job);
    if (form === undefined) {
      this.convert(job);
      return undefined;
    }
    this.current = this.prepare(job, form);
    this.following = false;
    this.current.begin();
    return undefined;
  }

  /** Keeps the connection for later, for so long. */
  rest(idleMs: number): void {
    this.restingSince = this.owner.clock.now();
    this.connection.setDeadline(idleMs);
  }

  /** Since when it has been idle (`Clock.now()`); Infinity while in use. */
  get idleSince(): number {
    return this.restingSince;
  }

  /** Says good-bye and closes; `gone` follows. */
  quit(): void {
    if (this.quitting) return;
    this.quitting = true;
    this.connection.writeText("QUIT\r\n");
    this.connection.setDeadline(timeouts.quitMs);
  }

  follower(): Transaction | undefined {
    const { owner, peer } = this;
    const now = owner.clock.now();
    this.contentSentAt = now;
    if (!this.quick || now < peer.noFollowingUntil || this.next !== undefined) return undefined;
    // With CHUNKING a message is one flight anyway.
    if (!this.pipelining || this.chunking) return undefined;
    while (!this.worn) {
      const job = owner.takeFollower(this);
      if (job === undefined) return undefined;
      const refusal = this.refusalOf(job);
      if (refusal === undefined) {
        const form = this.formOf(job);
        if (form !== undefined) return (this.next = this.prepare(job, form));
        owner.giveBack(job);
        return undefined;
      }
      owner.unfit(job, refusal, peer);
    }
    return undefined;
  }

  mailAnswered(reply: PeerReply): void {
    if (this.mailWasAnswered) return;
    const { owner, peer, secured } = this;
    if (secured) {
      if (isAboutClientCertificate(reply)) return;
      proveTls(peer, owner.clock.now());
    } else if (peer.tlsSuspicion !== undefined) {
      confirmClearText(peer, owner.connector.name, owner.events);
    }
    this.mailWasAnswered = true;
  }

  delivered(job: Job): void {
    this.taken++;
    if (job.wornOut === undefined) return;
    const { host, messages } = job.wornOut;
    if (host === this.peer.host) learnMessageLimit(host, messages, this.owner.clock.now(), this.owner.events);
    job.wornOut = undefined;
  }

  mayBeWornOut(job: Job): boolean {
    return this.taken > 0 && job.wornOut === undefined;
  }

  blame(what: PeerFeature | "TLS", error: string): void {
    const { owner, peer } = this;
    const now = owner.clock.now();
    if (what === "TLS") suspectTls(peer, error, now);
    else blameFeature(peer, what, error, now, owner.events);
  }

  flightLost(code: ClientErrorCode): void {
    // A used connection may have been closed for its rest.
    if (code !== "aborted" && (code !== "lost" || this.taken === 0))
      blameFollowing(this.peer, this.owner.clock.now());
  }

  learnRecipientLimit(most: number): void {
    learnRecipientLimit(this.peer.host, most, this.owner.clock.now(), this.owner.events);
  }

  learnFromRefusal(recipients: number, text: string): void {
    this.learnRecipientLimit(smallerRecipientCount(recipients, text));
  }

  ended(job: Job, end: TransactionEnd, close: SmtpClientError | undefined): void {
    const { next, owner, connection, peer } = this;
    if (this.contentSentAt !== 0) this.quick = owner.clock.now() - this.contentSentAt <= quickMs;
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
    const { current, next, owner, peer } = this;
    const unanswered = this.following && current?.unanswered === true;
    if (next !== undefined || unanswered) blameFollowing(peer, owner.clock.now());
    // Clear text is lost at the first command as TLS was.
    if (current?.unanswered === true && !this.mailWasAnswered && !this.secured) acquitTls(peer);
    this.current = undefined;
    this.next = undefined;
    if (current !== undefined) {
      if (unanswered) current.withdraw(error);
      else current.lost(error);
    }
    next?.withdraw(error);
    if (this.converting !== undefined) this.withdrawConverting(this.converting, error);
    owner.gone(this);
  }

  wearOut(job: Job): void {
    this.spent = true;
    const messages = this.restedMs > shortRestMs ? 0 : this.started - (this.next === undefined ? 1 : 2);
    job.wornOut = { host: this.peer.host, messages };
  }

  private get chunking(): boolean {
    const { capabilities, owner, peer } = this;
    return (
      capabilities.chunking &&
      owner.connector.chunkingEnabled &&
      (peer.noChunkingUntil === 0 || !hasBroken(peer, "CHUNKING", owner.clock.now()))
    );
  }

  private get pipelining(): boolean {
    const { capabilities, owner, peer } = this;
    return (
      capabilities.pipelining &&
      owner.connector.pipeliningEnabled &&
      (peer.noPipeliningUntil === 0 || !hasBroken(peer, "PIPELINING", owner.clock.now()))
    );
  }

  private framingOf({ asciiPaths, chunkingFault }: Job): Framing {
    return { chunking: this.chunking && chunkingFault === undefined, asciiPaths };
  }

  /** The claim in the form this peer takes; undefined when that is not made yet. */
  private formOf(job: Job): Claim | undefined {
    const { envelope, content } = job.claim.message;
    const converted = needsSevenBit(envelope, content, this.capabilities, this.framingOf(job));
    return converted ? job.sevenBit?.claim : job.claim;
  }

  private refusalOf(job: Job): Verdict | undefined {
    const { capabilities, owner } = this;
    const { claim, sevenBit } = job;
    const form = this.formOf(job) ?? claim;
    const { envelope, content } = form.message;
    if (sevenBit !== undefined && form === sevenBit.claim) {
      const refusal = unconvertedRefusal(sevenBit.plan, capabilities, owner.connector.errorPolicies);
      if (refusal !== undefined) return refusal;
    }
    return envelopeRefusal(envelope, content, capabilities, this.framingOf(job));
  }

  private convert(job: Job): void {
    const { owner, peer } = this;
    this.converting = job;
    this.connection.setDeadline(timeouts.blockMs);
    void sevenBitForm(job.claim)
      .then((form) => {
        job.sevenBit = form;
        tellConversion(job.claim, form, peer.host.name, owner.connector, owner.events);
        return undefined;
      }, endOfConversion)
      .then((failure) => this.converted(job, failure));
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
    if (this.connection.alive && !this.quitting) owner.available(this);
  }

  private withdrawConverting(job: Job, { code, verdict }: SmtpClientError): void {
    this.converting = undefined;
    const end: TransactionEnd =
      code === "aborted" ? { kind: "aborted" } : { kind: "unsent", verdict, free: true, leaving: false };
    this.owner.finished(job, end, this.peer);
  }

  private prepare(job: Job, form: Claim): Transaction {
    this.started++;
    const { pipelining, peer } = this;
    const chunking = this.chunking && job.chunkingFault === undefined;
    return new Transaction(this, job, form, {
      pipelining,
      chunking,
      // The second try shows who was answered what.
      inOneFlight: pipelining && chunking && !job.retried && this.owner.clock.now() >= peer.noFollowingUntil,
      mostRecipients: this.mostRecipients(job.recipients.length),
    });
  }

  private mostRecipients(wanted: number): number {
    if (wanted === 1) return 1;
    const learned = stillHolds(this.peer.host.recipientsPerTransaction, this.owner.clock.now());
    return Math.min(this.limits.recipientsPerTransaction, learned);
  }
}

function endOfConversion(error: unknown): TransactionEnd {
  const what = failureWords(error);
  if (error instanceof SpoolError && error.code === "damaged")
    return { kind: "damaged", what: error.message };
  const verdict = localVerdict("4.3.0", `the content could not be read: ${what}`);
  return { kind: "unsent", verdict, free: false, leaving: false };
}

/** Exchange: 0 is no limit. */
function limitsOf(connector: SmtpSendConnector): PeerLimits {
  const { maxRecipientsPerTransaction, smtpMaxMessagesPerConnection } = connector;
  return {
    recipientsPerTransaction: maxRecipientsPerTransaction || Infinity,
    messagesPerConnection: smtpMaxMessagesPerConnection || Infinity,
  };
}
