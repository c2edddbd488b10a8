/**
 * Events that go out in one request. Those that are alike are one entry with a count; beyond some entries of one kind, and
 * some in all, events are counted only: a storm stays one small request.
 */
import type { BatchEntry, ToldEvent, UntoldEvents } from "./told-event.ts";

/** Of one event. */
export const mostOfAnEvent = 10;
export const mostEntries = 40;

export interface BatchContent {
  readonly entries: readonly BatchEntry[];
  readonly more: readonly UntoldEvents[];
}

/** As it is kept. */
export interface StoredBatch extends BatchContent {
  /** The same however often it is sent. */
  readonly id: string;
  /** Wall clock: its first event. */
  readonly sinceMs: number;
  readonly keys: readonly string[];
}

export class Batch {
  readonly id: string;
  readonly sinceMs: number;
  readonly #entries = new Map<string, BatchEntry>();
  readonly #more = new Map<string, UntoldEvents>();
  /** Entries by event. */
  readonly #kinds = new Map<string, number>();
  /** Nothing is added any more: it is, or was, on its way. */
  isSealed = false;
  /** What other nodes tell was taken out of it, or it may have been sent. */
  isClaimed = false;

  constructor(id: string, sinceMs: number) {
    this.id = id;
    this.sinceMs = sinceMs;
  }

  get entries(): readonly BatchEntry[] {
    return [...this.#entries.values()];
  }

  get more(): readonly UntoldEvents[] {
    return [...this.#more.values()];
  }

  /** Events it stands for. */
  get count(): number {
    return [...this.#entries.values(), ...this.#more.values()].reduce((sum, { count }) => sum + count, 0);
  }

  get isFull(): boolean {
    return this.#entries.size >= mostEntries;
  }

  /** Counts one that is alike. False: there is none. Cost: a look-up. */
  again(key: string, atMs: number): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    entry.count++;
    entry.lastAtMs = Math.max(entry.lastAtMs, atMs);
    return true;
  }

  /** Whether an entry of its own is left for an event of this name. */
  hasRoomFor(name: string): boolean {
    return !this.isFull && (this.#kinds.get(name) ?? 0) < mostOfAnEvent;
  }

  add(key: string, event: ToldEvent, atMs: number): void {
    this.#entries.set(key, { event, count: 1, firstAtMs: atMs, lastAtMs: atMs });
    this.#kinds.set(event.name, (this.#kinds.get(event.name) ?? 0) + 1);
  }

  /** Counts it only. */
  addUntold({ id, name }: { readonly id: number; readonly name: string }): void {
    const more = this.#more.get(name);
    if (more === undefined) this.#more.set(name, { id, name, count: 1 });
    else more.count++;
  }

  /** Under which key which event is told. */
  keys(): readonly (readonly [key: string, event: ToldEvent])[] {
    return Array.from(this.#entries, ([key, { event }]) => [key, event] as const);
  }

  /** Another tells it. */
  drop(key: string): void {
    const name = this.#entries.get(key)?.event.name;
    if (name === undefined) return;
    this.#entries.delete(key);
    this.#kinds.set(name, (this.#kinds.get(name) ?? 1) - 1);
  }

  stored(): StoredBatch {
    const { id, sinceMs, entries, more } = this;
    return { id, sinceMs, entries, more, keys: [...this.#entries.keys()] };
  }

  /** Throws where it is of another form. */
  static of({ id, sinceMs, entries, more, keys }: StoredBatch): Batch {
    if (typeof id !== "string" || typeof sinceMs !== "number") throw new TypeError("no batch of events");
    const batch = new Batch(id, sinceMs);
    for (const [at, entry] of entries.entries()) {
      batch.#entries.set(keys[at] ?? String(at), { ...entry });
      batch.#kinds.set(entry.event.name, (batch.#kinds.get(entry.event.name) ?? 0) + 1);
    }
    for (const untold of more) batch.#more.set(untold.name, { ...untold });
    return batch;
  }
}
