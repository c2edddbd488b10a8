/**
 * Opens a pool's connections, as many as its jobs want and the limits allow: the pool's own, the relay's
 * (outbound-connections.ts), and what a peer stands at once.
 */
import { setMaxListeners } from "node:events";
import type { Timer } from "../../../../ports/ports.ts";
import { connectToAny, type DialFailure } from "../opening/connect-to-any.ts";
import type { OpenedConnection, OpeningContext } from "../opening/open-connection.ts";
import type { NextHopHost, Peer } from "../peer/peer.ts";
import type { SmtpClientError } from "../wire/client-error.ts";
import { timeouts } from "../wire/timeouts.ts";
import type { ConnectionHolder, ConnectionPlaces } from "./outbound-connections.ts";
import type { WaitingJobs } from "./waiting-jobs.ts";

/** How long no further connection is tried after a failure while others are open: the peer has its limits too. */
const pauseMs = 5_000;

/** The pool, as its dialler sees it. */
export interface DiallingPool extends ConnectionHolder {
  /** In the order of the next attempt. */
  hostsInOrder(): readonly NextHopHost[];
  /** Connections opened at once while none is open yet. */
  readonly firstDials: number;
  readonly waiting: WaitingJobs;
  /** The peers of open connections. */
  readonly openPeers: readonly Peer[];
  /** Connections open. */
  readonly open: number;
  /** Nothing is begun any more. */
  readonly isClosing: boolean;
  /** Connections at most. */
  readonly most: number;
  opened(connection: OpenedConnection, peer: Peer): void;
  /** `elsewhere`: it was for those who wait for another peer. */
  dialFailed(failure: DialFailure, elsewhere: boolean): void;
  /** A dial is over, whatever came of it. */
  dialEnded(): void;
}

export class Dialler {
  /** Connections being opened. */
  underWay = 0;
  /** Of these, for jobs that wait for another peer than those who put them off. */
  elsewhere = 0;
  private readonly pool: DiallingPool;
  private readonly context: OpeningContext;
  private readonly outbound: ConnectionPlaces;
  private readonly stop = new AbortController();
  /** Of `underWay`, those that a peer leaves without an answer. */
  private silent = 0;
  private pausedUntil = 0;
  private pause: Timer | undefined;

  constructor(pool: DiallingPool, context: OpeningContext, outbound: ConnectionPlaces) {
    // Each connection being opened listens.
    setMaxListeners(0, this.stop.signal);
    this.pool = pool;
    this.context = context;
    this.outbound = outbound;
  }

  /** Begins what is wanted now. */
  dialMore(): void {
    const { pool, outbound } = this;
    if (pool.isClosing) return;
    const { waiting, open, most } = pool;
    const paused = pool.held > 0 && this.context.ports.clock.now() < this.pausedUntil;
    const atOnce = open === 0 ? pool.firstDials : open * 2;
    while (pool.held < most && this.underWay - this.silent < atOnce) {
      const elsewhere =
        waiting.wantElsewhere > this.elsewhere && (!paused || waiting.anyStranded(pool.openPeers));
      if (!elsewhere && waiting.wantAny <= this.underWay - this.elsewhere) return;
      if (!elsewhere && paused) return this.dialBehindPause();
      if (!outbound.enter(pool)) return;
      void this.dial(elsewhere);
    }
  }

  /** Nothing else may come to pass by then: connections that are open may wait for their peer for ten minutes. */
  private dialBehindPause(): void {
    const { clock } = this.context.ports;
    this.pause ??= clock.after(this.pausedUntil - clock.now(), () => {
      this.pause = undefined;
      this.dialMore();
    });
  }

  /** What is under way ends with `error`. */
  end(error: SmtpClientError): void {
    this.pause?.cancel();
    this.stop.abort(error);
  }

  private async dial(elsewhere: boolean): Promise<void> {
    const { pool, context } = this;
    const { waiting } = pool;
    this.underWay++;
    if (elsewhere) this.elsewhere++;
    const hosts = pool.hostsInOrder();
    const wanted = (peer: Peer): boolean => !elsewhere || waiting.wouldHelp(peer);
    const stopWatch = this.watchSilence();
    const result = await connectToAny(hosts, wanted, waiting.first, context, this.stop.signal);
    stopWatch();
    this.underWay--;
    if (elsewhere) this.elsewhere--;
    if (result.kind === "opened") pool.opened(result.opened, result.peer);
    else {
      // Aborted: the pool is closing, and has given the jobs back.
      if (result.kind === "failed" && !pool.isClosing) this.failed(result, elsewhere);
      this.outbound.leave(pool);
    }
    pool.dialEnded();
  }

  /**
   * A peer may be silent for five minutes before its greeting, and the next connection to the same host be answered: mail
   * does not wait behind such ones. Where it is not known that the next hop answers at all, it does. Returns what ends it.
   */
  private watchSilence(): () => void {
    const { clock } = this.context.ports;
    let isSilent = false;
    const timer = clock.after(timeouts.slowOpeningMs, () => {
      if (this.pool.standing !== "proven") return;
      isSilent = true;
      this.silent++;
      this.dialMore();
    });
    return () => {
      timer.cancel();
      if (isSilent) this.silent--;
    };
  }

  private failed(failure: DialFailure, elsewhere: boolean): void {
    const { host, error } = failure;
    if (error?.code === "tls") this.tellTlsRequired(host, error);
    this.pausedUntil = this.context.ports.clock.now() + pauseMs;
    this.pool.dialFailed(failure, elsewhere);
  }

  private tellTlsRequired(host: string, error: SmtpClientError): void {
    const { first } = this.pool.waiting;
    const recipient = first?.claim.message.envelope.recipients[first.recipients[0]?.index ?? 0];
    this.context.events.emit("SmtpSendTlsRequiredFailed", {
      connector: this.context.connector.name,
      domain: recipient?.forwardPath.replace(/^.*@/s, "") ?? host,
      host,
      error: error.message,
    });
  }
}
