/** From recorded instants to the wall clock, and what of it is counted. */
export class CountedTime {
  readonly #fromMs: number;
  readonly #toMs: number;
  /** Milliseconds from recorded instants to the wall clock; another one when that was set. */
  wallOffsetMs = 0;

  /** Wall clock. */
  constructor(fromMs: number, toMs: number) {
    this.#fromMs = fromMs;
    this.#toMs = toMs;
  }

  /** By the wall clock; undefined: what happens then is not counted. */
  at(nowMs: number): number | undefined {
    const at = nowMs + this.wallOffsetMs;
    return at >= this.#fromMs && at < this.#toMs ? at : undefined;
  }
}
