/**
 * The connections to one next hop, and the jobs that wait for one. Connections are opened as jobs wait, kept
 * for a short while when idle, and replaced when they are worn out or lost. Hosts take turns; what a peer puts off, or
 * cannot take, another is asked for in the same attempt. Jobs fail as unreachable only when no peer is left to try and
 * no connection is open.
 */
import { setMaxListeners } from "node:events";
import type { SmtpSendConnector, SmartHost } from "../../../../core/policy/send-connector.ts";
import type { Events } from "../../../../events/events.ts";
import type { Clock } from "../../../../ports/ports.ts";
import type { Verdict } from "../../delivery.ts";
import { SmtpClientError } from "../wire/client-error.ts";
import { ClientSession, type SessionOwner } from "../session/client-session.ts";
import { connectToAny, type DialFailure } from "../opening/connect-to-any.ts";
import { conclude, settle, unreachable } from "../job/concluding.ts";
import { passOver, putOff, recall, type Job } from "../job/job.ts";
import type { OpeningContext } from "../opening/open-connection.ts";
import type { ConnectionHolder, OutboundConnections } from "./outbound-connections.ts";
import type { NextHopHost, Peer } from "../peer/peer.ts";
import { anyoneLeft, hostsInTurn } from "../peer/peer-order.ts";
import { isTlsNeeded } from "../opening/tls.ts";
import { timeouts } from "../wire/timeouts.ts";
import type { TransactionEnd } from "../transaction/transaction-contract.ts";
import { WaitingJobs } from "./waiting-jobs.ts";

/** How long no further connection is tried after a failure while others are open: the peer has its limits too. */
const dialPauseMs = 5_000;
/** Connections opened at once while none is open yet; the double of the open ones after that. */
const firstDials = 4;
/** Messages after which a connection is given up to a next hop that has none, at maxOutboundConnections. */
const fairMessages = 10;

export class ConnectionPool implements SessionOwner, ConnectionHolder {
  readonly connector: SmtpSendConnector;
  readonly events: Events;
  readonly clock: Clock;
  private readonly context: OpeningContext;
  private readonly hosts: readonly NextHopHost[];
  private readonly outbound: OutboundConnections;
  private readonly most: number;
  private readonly idleMs: number;
  private readonly waiting = new WaitingJobs();
  private readonly sessions = new Set<ClientSession>();
  /** The longest idle first. */
  private readonly idle: ClientSession[] = [];
  private readonly stop = new AbortController();
  private dialling = 0;
  private diallingElsewhere = 0;
  private dialPausedUntil = 0;
  private turn = 0;
  private closing: Promise<void> | undefined;
  private onQuiet: (() => void) | undefined;

  constructor(
    context: OpeningContext,
    nextHop: readonly SmartHost[],
    outbound: OutboundConnections,
    most: number,
  ) {
    // Each connection being opened listens.
    setMaxListeners(0, this.stop.signal);
    this.context = context;
    this.connector = context.connector;
    this.events = context.events;
    this.clock = context.ports.clock;
    this.hosts = nextHop.map((host) => context.memory.host(host));
    this.outbound = outbound;
    this.turn = Math.floor(context.ports.random() * nextHop.length);
    this.most = most;
    this.idleMs = Math.min(timeouts.idleMs, context.connector.connectionInactivityTimeOut);
  }

  get held(): number {
    return this.sessions.size + this.dialling;
  }

  get idleSince(): number | undefined {
    return this.idle[0]?.idleSince;
  }

  submit(job: Job): void {
    if (this.closing !== undefined) return settle(job, "aborted", "");
    for (let session = this.idle.pop(); session !== undefined; session = this.idle.pop()) {
      if (!session.connection.alive) continue;
      const refusal = session.run(job);
      if (refusal === undefined) return;
      this.idle.push(session);
      return this.unfit(job, refusal, session.peer);
    }
    this.waiting.addLast(job);
    this.dialMore();
  }

  takeFollower(session: ClientSession): Job | undefined {
    return this.waiting.take(session.peer, false);
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
    const host = peer.host.name;
    switch (end.kind) {
      case "completed":
        if (this.closing !== undefined) return settle(job, "aborted", host);
        // Recipients beyond what the peer takes at once follow in a transaction of their own.
        if (job.recipients.length > 0) {
          job.retried = false;
          return this.waiting.addFirst(job);
        }
        if (job.deferred.length === 0) return settle(job, "attempted", host);
        if (!end.elsewhere || !anyoneLeft(job.asked, this.hosts)) return conclude(job, this.hosts, host);
        recall(job);
        return this.passOn(job);
      case "unsent":
        if (this.closing !== undefined) return settle(job, "aborted", host);
        if (end.free || !job.retried) {
          if (!end.free) job.retried = true;
          this.waiting.addFresh(job);
          return this.dialMore();
        }
        putOff(job, end.verdict, peer);
        return this.finished(job, { kind: "completed", elsewhere: true }, peer);
      case "wornOut":
        if (this.closing !== undefined) return settle(job, "aborted", host);
        this.waiting.addFresh(job);
        return this.dialMore();
      case "damaged":
        return job.outcomes.length === 0
          ? job.resolve({ kind: "damaged", what: end.what })
          : settle(job, "attempted", host);
      case "aborted":
        return settle(job, "aborted", host);
    }
  }

