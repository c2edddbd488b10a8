/** Recipients of 24 hours that several count together: what all have used, and what this one has borrowed and not used. */
import { countIn, quarterOf, type RecipientsDay } from "./recipients-day.ts";

export class BorrowedDay {
  /** Used by all as far as is known here, and borrowed by others. */
  readonly day: RecipientsDay = new Map();
  private quarter = 0;
  private held = 0;
  private touchedAt = 0;

  /** Of whatever quarter. */
  get isHolding(): boolean {
    return this.held > 0;
  }

  /** Of the quarter of `now`. */
  heldAt(now: number): number {
    return this.quarter === quarterOf(now) ? this.held : 0;
  }

  /** So many of what is held are used. Returns what takes back those that were not after all. */
  use(recipients: number, now: number): (unreached: number) => void {
    const { quarter } = this;
    this.touchedAt = now;
    this.held -= recipients;
    countIn(this.day, quarter, recipients);
    return (unreached) => {
      countIn(this.day, quarter, -unreached);
      // Of a quarter that is over they stay counted: too many rather than too few.
      if (this.quarter === quarter) this.held += unreached;
    };
  }

  /** The answer to what was asked at `askedAt`: `day` has what all have used or borrowed, `granted` included. */
  given(granted: number, day: RecipientsDay, askedAt: number): void {
    const quarter = quarterOf(askedAt);
    // What was held of another quarter is given back by then, or counted as used.
    if (this.quarter !== quarter) this.held = 0;
    this.quarter = quarter;
    this.held += granted;
    this.day.clear();
    for (const [start, recipients] of day) this.day.set(start, recipients);
    countIn(this.day, quarter, -this.held);
  }

  /** What is to be given back: what is left of a quarter that is over, or that nobody used for so long. */
  takeIdle(
    now: number,
    idleMs: number,
  ): { readonly quarter: number; readonly recipients: number } | undefined {
    const { quarter, held: recipients } = this;
    const isIdle = quarter !== quarterOf(now) || now - this.touchedAt >= idleMs;
    if (recipients <= 0 || !isIdle) return undefined;
    this.held = 0;
    return { quarter, recipients };
  }
}
