/**
 * One queue's order without its entries: those stand in LMDB, sorted by due time. In memory is a cursor and
 * the few entries before it that are to be claimed again. Every entry up to the cursor is held by a claim,
 * about to be removed, or stands in `again` or `later`; so a claim never walks over entries that others hold.
 * What is handed out is a candidate: whoever takes it checks that the entry still is so.
 */
import type { MessageId } from "../../core/message/envelope.ts";
import type { DueKey } from "../store/keys.ts";
import { byDue } from "../messages/recipients.ts";

/** Entries behind `after` in order, at most `limit`. */
export type ScanEntries = (after: DueKey, limit: number) => DueKey[];

/** True while an entry is held, or is not what the message's state says any more. */
export type IsTaken = (entry: DueKey) => boolean;

const before: DueKey = { dueAt: 0, id: 0 };
const scanPage = 128;
const headPage = 8;
/** More than this many entries are not remembered singly: the cursor goes back and finds them again. */
const maxAgain = 10_000;

interface LaterEntry extends DueKey {
  readonly notBefore: number;
}

/** A class, since there is one for each recipient domain with mail. */
export class DueQueue {
  /** Messages with an entry in this queue, claimed ones included. */
  messages = 0;
  /** Entries that are being written: not yet to be found by a scan. */
  readonly pending = new Map<MessageId, number>();
  #cursor = before;
  #again: DueKey[] = [];
  #later: LaterEntry[] = [];
  /** The ids of `#later`; made with the first. */
  #putOff: Set<MessageId> | undefined;
  /** The first free entry behind the cursor when that was looked up; null when there was none. */
  #head: DueKey | null | undefined;

  /** How many entries are put off. */
  get putOff(): number {
    return this.#later.length;
  }

  /** An entry has become claimable: a claim ended, or its write is done. */
  add(entry: DueKey): void {
    const head = this.#head;
    if (byDue(entry, this.#cursor) > 0) {
      if (head === null || (head !== undefined && byDue(entry, head) < 0)) this.#head = entry;
      return;
    }
    insert(this.#again, entry, byDue);
    if (this.#again.length > maxAgain) this.rewind();
  }

  /** An entry is claimable from `notBefore` on. */
  addLater(entry: DueKey, notBefore: number): void {
    this.#putOff ??= new Set();
    this.#putOff.add(entry.id);
    insert(this.#later, { ...entry, notBefore }, (a, b) => a.notBefore - b.notBefore || a.id - b.id);
  }

  /** Takes up to `limit` candidates due at `now`, earliest first; none when there are no more. */
  takeCandidates(now: number, limit: number, scan: ScanEntries, isTaken: IsTaken): DueKey[] {
    this.#wakeLater(now);
    this.#head = undefined;
    const taken: DueKey[] = [];
    const scanned = this.#free(scan, isTaken, Math.min(limit + 1, scanPage));
    let other = scanned.next();
    while (taken.length < limit) {
      const one = this.#firstAgain(isTaken);
      const fromScan = !other.done && (one === undefined || byDue(other.value, one) < 0);
      const next = fromScan ? other.value : one;
      if (!next || next.dueAt > now) break;
      taken.push(next);
      if (fromScan) other = scanned.next();
      else this.#again.shift();
    }
    return taken;
  }

  /** When the earliest entry that nobody holds is due, those being written included. */
  nextDueAt(scan: ScanEntries, isTaken: IsTaken): number | undefined {
    const head = this.#head;
    if (head === undefined || (head !== null && (isTaken(head) || this.#isPutOff(head.id)))) {
      const scanned = this.#free(scan, isTaken, headPage).next();
      this.#head = scanned.done ? null : scanned.value;
    }
    let due = this.#head?.dueAt ?? Number.POSITIVE_INFINITY;
    due = Math.min(due, this.#firstAgain(isTaken)?.dueAt ?? due, this.#later[0]?.notBefore ?? due);
    for (const [id, dueAt] of this.pending) if (dueAt < due && !isTaken({ id, dueAt })) due = dueAt;
    return due === Number.POSITIVE_INFINITY ? undefined : due;
  }

  /** Forgets the position: the next claim looks from the beginning. */
  rewind(): void {
    this.#cursor = before;
    this.#again = [];
    this.#head = undefined;
  }

  /** An entry is held or gone: what is remembered of its place does not hold any more. */
  forget(id: MessageId): void {
    if (this.#head?.id === id) this.#head = undefined;
    if (this.#putOff?.delete(id) === true) this.#later = this.#later.filter((entry) => entry.id !== id);
  }

  /** An entry has another due time, or is gone. Cost: a search among those that came back behind the cursor. */
  remove(entry: DueKey): void {
    this.forget(entry.id);
    const end = placeFor(this.#again, entry, byDue);
    for (let at = end - 1; at >= 0; at--) {
      if (byDue(this.#again[at] as DueKey, entry) !== 0) return;
      this.#again.splice(at, 1);
    }
  }

  /** Free entries from the cursor on, in order. The cursor moves over taken ones, and over those consumed. */
  *#free(scan: ScanEntries, isTaken: IsTaken, pageLength: number): Generator<DueKey, void, undefined> {
    for (;;) {
      const page = scan(this.#cursor, pageLength);
      for (const entry of page) {
        if (!isTaken(entry) && !this.#isPutOff(entry.id)) yield entry;
        this.#cursor = entry;
      }
      if (page.length < pageLength) return;
    }
  }

  #isPutOff(id: MessageId): boolean {
    return this.#putOff?.has(id) === true;
  }

  #wakeLater(now: number): void {
    for (let first = this.#later[0]; first !== undefined && first.notBefore <= now; first = this.#later[0]) {
      this.#later.shift();
      this.#putOff?.delete(first.id);
      insert(this.#again, { dueAt: first.dueAt, id: first.id }, byDue);
    }
  }

  #firstAgain(isTaken: IsTaken): DueKey | undefined {
    const again = this.#again;
    while (again[0] !== undefined && isTaken(again[0])) again.shift();
    return again[0];
  }
}

function insert<Entry>(sorted: Entry[], entry: Entry, order: (a: Entry, b: Entry) => number): void {
  sorted.splice(placeFor(sorted, entry, order), 0, entry);
}

/** Behind all that come before the entry or equal it. */
function placeFor<Entry>(
  sorted: readonly Entry[],
  entry: Entry,
  order: (a: Entry, b: Entry) => number,
): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (order(sorted[middle] as Entry, entry) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
