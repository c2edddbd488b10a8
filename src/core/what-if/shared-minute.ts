/**
 * Messages or connections of the last minute, for all worlds that have the same of them: one count as if nobody were
 * refused, and a count of its own for each world in which something came at another time, or not at all, within the last minute.
 */
import { SlidingMinute } from "../policy/sliding-minute.ts";

const minuteSeconds = 60;

interface OwnMinute {
  readonly minute: SlidingMinute;
  /** From then on it is the same as that of all. */
  untilSecond: number;
}

export class SharedMinute {
  readonly #all: SlidingMinute;
  #own: (OwnMinute | undefined)[] | undefined;
  #owners = 0;

  constructor(second: number) {
    this.#all = new SlidingMinute(second);
  }

  /** Whether any world has one of its own. */
  get isSplit(): boolean {
    return this.#owners > 0;
  }

  /** Of those that have none of their own. */
  totalAt(second: number): number {
    return this.#all.totalAt(second);
  }

  /** In all worlds that have none of their own; behind what single worlds do. */
  add(): void {
    this.#all.add();
  }

  hasOwn(world: number, second: number): boolean {
    const own = this.#own?.[world];
    if (own === undefined) return false;
    if (second < own.untilSecond) return true;
    if (this.#own !== undefined) this.#own[world] = undefined;
    this.#owners--;
    return false;
  }

  totalIn(world: number, second: number): number {
    return this.hasOwn(world, second)
      ? (this.#own?.[world]?.minute.totalAt(second) ?? 0)
      : this.#all.totalAt(second);
  }

  /** Behind `totalIn` with the same second. `isInStep`: all others add it too, behind this. */
  addIn(world: number, second: number, isInStep: boolean): void {
    if (!isInStep) this.#split(world, second).minute.add();
    else if (this.hasOwn(world, second)) this.#own?.[world]?.minute.add();
  }

  /** All others add one behind this. */
  misses(world: number, second: number): void {
    this.#split(world, second);
  }

  #split(world: number, second: number): OwnMinute {
    const all = (this.#own ??= []);
    let own = this.hasOwn(world, second) ? all[world] : undefined;
    if (own === undefined) {
      own = { minute: this.#all.copy(), untilSecond: 0 };
      own.minute.totalAt(second);
      all[world] = own;
      this.#owners++;
    }
    own.untilSecond = second + minuteSeconds;
    return own;
  }
}
