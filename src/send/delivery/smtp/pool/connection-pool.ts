/**
 * The connections to one next hop, and the jobs that wait for one. Connections are opened as jobs wait (dialler.ts), kept
 * for a short while when idle, and replaced when they are worn out or lost. Hosts take turns; what a peer puts off, or
 * cannot take, another is asked for in the same attempt. Jobs fail as unreachable only when no peer is left to try and
 * no connection is open.
 */
import type { Standing } from "../../../../core/policy/outbound-share.ts";
import type { SmtpSendConnector } from "../../../../core/policy/send-connector.ts";
import type { Signer } from "../../../../dkim/signer.ts";
import type { Events } from "../../../../events/events.ts";
import type { Clock, Timer } from "../../../../ports/ports.ts";
import type { Verdict } from "../../delivery.ts";
import { conclude, resolveJob, unreachable } from "../job/concluding.ts";
import { anyoneLeft, passOver, type Job } from "../job/job.ts";
import type { DialFailure } from "../opening/connect-to-any.ts";
import type { OpenedConnection, OpeningContext } from "../opening/open-connection.ts";
import type { NextHopHost, Peer } from "../peer/peer.ts";
import { ClientSession, type SessionOwner } from "../session/client-session.ts";
import type { TransactionEnd } from "../transaction/transaction-contract.ts";
import { SmtpClientError } from "../wire/client-error.ts";
import type { ReplyReading } from "../wire/reply-reading.ts";
import { timeouts } from "../wire/timeouts.ts";
import { afterTransaction } from "./after-transaction.ts";
import { Dialler, type DiallingPool } from "./dialler.ts";
import type { NextHop } from "./next-hop.ts";
import type { ConnectionPlaces } from "./outbound-connections.ts";
import { WaitingJobs } from "./waiting-jobs.ts";

/** Messages after which a connection is given up to a next hop that has none, at maxOutboundConnections. */
const fairMessages = 10;
/** How long a pool does with fewer connections after the peer said that they are too many. */
const narrowMs = 10 * 60_000;
const narrowPauseMs = 5_000;

export class ConnectionPool implements SessionOwner, DiallingPool {
  readonly connector: SmtpSendConnector;
  readonly events: Events;
  readonly clock: Clock;
  readonly signer: Signer | undefined;
  readonly hosts: readonly NextHopHost[];
  readonly firstDials: number;
  /** Connections at most, now. */
  most: number;
  readonly replies: ReplyReading | undefined;
  readonly waiting = new WaitingJobs();
  private readonly outbound: ConnectionPlaces;
  private readonly nextHop: NextHop;
  private readonly dialler: Dialler;
  private readonly idleMs: number;
  private readonly sessions = new Set<ClientSession>();
  /** The longest idle first. */
  private readonly idle: ClientSession[] = [];
  private readonly limit: number;
  private readonly closed: (() => void) | undefined;
  private narrowed: Timer | undefined;
  private narrowedAt = -Infinity;
  private closing: Promise<void> | undefined;
  private onQuiet: (() => void) | undefined;

  /** `closed`: is called when nothing is left of it. */
  constructor(
    context: OpeningContext,
    nextHop: NextHop,
    outbound: ConnectionPlaces,
    most: number,
    replies?: ReplyReading,
    closed?: () => void,
  ) {
    this.replies = replies;
    this.closed = closed;
    this.limit = most;
    this.connector = context.connector;
    this.events = context.events;
    this.clock = context.ports.clock;
    this.signer = context.signer;
    this.nextHop = nextHop;
    this.hosts = nextHop.hosts;
    this.firstDials = nextHop.firstDials;
    this.outbound = outbound;
    this.dialler = new Dialler(this, context, outbound);
    this.most = most;
    this.idleMs = Math.min(timeouts.idleMs, context.connector.connectionInactivityTimeOut);
  }

  get held(): number {
    return this.sessions.size + this.dialler.underWay;
  }

  get open(): number {
    return this.sessions.size;
  }

  get wanted(): number {
    return Math.min(this.most, this.held - this.idle.length + this.waiting.count);
  }

  hostsInOrder(): readonly NextHopHost[] {
    return this.nextHop.inOrder();
  }

  get standing(): Standing {
    return this.sessions.size > 0 ? "proven" : this.nextHop.standing();
  }

  get isClosing(): boolean {
    return this.closing !== undefined;
  }

  get openPeers(): readonly Peer[] {
    return Array.from(this.sessions, ({ peer }) => peer);
  }

  get idleSince(): number | undefined {
    return this.idle[0]?.wear.idleSince;
  }