  available(session: ClientSession): void {
    if (session.worn || this.closing !== undefined) return session.quit();
    if (session.messages >= fairMessages && this.outbound.owes(this, false)) return session.quit();
    const full = this.held >= this.most;
    // Somebody waits for another connection than this one, and there is no room for it but this one's.
    const inTheWay = full && this.waiting.wantElsewhere > 0 && !this.isHelped();
    for (;;) {
      if (inTheWay && !this.waiting.wouldHelp(session.peer)) return session.quit();
      const job = this.waiting.take(session.peer, session.messages === 0);
      if (job === undefined) break;
      const refusal = session.run(job);
      if (refusal === undefined) return;
      this.unfit(job, refusal, session.peer);
    }
    if (full && this.waiting.wantFresh > this.dialling) return session.quit();
    if (this.outbound.owes(this, true)) return session.quit();
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
    this.dialMore();
    this.tellQuiet();
  }

  private leaveIdle(session: ClientSession): void {
    const position = this.idle.indexOf(session);
    if (position >= 0) this.idle.splice(position, 1);
  }

  closeLongestIdle(): void {
    this.idle.shift()?.quit();
  }

  roomMade(): void {
    this.dialMore();
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
    for (const job of this.waiting.takeAll()) settle(job, "aborted", "");
    this.stop.abort(error);
    for (const session of this.idle.splice(0)) session.quit();
    const closed = [...this.sessions].map((session) => session.connection.whenClosed());
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
  }

  private tellQuiet(): void {
    if (this.sessions.size === 0 && this.dialling === 0) this.onQuiet?.();
  }

  /** To a peer that was not asked yet: one at hand, or a new connection. */
  private passOn(job: Job): void {
    if (!anyoneLeft(job.asked, this.hosts))
      return conclude(job, this.hosts, job.asked.at(-1)?.host.name ?? "");
    this.waiting.addElsewhere(job);
    const at = this.idle.findLastIndex(
      ({ peer, connection }) => connection.alive && this.waiting.wouldHelp(peer),
    );
    const [session] = at < 0 ? [] : this.idle.splice(at, 1);
    if (session !== undefined) return this.available(session);
    if (this.held >= this.most) this.closeLongestIdle();
    this.dialMore();
  }

  private get openPeers(): readonly Peer[] {
    return [...this.sessions].map(({ peer }) => peer);
  }

  /** A connection that is there may serve one of those who wait for another peer. */
  private isHelped(): boolean {
    if (this.diallingElsewhere > 0) return true;
    for (const { peer } of this.sessions) if (this.waiting.wouldHelp(peer)) return true;
    return false;
  }

  private dialMore(): void {
    if (this.closing !== undefined) return;
    const { waiting } = this;
    const open = this.sessions.size;
    const paused = this.held > 0 && this.clock.now() < this.dialPausedUntil;
    const atOnce = open === 0 ? firstDials : open * 2;
    while (this.held < this.most && this.dialling < atOnce) {
      const elsewhere =
        waiting.wantElsewhere > this.diallingElsewhere && (!paused || waiting.anyStranded(this.openPeers));
      if (!elsewhere && (paused || waiting.wantAny <= this.dialling - this.diallingElsewhere)) return;
      if (!this.outbound.enter(this)) return;
      void this.dial(elsewhere);
    }
  }

  private async dial(elsewhere: boolean): Promise<void> {
    this.dialling++;
    if (elsewhere) this.diallingElsewhere++;
    const hosts = hostsInTurn(this.hosts, this.turn++);
    const wanted = (peer: Peer): boolean => !elsewhere || this.waiting.wouldHelp(peer);
    const result = await connectToAny(hosts, wanted, this.waiting.first, this.context, this.stop.signal);
    this.dialling--;
    if (elsewhere) this.diallingElsewhere--;
    if (result.kind === "opened") {
      const session = new ClientSession(this, result.opened, result.peer);
      this.sessions.add(session);
      this.available(session);
      this.dialMore();
    } else {
      // Aborted: `close` ended it, and has given the jobs back.
      if (result.kind === "failed" && this.closing === undefined) this.dialFailed(result, elsewhere);
      this.outbound.leave(this);
    }
    this.tellQuiet();
  }

  private dialFailed(failure: DialFailure, elsewhere: boolean): void {
    const { host, error } = failure;
    const tlsRequired = error?.code === "tls" && isTlsNeeded(this.connector);
    if (tlsRequired) this.tellTlsRequired(host, error);
    this.dialPausedUntil = this.clock.now() + dialPauseMs;
    if (elsewhere) {
      if (this.diallingElsewhere === 0) this.concludeStranded(failure);
      return this.dialMore();
    }
    if (this.sessions.size > 0) {
      this.waiting.giveUpFresh();
      for (let left = this.idle.length; left > 0 && this.waiting.count > 0; left--) {
        const session = this.idle.shift();
        if (session !== undefined) this.available(session);
      }
      return this.dialMore();
    }
    if (this.dialling > 0 || error === undefined) return;
    for (const job of this.waiting.takeAll()) unreachable(job, this.hosts, host, error, tlsRequired);
  }

  /** Those whom the failed connection was for, and whom no other can serve. */
  private concludeStranded({ host, error }: DialFailure): void {
    for (const job of this.waiting.takeStranded(this.openPeers)) conclude(job, this.hosts, host, error);
  }

  private tellTlsRequired(host: string, error: SmtpClientError): void {
    const { first } = this.waiting;
    const recipient = first?.claim.message.envelope.recipients[first.recipients[0]?.index ?? 0];
    this.events.emit("SmtpSendTlsRequiredFailed", {
      connector: this.connector.name,
      domain: recipient?.forwardPath.replace(/^.*@/s, "") ?? host,
      host,
      error: error.message,
    });
  }
}
