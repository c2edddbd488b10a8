/** Holding a session's replies back: what the next one waits for, and whether who leaves meanwhile is to blame. */
import type { Clock, Timer } from "../../ports/ports.ts";

/** Why a reply waits, for the protocol log; undefined: for what it says (tarpitInterval). */
export interface HeldReply {
  readonly delayMs: number;
  readonly dueTo: string | undefined;
}

export class Tarpit {
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #next: HeldReply | undefined;
  /** The wait is the relay's doing, not the client's. */
  #blameless = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A reply is being held back. */
  get isHolding(): boolean {
    return this.#timer !== undefined;
  }

  /** The next reply waits for `dueTo`, whatever it says. */
  holdNext(delayMs: number, dueTo: string): void {
    if (delayMs > 0) this.#next = { delayMs, dueTo };
  }

  /** Forgets and returns what `holdNext` asked for. */
  takeNext(): HeldReply | undefined {
    const next = this.#next;
    this.#next = undefined;
    return next;
  }

  /** Calls `then` after `delayMs`; `blameless`: who leaves before that keeps its good name. */
  hold(delayMs: number, blameless: boolean, then: () => void): void {
    this.#blameless = blameless;
    this.#timer = this.#clock.after(delayMs, () => {
      this.#timer = undefined;
      then();
    });
  }

  /** The client is gone. True: it left while a reply was held back that it had brought about itself. */
  leave(): boolean {
    if (this.#timer === undefined) return false;
    this.#timer.cancel();
    return !this.#blameless;
  }
}