  /** One connection less, for a while. Several that are refused at once count as one. */
  narrow(): void {
    const now = this.clock.now();
    if (this.isClosing || now < this.narrowedAt + narrowPauseMs) return;
    this.narrowedAt = now;
    this.most = Math.max(1, Math.min(this.most, this.held) - 1);
    this.narrowed?.cancel();
    this.narrowed = this.clock.after(narrowMs, () => {
      this.narrowed = undefined;
      this.most = this.limit;
      this.dialler.dialMore();
    });
  }

  /** Nobody is served, and nobody waits. */
  get isUnused(): boolean {
    return this.held === 0 && this.waiting.count === 0;
  }

  submit(job: Job): void {
    if (this.isClosing) return resolveJob(job, "aborted", "");
    if (this.runOnIdle(job)) return;
    this.waiting.addLast(job);
    this.dialler.dialMore();
  }

  /** One that has waited already, here or elsewhere, and whose hosts were found out anew. */
  resubmit(job: Job): void {
    if (this.isClosing) return resolveJob(job, "aborted", "");
    if (job.asked.length > 0) return this.passOn(job);
    if (job.retried || job.wornOut !== undefined) this.waiting.addFresh(job);
    else if (this.runOnIdle(job)) return;
    else this.waiting.addFirst(job);
    this.dialler.dialMore();
  }

  /** True: an idle connection has it, or it went on to another peer. */
  private runOnIdle(job: Job): boolean {
    for (let session = this.idle.pop(); session !== undefined; session = this.idle.pop()) {
      if (!session.connection.alive) continue;
      if (session.wear.isOutdated) {
        session.quit();
        continue;
      }
      const refusal = session.run(job);
      if (refusal === undefined) return true;
      this.idle.push(session);
      this.unfit(job, refusal, session.peer);
      return true;
    }
    return false;
  }

  /** Who is served next by `session`. Whose hosts may be others by now comes again when they are known. Cost: a look at the clock. */
  private nextFor({ peer, wear }: ClientSession): Job | undefined {
    for (;;) {
      const job = this.waiting.nextFor(peer, wear.started === 0);
      if (job?.basis === undefined || this.clock.now() < job.basis.until) return job;
      job.basis.renew(job);
    }
  }

  takeFollower(session: ClientSession): Job | undefined {
    const { waiting, outbound, dialler } = this;
    // What may want this connection's place is looked at between two transactions (`available`), and this would leave no between.
    if (this.held > this.most || outbound.surplus > 0) return undefined;
    if (session.wear.started >= fairMessages && outbound.isWanted) return undefined;
    const isFull = this.held >= this.most;
    if (isFull && (waiting.wantElsewhere > 0 || waiting.wantFresh > dialler.underWay)) return undefined;
    return this.nextFor(session);
  }

  giveBack(job: Job): void {
    this.waiting.addFirst(job);
  }

  unfit(job: Job, verdict: Verdict, peer: Peer): void {
    job.unfit = { verdict, host: peer.host.name };
    passOver(job, peer);
    this.passOn(job);
  }

  finished(job: Job, end: TransactionEnd, peer: Peer): void {
    switch (afterTransaction(job, end, peer, this.hosts, this.isClosing)) {
      case "over":
        return;
      case "next":
        return this.waiting.addFirst(job);
      case "newConnection":
        this.waiting.addFresh(job);
        return this.dialler.dialMore();
      case "anotherPeer":
        return this.passOn(job);
    }
  }

  available(session: ClientSession): void {
    const { waiting, outbound } = this;
    const { peer, wear } = session;
    if (wear.worn || this.isClosing || this.held > this.most) return session.quit();
    if (outbound.isSurplus()) return session.quit();
    if (wear.started >= fairMessages && outbound.owes(this, false)) return session.quit();
    const full = this.held >= this.most;
    // Somebody waits for another connection than this one, and there is no place for it but this one's.
    const inTheWay = full && waiting.wantElsewhere > 0 && !this.isHelped();
    for (;;) {
      if (inTheWay && !waiting.wouldHelp(peer)) return session.quit();
      const job = this.nextFor(session);
      if (job === undefined) break;
      const refusal = session.run(job);
      if (refusal === undefined) return;
      this.unfit(job, refusal, peer);
    }
    if (full && waiting.wantFresh > this.dialler.underWay) return session.quit();
    if (outbound.owes(this, true)) return session.quit();
    session.rest(this.idleMs);
    this.idle.push(session);
  }

  restOver(session: ClientSession): void {
    this.leaveIdle(session);
    session.quit();
  }

