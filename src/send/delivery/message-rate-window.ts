/** Messages a second over the last minute (Exchange: IncomingRate, OutgoingRate). */

const windowSeconds = 60;
const secondMs = 1000;

/** Of ten thousand queues most wait: what is kept are the seconds in which something was counted, sixty at most. */
export class RateWindow {
  /** Second and count in turn, the earliest first. Undefined: nothing was counted. */
  #counted: number[] | undefined;

  /** Counts one. Cost: a comparison, in a second that is new a few. */
  add(now: number): void {
    const second = Math.floor(now / secondMs);
    const counted = this.#counted;
    if (counted === undefined) {
      this.#counted = [second, 1];
      return;
    }
    const last = counted.length - 2;
    // A clock that went back counts for the last second.
    if (second <= (counted[last] ?? 0)) {
      counted[last + 1] = (counted[last + 1] ?? 0) + 1;
      return;
    }
    this.#forget(counted, second);
    counted.push(second, 1);
  }

  /** Average over the last minute. */
  perSecond(now: number): number {
    const counted = this.#counted;
    if (counted === undefined) return 0;
    this.#forget(counted, Math.floor(now / secondMs));
    if (counted.length === 0) this.#counted = undefined;
    let total = 0;
    for (let at = 1; at < counted.length; at += 2) total += counted[at] ?? 0;
    return total / windowSeconds;
  }

  #forget(counted: number[], second: number): void {
    let old = 0;
    while (old < counted.length && (counted[old] ?? 0) <= second - windowSeconds) old += 2;
    if (old > 0) counted.splice(0, old);
  }
}
