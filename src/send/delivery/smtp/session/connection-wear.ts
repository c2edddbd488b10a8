/** How many messages a connection has had, how long it rested, and whether it is worn out: then it takes no more. */
import type { PeerLimits } from "../../../../core/policy/peer-limits.ts";
import type { Events } from "../../../../events/events.ts";
import type { Clock } from "../../../../ports/ports.ts";
import type { Job } from "../job/job.ts";
import { stillHolds, type Peer } from "../peer/peer.ts";
import { learnMessageLimit } from "../peer/peer-quirks.ts";

/** After a longer rest a peer may end the session for that reason, whatever number of messages it took. */
const shortRestMs = 5_000;

export class ConnectionWear {
  /** Transactions begun. */
  started = 0;
  /** Since when it has been idle (`Clock.now()`); Infinity while in use. */
  idleSince = Infinity;
  private readonly peer: Peer;
  private readonly goodUntil: number;
  private readonly limits: PeerLimits;
  private readonly clock: Clock;
  private taken = 0;
  private restedMs = 0;
  private spent = false;

  /** `goodUntil`: as of an opened connection. */
  constructor(peer: Peer, limits: PeerLimits, clock: Clock, goodUntil = Infinity) {
    this.peer = peer;
    this.goodUntil = goodUntil;
    this.limits = limits;
    this.clock = clock;
  }

  /**
   * smtpMaxMessagesPerConnection, the peer's own limit, a refusal that speaks of one, or what showed who the peer is has run out: of
   * the next one it is asked anew.
   */
  get worn(): boolean {
    if (this.spent || this.isOutdated) return true;
    const { started } = this;
    if (started >= this.limits.messagesPerConnection) return true;
    const learned = this.peer.host.messagesPerConnection;
    return learned !== undefined && started >= stillHolds(learned, this.clock.now());
  }

  get isOutdated(): boolean {
    return this.goodUntil !== Infinity && this.clock.now() >= this.goodUntil;
  }

  /** It has taken mail. */
  get anyTaken(): boolean {
    return this.taken > 0;
  }

  rest(): void {
    this.idleSince = this.clock.now();
  }

  resume(): void {
    if (this.idleSince === Infinity) return;
    this.restedMs = this.clock.now() - this.idleSince;
    this.idleSince = Infinity;
  }

  mayBeWornOut(job: Job): boolean {
    return this.taken > 0 && job.wornOut === undefined;
  }

  /** `unheard`: transactions begun that are not behind it yet, the refused one among them. */
  wearOut(job: Job, unheard: number): void {
    this.spent = true;
    const messages = this.restedMs > shortRestMs ? 0 : this.started - unheard;
    job.wornOut = { host: this.peer.host, messages };
  }

  /** What another connection refused for its wear, this one has taken: the number was why. */
  delivered(job: Job, events: Events): void {
    this.taken++;
    if (job.wornOut === undefined) return;
    const { host, messages } = job.wornOut;
    if (host === this.peer.host) learnMessageLimit(host, messages, this.clock.now(), events);
    job.wornOut = undefined;
  }
}