  gone(session: ClientSession): void {
    this.sessions.delete(session);
    this.leaveIdle(session);
    void session.connection.whenClosed().then(() => this.outbound.leave(this));
    this.dialler.dialMore();
    this.tellQuiet();
  }

  closeLongestIdle(): void {
    this.idle.shift()?.quit();
  }

  placeFreed(): void {
    this.dialler.dialMore();
  }

  opened(opened: OpenedConnection, peer: Peer): void {
    const session = new ClientSession(this, opened, peer);
    this.sessions.add(session);
    this.nextHop.answered?.(opened);
    this.outbound.proved(this);
    this.available(session);
    this.dialler.dialMore();
  }

  dialEnded(): void {
    this.tellQuiet();
  }

  dialFailed(failure: DialFailure, elsewhere: boolean): void {
    const { dialler, hosts, waiting } = this;
    const { host, error } = failure;
    if (elsewhere) {
      // Those whom it was for, and whom no other can serve.
      if (dialler.elsewhere === 0)
        for (const job of waiting.takeStranded(this.openPeers)) conclude(job, hosts, host, error);
      return dialler.dialMore();
    }
    if (this.sessions.size > 0) {
      waiting.giveUpFresh();
      for (let left = this.idle.length; left > 0 && waiting.count > 0; left--) {
        const session = this.idle.shift();
        if (session !== undefined) this.available(session);
      }
      return dialler.dialMore();
    }
    if (dialler.underWay > 0 || error === undefined) return;
    this.nextHop.failed?.(error);
    // Where it is not required clear text was tried, and its failure is the one that counts.
    const tlsRequired = error.code === "tls";
    for (const job of waiting.takeAll()) unreachable(job, hosts, host, error, tlsRequired);
  }

  /** Jobs that nothing was done for yet end as `aborted`, though no sooner than this returns. False: there were none. */
  recall(fits: (job: Job) => boolean): boolean {
    const recalled = this.waiting.takeUnbegun(fits);
    if (recalled.length === 0) return false;
    queueMicrotask(() => {
      for (const job of recalled) resolveJob(job, "aborted", "");
      this.tellQuiet();
    });
    return true;
  }

  /** As Carrier.close. Jobs that wait are given back at once. */
  close(graceMs: number): Promise<void> {
    this.closing ??= this.shutDown(graceMs);
    return this.closing;
  }

  private async shutDown(graceMs: number): Promise<void> {
    // `closing` is set when this function first waits.
    await Promise.resolve();
    const error = new SmtpClientError("aborted", "the relay is stopping");
    this.outbound.withdraw(this);
    this.narrowed?.cancel();
    for (const job of this.waiting.takeAll()) resolveJob(job, "aborted", "");
    this.dialler.end(error);
    for (const session of this.idle.splice(0)) session.quit();
    const closed = Array.from(this.sessions, (session) => session.connection.whenClosed());
    const quiet = new Promise<void>((resolve) => (this.onQuiet = resolve));
    this.tellQuiet();
    const abort = (): void => {
      for (const session of this.sessions) session.connection.destroy(error);
      this.tellQuiet();
    };
    if (graceMs <= 0) abort();
    const timer = graceMs <= 0 ? undefined : this.clock.after(graceMs, abort);
    await quiet;
    timer?.cancel();
    await Promise.all(closed);
    this.closed?.();
  }

  private tellQuiet(): void {
    if (this.held > 0) return;
    this.onQuiet?.();
    if (this.waiting.count === 0 && !this.isClosing) this.nextHop.unused?.();
  }

  private leaveIdle(session: ClientSession): void {
    const position = this.idle.indexOf(session);
    if (position >= 0) this.idle.splice(position, 1);
  }

  /** To a peer that was not asked yet: one at hand, or a new connection. */
  private passOn(job: Job): void {
    const { idle, waiting } = this;
    if (!anyoneLeft(job, this.hosts)) return conclude(job, this.hosts, job.asked.at(-1)?.host.name ?? "");
    waiting.addElsewhere(job);
    const at = idle.findLastIndex(({ peer, connection }) => connection.alive && waiting.wouldHelp(peer));
    const [session] = at < 0 ? [] : idle.splice(at, 1);
    if (session !== undefined) return this.available(session);
    if (this.held >= this.most) this.closeLongestIdle();
    this.dialler.dialMore();
  }

  /** A connection that is there may serve one of those who wait for another peer. */
  private isHelped(): boolean {
    if (this.dialler.elsewhere > 0) return true;
    for (const { peer } of this.sessions) if (this.waiting.wouldHelp(peer)) return true;
    return false;
  }
}
