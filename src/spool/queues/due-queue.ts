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

export interface DueQueue {
  /** Messages with an entry in this queue, claimed ones included. */
  messages: number;
  /** Entries that are being written: not yet to be found by a scan. */
  readonly pending: Map<MessageId, number>;
  /** How many entries are put off. */
  readonly putOff: number;
  /** An entry has become claimable: a claim ended, or its write is done. */
  add(entry: DueKey): void;
  /** An entry is claimable from `notBefore` on. */
  addLater(entry: DueKey, notBefore: number): void;
  /** Takes up to `limit` candidates due at `now`, earliest first; none when there are no more. */
  takeCandidates(now: number, limit: number, scan: ScanEntries, isTaken: IsTaken): DueKey[];
  /** When the earliest entry that nobody holds is due, those being written included. */
  nextDueAt(scan: ScanEntries, isTaken: IsTaken): number | undefined;
  /** Forgets the position: the next claim looks from the beginning. */
  rewind(): void;
  /** An entry is held or gone: what is remembered of its place does not hold any more. */
  forget(id: MessageId): void;
  /** An entry has another due time, or is gone. Cost: a search among those that came back behind the cursor. */
  remove(entry: DueKey): void;
}

interface LaterEntry extends DueKey {
  readonly notBefore: number;
}

export function dueQueue(): DueQueue {
  let cursor = before;
  let again: DueKey[] = [];
  let later: LaterEntry[] = [];
  const putOff = new Set<MessageId>();
  const pending = new Map<MessageId, number>();
  /** The first free entry behind the cursor when that was looked up; null when there was none. */
  let head: DueKey | null | undefined;

  /** Free entries from the cursor on, in order. The cursor moves over taken ones, and over those consumed. */
  function* free(
    scan: ScanEntries,
    isTaken: IsTaken,
    pageLength: number,
  ): Generator<DueKey, void, undefined> {
    for (;;) {
      const page = scan(cursor, pageLength);
      for (const entry of page) {
        if (!isTaken(entry) && !putOff.has(entry.id)) yield entry;
        cursor = entry;
      }
      if (page.length < pageLength) return;
    }
  }

  const wakeLater = (now: number) => {
    while (later[0] !== undefined && later[0].notBefore <= now) {
      const entry = later.shift() as LaterEntry;
      putOff.delete(entry.id);
      insert(again, { dueAt: entry.dueAt, id: entry.id }, byDue);
    }
  };

  const firstAgain = (isTaken: IsTaken): DueKey | undefined => {
    while (again[0] !== undefined && isTaken(again[0])) again.shift();
    return again[0];
  };

  const self: DueQueue = {
    messages: 0,
    pending,
    get putOff() {
      return later.length;
    },
    add(entry) {
      if (byDue(entry, cursor) > 0) {
        if (head === null || (head !== undefined && byDue(entry, head) < 0)) head = entry;
        return;
      }
      insert(again, entry, byDue);
      if (again.length > maxAgain) self.rewind();
    },
    addLater(entry, notBefore) {
      putOff.add(entry.id);
      insert(later, { ...entry, notBefore }, (a, b) => a.notBefore - b.notBefore || a.id - b.id);
    },
    takeCandidates(now, limit, scan, isTaken) {
      wakeLater(now);
      head = undefined;
      const taken: DueKey[] = [];
      const scanned = free(scan, isTaken, Math.min(limit + 1, scanPage));
      let other = scanned.next();
      while (taken.length < limit) {
        const one = firstAgain(isTaken);
        const fromScan = !other.done && (one === undefined || byDue(other.value, one) < 0);
        const next = fromScan ? other.value : one;
        if (!next || next.dueAt > now) break;
        taken.push(next);
        if (fromScan) other = scanned.next();
        else again.shift();
      }
      return taken;
    },
    nextDueAt(scan, isTaken) {
      if (head === undefined || (head !== null && (isTaken(head) || putOff.has(head.id)))) {
        const scanned = free(scan, isTaken, headPage).next();
        head = scanned.done ? null : scanned.value;
      }
      let due = head?.dueAt ?? Number.POSITIVE_INFINITY;
      due = Math.min(due, firstAgain(isTaken)?.dueAt ?? due, later[0]?.notBefore ?? due);
      for (const [id, dueAt] of pending) if (dueAt < due && !isTaken({ id, dueAt })) due = dueAt;
      return due === Number.POSITIVE_INFINITY ? undefined : due;
    },
    rewind() {
      cursor = before;
      again = [];
      head = undefined;
    },
    forget(id) {
      if (head?.id === id) head = undefined;
      if (putOff.delete(id)) later = later.filter((entry) => entry.id !== id);
    },
    remove(entry) {
      self.forget(entry.id);
      const end = placeFor(again, entry, byDue);
      for (let at = end - 1; at >= 0; at--) {
        if (byDue(again[at] as DueKey, entry) !== 0) return;
        again.splice(at, 1);
      }
    },
  };
  return self;
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
