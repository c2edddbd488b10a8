/**
 * The connections to one next hop, and the jobs that wait for one. Connections are opened as jobs wait, kept
 * for a short while when idle, and replaced when they are worn out or lost. Hosts take turns; one that fails is
 * tried last for a while. Jobs fail as unreachable only when no host is left to try and no connection is open.
 */
import { setMaxListeners } from "node:events";
import type { SmtpSendConnector, SmartHost } from "../../../core/policy/send-connector.ts";
import type { Events } from "../../../events/events.ts";
import type { Clock } from "../../../ports/ports.ts";
import { SmtpClientError, errorText } from "./client-error.ts";
import { ClientSession, type SessionOwner } from "./client-session.ts";
import { decideRest, type Job } from "./job.ts";
import { avoidHostMs, hostIn, hostOrder, type HostMemory, type NextHopHost } from "./next-hop-host.ts";
import { openConnection, type OpeningContext } from "./open-connection.ts";
import { isTlsNeeded } from "./tls.ts";
import { timeouts } from "./timeouts.ts";
import type { TransactionEnd } from "./transaction.ts";

/** How long no further connection is tried after a failure while others are open: the peer has its limits too. */
const dialPauseMs = 5_000;
/** Connections opened at once while none is open yet; the double of the open ones after that. */
const firstDials = 4;

export class ConnectionPool implements SessionOwner {
  readonly connector: SmtpSendConnector;
  readonly events: Events;
  readonly clock: Clock;
  private readonly context: OpeningContext;
  private readonly hosts: readonly NextHopHost[];
  private readonly most: number;
  private readonly idleMs: number;
  private readonly waiting: Job[] = [];
  /** Jobs that only a new connection may take: theirs was lost. */
  private readonly waitingFresh: Job[] = [];
  private readonly sessions = new Set<ClientSession>();
  private readonly idle: ClientSession[] = [];
  private readonly stop = new AbortController();
  private dialling = 0;
  private dialPausedUntil = 0;
  private turn = 0;
  private closing: Promise<void> | undefined;
  private onQuiet: (() => void) | undefined;

  constructor(
    context: OpeningContext,
    nextHop: readonly SmartHost[],
    memory: HostMemory,
    events: Events,
    most: number,
  ) {
    // Each connection being opened listens.
    setMaxListeners(0, this.stop.signal);
    this.context = context;
    this.connector = context.connector;
    this.events = events;
    this.clock = context.ports.clock;
    this.hosts = nextHop.map((host) => hostIn(memory, host));
    this.turn = Math.floor(context.ports.random() * nextHop.length);
    this.most = most;
    this.idleMs = Math.min(timeouts.idleMs, context.connector.connectionInactivityTimeOut);
  }

  submit(job: Job): void {
    if (this.closing !== undefined) return settle(job, "aborted", "");
    for (let session = this.idle.pop(); session !== undefined; session = this.idle.pop()) {
      if (!session.connection.alive) continue;
      if (!session.run(job)) this.available(session);
      return;
    }
    this.waiting.push(job);
    this.dialMore();
  }

  takeFollower(): Job | undefined {
    return this.waiting.shift();
  }

  finished(job: Job, end: TransactionEnd, host: NextHopHost): void {
    switch (end.kind) {
      case "completed":
        if (job.recipients.length === 0) return settle(job, "attempted", host.name);
        // The peer took as many recipients as it takes at once: the others follow in a transaction of their own.
        if (this.closing !== undefined) return settle(job, "aborted", host.name);
        this.waiting.unshift(job);
        return;
      case "unsent":
        if (this.closing !== undefined) return settle(job, "aborted", host.name);
        if (!end.free && job.retried) {
          decideRest(job, "transient", end.verdict);
          return settle(job, "attempted", host.name);
        }
        if (!end.free) job.retried = true;
        this.waitingFresh.push(job);
        return this.dialMore();
      case "damaged":
        return job.outcomes.length === 0
          ? job.resolve({ kind: "damaged", what: end.what })
          : settle(job, "attempted", host.name);
      case "aborted":
        return settle(job, "aborted", host.name);
    }
  }

