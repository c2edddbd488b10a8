/**
 * What a queue is known to have on disk. These are the only marks the scheduler keeps of it, and these transitions
 * are the only way to change them:
 *
 *     transition       who, when
 *     arrived          parking: recipients stand there due; a queue opens again or goes on; a look at the spool found some
 *     tryAll           the start, Retry-Queue, Resume-Queue: so many are claimed once, due or not
 *     oweTries         parking, resubmission: messages wait there that have yet to be tried, whatever their age
 *     beginClaim       refill, submission: what arrives from now on sets the mark anew
 *     claimed          the same, with what came of it
 *     claimFailed      the same, when the spool could not be read; the next look at it finds what there is
 */
import type { QueueName } from "../../spool/spool.ts";

/** Later than any due time but a suspended one's. */
const anyTime = Number.MAX_SAFE_INTEGER;

export class Backlog {
  #due = false;
  #claiming = false;
  /** So many are yet to be claimed, due or not. */
  #early = 0;

  /** Entries that are due may stand on disk. */
  get due(): boolean {
    return this.#due;
  }

  /** A claim is under way; no second one is begun. */
  get claiming(): boolean {
    return this.#claiming;
  }

  /** What waits there is in line for its try, so that its age does not count yet. */
  get owesTries(): boolean {
    return this.#early > 0;
  }

  /** Something is known to be there, or is looked for. */
  get isKnown(): boolean {
    return this.#due || this.#claiming || this.#early > 0;
  }

  arrived(): void {
    this.#due = true;
  }

  /** `entries`: all there are. None: none are owed anything. */
  tryAll(entries: number): void {
    this.#early = entries;
    if (entries > 0) this.#due = true;
  }

  oweTries(entries: number): void {
    if (entries === 0) return;
    this.#early += entries;
    this.#due = true;
  }

  /** Returns up to which due time entries are claimed. */
  beginClaim(now: number): number {
    this.#claiming = true;
    this.#due = false;
    return this.#early > 0 ? anyTime : now;
  }

  claimed(found: number, wanted: number): void {
    this.#claiming = false;
    this.#early = found < wanted ? 0 : Math.max(0, this.#early - found);
    if (found > 0) this.#due = true;
  }

  claimFailed(): void {
    this.#claiming = false;
  }
}

/** The same of the submission queue, with the queues that mail is for, as far as that is known. */
export class UnroutedBacklog extends Backlog {
  #forAny = false;
  #queues = new Set<QueueName>();
  #before: { readonly forAny: boolean; readonly queues: ReadonlySet<QueueName> } | undefined;

  /** Mail for whatever queue. */
  override arrived(): void {
    super.arrived();
    this.#forAny = true;
  }

  override tryAll(entries: number): void {
    super.tryAll(entries);
    if (entries > 0) this.#forAny = true;
  }

  override oweTries(entries: number): void {
    super.oweTries(entries);
    if (entries > 0) this.#forAny = true;
  }

  /** Mail that found no room in its queue. */
  arrivedFor(queue: QueueName): void {
    super.arrived();
    this.#queues.add(queue);
  }

  /** For queues that are not known. */
  get isForAny(): boolean {
    return this.#forAny;
  }

  /** Queues that some of it is for, as far as they are known. */
  names(): QueueName[] {
    return [...this.#queues];
  }

  /** Some of it may be for this queue. */
  mayBeFor(queue: QueueName): boolean {
    return this.#forAny || this.#queues.has(queue);
  }

  override beginClaim(now: number): number {
    this.#before = { forAny: this.#forAny, queues: this.#queues };
    this.#forAny = false;
    this.#queues = new Set();
    return super.beginClaim(now);
  }

  /** What is left is for the same queues as what was found. */
  override claimed(found: number, wanted: number): void {
    super.claimed(found, wanted);
    if (found > 0) this.#restore();
    this.#before = undefined;
  }

  override claimFailed(): void {
    super.claimFailed();
    this.#restore();
    this.#before = undefined;
  }

  #restore(): void {
    if (this.#before === undefined) return;
    this.#forAny ||= this.#before.forAny;
    for (const queue of this.#before.queues) this.#queues.add(queue);
  }
}
