/** The highest of something, for all worlds that saw the same; a world that once saw something else has one of its own. */
import { Highest } from "./highest.ts";

export class SharedPeak {
  readonly #all = new Highest();
  #own: (Highest | undefined)[] | undefined;
  /** What does not exceed it raises none. */
  least = 0;

  /** What follows may be different in this world. */
  split(world: number): Highest {
    const own = (this.#own ??= []);
    return (own[world] ??= this.#all.copy());
  }

  raise(value: number, at: number): void {
    this.#all.raise(value, at, "");
    for (const own of this.#own ?? []) own?.raise(value, at, "");
    this.#findLeast();
  }

  /** As `raise`, but not in worlds of `differs`, as bits, all of which were split. */
  raiseBut(differs: number, value: number, at: number): void {
    this.#all.raise(value, at, "");
    const own = this.#own ?? [];
    for (let world = 0; world < own.length; world++)
      if ((differs & (1 << world)) === 0) own[world]?.raise(value, at, "");
    this.#findLeast();
  }

  of(world: number): Highest {
    return this.#own?.[world] ?? this.#all;
  }

  #findLeast(): void {
    let least = this.#all.value;
    for (const own of this.#own ?? []) if (own !== undefined && own.value < least) least = own.value;
    this.least = least;
  }
}
