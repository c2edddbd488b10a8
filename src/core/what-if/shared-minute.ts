/**
 * Messages or connections of the last minute, for all worlds that have the same of them: one count as if nobody were
 * refused, and for each world in which something came at another time, or not at all, what it missed of that and what it
 * had beside it. When that is older than a minute, the world is as all others.
 */
import { SlidingMinute } from "../policy/sliding-minute.ts";

/** Minutes that are used again, of one group. Forgets those that are over. */
export class SpareMinutes {
  #spare: SlidingMinute[] = [];
  readonly #split = new Set<SharedMinute>();
  #sweptAt = 0;

  take(second: number): SlidingMinute {
    const minute = this.#spare.pop();
    if (minute === undefined) return new SlidingMinute(second);
    minute.totalAt(second);
    return minute;
  }

  /** Nothing is counted in it any more. */
  give(minute: SlidingMinute | undefined): void {
    if (minute !== undefined) this.#spare.push(minute);
  }

  isSplit(minute: SharedMinute): void {
    this.#split.add(minute);
  }

  /** Once a minute or so, lest memory hold what nobody asks for any more. */
  sweep(second: number): void {
    if (second < this.#sweptAt + 60) return;
    this.#sweptAt = second;
    for (const minute of this.#split) if (minute.splitAt(second) === 0) this.#split.delete(minute);
  }

  /** Time may go back behind it. */
  clear(): void {
    this.#spare = [];
    this.#split.clear();
    this.#sweptAt = 0;
  }
}

export class SharedMinute {
  readonly #all: SlidingMinute;
  readonly #spare: SpareMinutes;
  /** Worlds, as bits, that missed something, or had something beside all others. */
  #split = 0;
  #missed: (SlidingMinute | undefined)[] | undefined;
  #beside: (SlidingMinute | undefined)[] | undefined;

  constructor(second: number, spare: SpareMinutes) {
    this.#all = new SlidingMinute(second);
    this.#spare = spare;
  }

  /** Whether any world may have a count of its own. */
  get isSplit(): boolean {
    return this.#split !== 0;
  }

  /** Worlds, as bits, that have a count of their own. */
  splitAt(second: number): number {
    for (let left = this.#split; left !== 0; left &= left - 1)
      this.hasOwn(31 - Math.clz32(left & -left), second);
    return this.#split;
  }

  /** Of those that have none of their own. */
  totalAt(second: number): number {
    return this.#all.totalAt(second);
  }

  /** In all worlds; behind what single worlds do. */
  add(): void {
    this.#all.add();
  }

  hasOwn(world: number, second: number): boolean {
    const bit = 1 << world;
    if ((this.#split & bit) === 0) return false;
    const missed = this.#missed?.[world];
    const beside = this.#beside?.[world];
    if (missed !== undefined && missed.totalAt(second) > 0) return true;
    if (beside !== undefined && beside.totalAt(second) > 0) return true;
    this.#split &= ~bit;
    if (missed !== undefined && this.#missed !== undefined) this.#missed[world] = undefined;
    if (beside !== undefined && this.#beside !== undefined) this.#beside[world] = undefined;
    this.#spare.give(missed);
    this.#spare.give(beside);
    return false;
  }

  totalIn(world: number, second: number): number {
    const all = this.#all.totalAt(second);
    if ((this.#split & (1 << world)) === 0) return all;
    return all - totalOf(this.#missed?.[world], second) + totalOf(this.#beside?.[world], second);
  }

  /** Behind `totalIn` with the same second. `isInStep`: all others add it too, behind this. */
  addIn(world: number, second: number, isInStep: boolean): void {
    if (!isInStep) this.#count((this.#beside ??= []), world, second);
  }

  /** All others add one behind this. */
  misses(world: number, second: number): void {
    this.#count((this.#missed ??= []), world, second);
  }

  #count(minutes: (SlidingMinute | undefined)[], world: number, second: number): void {
    if (this.#split === 0) this.#spare.isSplit(this);
    this.#split |= 1 << world;
    const minute = (minutes[world] ??= this.#spare.take(second));
    minute.totalAt(second);
    minute.add();
  }
}

function totalOf(minute: SlidingMinute | undefined, second: number): number {
  return minute === undefined ? 0 : minute.totalAt(second);
}