  available(session: ClientSession): void {
    if (session.worn || this.closing !== undefined) return session.quit();
    for (;;) {
      const job = (session.messages === 0 ? this.waitingFresh.shift() : undefined) ?? this.waiting.shift();
      if (job === undefined) break;
      if (session.run(job)) return;
    }
    // A job waits for a new connection, and there is no room for one but this one's.
    if (this.waitingFresh.length > this.dialling && this.sessions.size + this.dialling >= this.most)
      return session.quit();
    session.rest(this.idleMs);
    this.idle.push(session);
  }

  gone(session: ClientSession): void {
    this.sessions.delete(session);
    const position = this.idle.indexOf(session);
    if (position >= 0) this.idle.splice(position, 1);
    this.dialMore();
    this.tellQuiet();
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
    for (const job of this.waitingFresh.splice(0).concat(this.waiting.splice(0))) settle(job, "aborted", "");
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

  private dialMore(): void {
    if (this.closing !== undefined) return;
    if (this.sessions.size > 0 && this.clock.now() < this.dialPausedUntil) return;
    const open = this.sessions.size;
    const atOnce = open === 0 ? firstDials : open * 2;
    while (
      this.waiting.length + this.waitingFresh.length > this.dialling &&
      open + this.dialling < this.most &&
      this.dialling < atOnce
    ) {
      void this.dial();
    }
  }

  private async dial(): Promise<void> {
    this.dialling++;
    let failure: { host: NextHopHost; error: SmtpClientError } | undefined;
    let session: ClientSession | undefined;
    for (const host of hostOrder(this.hosts, this.turn++, this.clock.now())) {
      try {
        const { connection, capabilities } = await openConnection(host, this.context, this.stop.signal);
        host.avoidUntil = 0;
        session = new ClientSession(this, connection, capabilities, host);
        break;
      } catch (error) {
        const known =
          error instanceof SmtpClientError
            ? error
            : new SmtpClientError("connect", errorText(error), { cause: error });
        if (this.stop.signal.aborted) break;
        // Of several failures the one of the last host tried is told; that TLS is missing is never hidden.
        if (failure?.error.code !== "tls") failure = { host, error: known };
        host.avoidUntil = this.clock.now() + avoidHostMs;
      }
    }
    this.dialling--;
    if (session !== undefined) {
      this.sessions.add(session);
      this.available(session);
      this.dialMore();
    } else if (failure !== undefined) {
      this.dialFailed(failure.host, failure.error);
    }
    // Neither: `close` ended it, and has given the jobs back.
    this.tellQuiet();
  }

  private dialFailed(host: NextHopHost, error: SmtpClientError): void {
    const tlsRequired = error.code === "tls" && isTlsNeeded(this.connector);
    if (tlsRequired) {
      const first = this.waiting[0] ?? this.waitingFresh[0];
      const recipient = first?.claim.message.envelope.recipients[first.recipients[0]?.index ?? 0];
      this.events.emit("SmtpSendTlsRequiredFailed", {
        connector: this.connector.name,
        domain: recipient?.forwardPath.replace(/^.*@/s, "") ?? host.name,
        host: host.name,
        error: error.message,
      });
    }
    if (this.sessions.size > 0) {
      this.dialPausedUntil = this.clock.now() + dialPauseMs;
      this.waiting.unshift(...this.waitingFresh.splice(0));
      while (this.waiting.length > 0) {
        const session = this.idle.pop();
        if (session === undefined) return;
        this.available(session);
      }
      return;
    }
    if (this.dialling > 0) return;
    for (const job of this.waitingFresh.splice(0).concat(this.waiting.splice(0))) {
      if (job.outcomes.length > 0) {
        decideRest(job, "transient", error.verdict);
        settle(job, "attempted", host.name);
      } else {
        job.resolve({
          kind: "unreachable",
          host: host.name,
          verdict: error.verdict,
          ...(tlsRequired ? { tlsRequired } : {}),
        });
      }
    }
  }
}

/** Recipients that are not decided stay as they were. */
function settle(job: Job, kind: "attempted" | "aborted", host: string): void {
  if (kind === "aborted" && job.outcomes.length === 0) job.resolve({ kind });
  else job.resolve({ kind: "attempted", host, outcomes: job.outcomes });
}
