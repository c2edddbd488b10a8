/**
 * One delivery queue while the relay runs: what of it is in memory, how many attempts go on, and whether its
 * next hop answers. It starts nothing itself; the scheduler does.
 */
import type { MessageId } from "../../core/message/envelope.ts";
import { queueRetryDelayMs, type TransportSettings } from "../../core/policy/retry-schedule.ts";
import type { SendConnectorSettings } from "../../core/policy/send-connector.ts";
import type { Claim, QueueName } from "../../spool/spool.ts";
import { Backlog } from "./backlog.ts";
import type { Carrier, Verdict } from "./delivery.ts";
import type { SchedulerLimits } from "./limits.ts";
import { RateWindow } from "./message-rate-window.ts";
import type { Share } from "./shared-room.ts";

/** Exchange's queue statuses. */
export type QueueStatus = "Active" | "Connecting" | "Ready" | "Retry" | "Suspended";

/** Mail of a queue that went by another connector. Times are `Clock.now()` milliseconds. */
export interface Relief {
  /** Which took it over. */
  readonly connector: string;
  readonly since: number;
  readonly lastAt: number;
  readonly messages: number;
  /** All of the queue's, because it could hand over nothing; else what a budget or a hold kept back. */
  readonly ofQueue: boolean;
}

/** A domain's queue whose mail went another way is kept so long, for the mail that comes next. */
const reliefKeptMs = 3_600_000;

/** What a failed connection led to. */
export type FailureEffect =
  /** The queue rests until `retryAt`. */
  | "retry"
  /** Other attempts go on: the next hop takes no further connection now, so fewer are made. */
  | "narrowed"
  /** Another attempt has put the queue to rest already. */
  | "resting";

export class DeliveryQueue {
  readonly name: QueueName;
  readonly connector: SendConnectorSettings;
  readonly carrier: Carrier;
  /** Whose mail it holds, where its connector has a queue for each domain; else "". */
  readonly domain: string;
  /** Attempts going on. */
  running = 0;
  /** What it has on disk. */
  readonly backlog = new Backlog();
  /** Failed connections in a row. */
  failures = 0;
  /** Set: the queue is in Retry. */
  retryAt: number | undefined;
  lastRetryAt: number | undefined;
  firstFailureAt: number | undefined;
  lastError: Verdict | undefined;
  lastHost: string | undefined;
  /** What the next hop said of the last recipient it put off, as long as nothing was handed over since. */
  putOff: string | undefined;
  /** What went another way since it began to: fallback.ts. */
  relief: Relief | undefined;
  waitingBytes = 0;
  /** By an administrator: takes mail, begins no attempt. */
  suspended: boolean;
  /** Messages routed here. */
  readonly incoming = new RateWindow();
  /** Messages handed over. */
  readonly outgoing = new RateWindow();

  readonly #limits: SchedulerLimits;
  /** Of what queues of domains have together; undefined: it has its memory for itself. */
  readonly #share: Share | undefined;
  #limit: number;
  #ceiling: number;
  #narrowedUntil = 0;
  /** Since then no attempt ended while others wait for their place. */
  #heldUpSince: number | undefined;
  #waiting: (Claim | undefined)[] = [];
  #head = 0;

  constructor(
    name: QueueName,
    connector: SendConnectorSettings,
    carrier: Carrier,
    limits: SchedulerLimits,
    suspended = false,
    { domain, share }: { readonly domain: string; readonly share?: Share } = { domain: "" },
  ) {
    this.suspended = suspended;
    this.domain = domain;
    this.#share = share;
    this.name = name;
    this.connector = connector;
    this.carrier = carrier;
    this.#limits = limits;
    // Of many domains some never answer: each success lets one more attempt begin.
    this.#limit =
      share === undefined ? carrier.concurrency : Math.min(limits.probeClaims, carrier.concurrency);
    this.#ceiling = carrier.concurrency;
  }

  get waiting(): number {
    return this.#waiting.length - this.#head;
  }

  /** True when it may be worked on: neither in Retry nor suspended. */
  get healthy(): boolean {
    return this.retryAt === undefined && !this.suspended;
  }

  /** It is one of those that come and go. */
  get isOfDomain(): boolean {
    return this.#share !== undefined;
  }

  /** Nothing of it is in memory or on its way there, nothing keeps it from being worked on, and nothing is to be told yet. */
  isIdle(now: number): boolean {
    if (!this.healthy || this.running > 0 || this.waiting > 0 || this.backlog.claiming) return false;
    return this.relief === undefined || now - this.relief.lastAt > reliefKeptMs;
  }

  /** It has met no fault, and nothing of what it was told stands out: mail that comes later may use it as it is. */
  get isAsAnyOther(): boolean {
    const { backlog, lastRetryAt, relief, putOff } = this;
    return lastRetryAt === undefined && relief === undefined && putOff === undefined && !backlog.isKnown;
  }

  /** True when an attempt may begin and one is waiting. */
  get ready(): boolean {
    return this.healthy && this.running < this.#limit && this.#head < this.#waiting.length;
  }

  /** Mail waits behind attempts, and more of them would be allowed if one of these came to an end. */
  get isHeldUp(): boolean {
    if (this.running < this.#limit || this.#limit >= this.carrier.concurrency || !this.healthy) return false;
    return this.#head < this.#waiting.length || this.backlog.due;
  }

  /**
   * One that is held up: returns when it is to be looked at again. A peer may be silent for ten minutes behind a content
   * (RFC 5321 §4.5.3.2.6): who waits longer than `silentMs` for the first to end gets one more attempt, which may be answered.
   */
  widenIfSilent(now: number): number {
    const { silentMs } = this.#limits;
    this.#heldUpSince ??= now;
    const isOver = now >= this.#heldUpSince + silentMs && now >= this.#narrowedUntil;
    if (isOver) {
      this.#limit++;
      this.#ceiling = Math.max(this.#ceiling, this.#limit);
      this.#heldUpSince = now;
    }
    return Math.max(this.#heldUpSince + silentMs, this.#narrowedUntil);
  }

  /** It tries a next hop that failed, with as many claims as it may. */
  get hasProbes(): boolean {
    return this.failures > 0 && this.retryAt === undefined && this.running + this.waiting >= this.#limit;
  }

  get status(): QueueStatus {
    if (this.suspended) return "Suspended";
    if (this.retryAt !== undefined) return "Retry";
    if (this.running === 0) return "Ready";
    return this.failures > 0 ? "Connecting" : "Active";
  }

  /** How many claims to take from the spool now; 0: none. */
  get appetite(): number {
    const appetite = this.#ownAppetite;
    return this.#share === undefined ? appetite : Math.min(appetite, this.#share.left);
  }

  /** So many claims are being read from disk: others have less room meanwhile. Returns what takes that back. */
  expect(claims: number): () => void {
    this.#share?.reserve(claims);
    return () => this.#share?.unreserve(claims);
  }

  /** It would take mail from disk, and is served when there is room. */
  waitForRoom(): void {
    if (this.#ownAppetite > 0 && this.#share?.left === 0) this.#share.wait();
  }

  get #ownAppetite(): number {
    if (!this.healthy || this.waiting > this.#limits.lowWater) return 0;
    if (this.waitingBytes > this.#limits.windowBytes) return 0;
    if (this.failures > 0) return Math.max(0, this.#limit - this.running - this.waiting);
    return this.#limits.refillClaims;
  }

  /**
   * True when one more claim may wait in memory. `shared`: others wait on disk for longer, and find room only
   * below the low-water mark, so no more than that is given away. An empty window takes any one claim.
   */
  hasRoom(shared: boolean): boolean {
    const { waiting } = this;
    if (this.#share?.left === 0) return false;
    if (waiting === 0) return true;
    const { lowWater, windowClaims, windowBytes } = this.#limits;
    return waiting < (shared ? lowWater : windowClaims) && this.waitingBytes < windowBytes;
  }

  push(claim: Claim): void {
    this.#waiting.push(claim);
    this.waitingBytes += heldBytes(claim);
    this.#share?.take(heldBytes(claim));
  }

  /** Puts a claim back to the front. */
  putBack(claim: Claim): void {
    if (this.#head > 0) this.#waiting[--this.#head] = claim;
    else this.#waiting.unshift(claim);
    this.waitingBytes += heldBytes(claim);
    this.#share?.take(heldBytes(claim));
  }

  /** Takes the next one for an attempt. */
  begin(): Claim | undefined {
    const claim = this.#shift();
    if (claim !== undefined) this.running++;
    return claim;
  }

  /** Its attempt is over. */
  ended(claim: Claim): void {
    this.running--;
    this.#heldUpSince = undefined;
    this.#share?.giveBack(heldBytes(claim));
  }

  #shift(): Claim | undefined {
    const claim = this.#waiting[this.#head];
    if (claim === undefined) return undefined;
    this.#waiting[this.#head++] = undefined;
    if (this.#head === this.#waiting.length) {
      this.#waiting.length = 0;
      this.#head = 0;
    } else if (this.#head >= 1024) {
      this.#waiting.splice(0, this.#head);
      this.#head = 0;
    }
    this.waitingBytes -= heldBytes(claim);
    return claim;
  }

  /** One waits that holds this. Cost: a walk over what waits. */
  holds(queue: QueueName, id: MessageId): boolean {
    return this.#waiting.some((claim) => claim?.message.id === id && claim.queue === queue);
  }

  /** Takes one claim out, by what it holds. Cost: a walk over what waits. */
  takeBack(queue: QueueName, id: MessageId): Claim | undefined {
    for (let at = this.#head; at < this.#waiting.length; at++) {
      const claim = this.#waiting[at];
      if (claim?.message.id !== id || claim.queue !== queue) continue;
      this.#waiting.splice(at, 1);
      this.waitingBytes -= heldBytes(claim);
      this.#share?.giveBack(heldBytes(claim));
      return claim;
    }
    return undefined;
  }

  /** Takes out the claims that fit. Cost: a walk over what waits. */
  takeThose(fits: (claim: Claim) => boolean): readonly Claim[] {
    const taken: Claim[] = [];
    for (let at = this.#head; at < this.#waiting.length; at++) {
      const claim = this.#waiting[at];
      if (claim !== undefined && fits(claim)) taken.push(claim);
    }
    for (const { queue, message } of taken) this.takeBack(queue, message.id);
    return taken;
  }

  /** Forgets claims that have ended. Cost: a walk over what waits. */
  drop(ended: WeakSet<Claim>): void {
    for (const claim of this.takeAll()) if (!ended.has(claim)) this.push(claim);
  }

  takeAll(): Claim[] {
    const claims: Claim[] = [];
    for (let claim = this.#shift(); claim !== undefined; claim = this.#shift()) {
      claims.push(claim);
      this.#share?.giveBack(heldBytes(claim));
    }
    return claims;
  }

  /** The next hop talked. Returns true when this ends a time of failures. */
  succeeded(now: number): boolean {
    this.#share?.become("proven");
    if (this.#limit < this.#ceiling) this.#limit++;
    else if (this.#limit < this.carrier.concurrency && now >= this.#narrowedUntil) {
      this.#ceiling = this.carrier.concurrency;
      this.#limit++;
    }
    if (this.failures === 0) return false;
    this.failures = 0;
    this.retryAt = undefined;
    this.firstFailureAt = undefined;
    this.lastError = undefined;
    return true;
  }

  /**
   * No host of the next hop would talk; the attempt is no longer counted in `running`. `retryAfterMs`: when to try again,
   * in place of the schedule.
   */
  failed(
    host: string,
    verdict: Verdict,
    now: number,
    settings: TransportSettings,
    random: number,
    retryAfterMs?: number,
  ): FailureEffect {
    if (this.retryAt !== undefined) return "resting";
    if (this.running > 0) {
      this.#limit = this.running;
      this.#ceiling = this.running;
      this.#narrowedUntil = now + this.#limits.narrowMs;
      return "narrowed";
    }
    this.failures++;
    this.#share?.become("failing");
    this.firstFailureAt ??= now;
    this.lastRetryAt = now;
    this.lastError = verdict;
    this.lastHost = host;
    this.retryAt = now + (retryAfterMs ?? queueRetryDelayMs(this.failures, settings, random));
    return "retry";
  }

  /** Retry is over: a few claims try the next hop; each success lets one more attempt begin. */
  reopen(): void {
    this.retryAt = undefined;
    this.backlog.arrived();
    this.#ceiling = this.carrier.concurrency;
    this.#narrowedUntil = 0;
    this.#limit = Math.min(this.#limits.probeClaims, this.#ceiling);
  }
}

/** Contents up to this size may be in memory with their claim; larger ones are streamed. */
const inMemoryBytes = 64 * 1024;

/** Octets of content a claim keeps in memory, at most. */
export function heldBytes(claim: Claim): number {
  const { sizeBytes } = claim.message.content;
  return sizeBytes <= inMemoryBytes ? sizeBytes : 0;
}
