/**
 * The relay's outgoing connections, counted: maxOutboundConnections holds for those in use, idle ones, and those being
 * opened. Where it is reached idle ones give way, the waiting next hop's own first, then whichever has been idle longest.
 */

/** The connections to one next hop. */
export interface ConnectionHolder {
  /** When its longest idle connection began to be idle; undefined when none is. */
  readonly idleSince: number | undefined;
  /** Connections that have a place. */
  readonly held: number;
  closeLongestIdle(): void;
  /** A place is free: `enter` may be asked again. */
  placeFreed(): void;
}

export class OutboundConnections {
  private readonly limit: () => number;
  private readonly holders = new Set<ConnectionHolder>();
  private waiting: ConnectionHolder[] = [];
  private count = 0;
  /** Places that are about to be given back. */
  private promised = 0;

  /** `limit` is asked each time, so that a changed setting counts at once. */
  constructor(limit: () => number) {
    this.limit = limit;
  }

  get open(): number {
    return this.count;
  }

  /** Takes a place. False: there is none; `placeFreed` is called when there is. */
  enter(holder: ConnectionHolder): boolean {
    if (this.count < this.limit()) {
      this.count++;
      this.holders.add(holder);
      return true;
    }
    if (!this.waiting.includes(holder)) {
      this.waiting.push(holder);
      this.freePlace(holder);
    }
    return false;
  }

  /** Gives a place back. */
  leave(holder: ConnectionHolder): void {
    this.count--;
    if (this.promised > 0) this.promised--;
    if (holder.held === 0) this.holders.delete(holder);
    this.wake();
  }

  /** The holder does not wait any more, or is closed. */
  withdraw(holder: ConnectionHolder): void {
    this.waiting = this.waiting.filter((each) => each !== holder);
  }

  /**
   * True when a connection of `holder` is to be given up for somebody who waits: an idle one for anybody else, one in
   * use for those who have fewer.
   */
  owes(holder: ConnectionHolder, idle: boolean): boolean {
    if (this.promised >= this.waiting.length) return false;
    const { held } = holder;
    const mayHaveIt = (other: ConnectionHolder): boolean =>
      other !== holder && (idle || other.held === 0 || other.held + 1 < held);
    if (!this.waiting.some(mayHaveIt)) return false;
    this.promised++;
    return true;
  }

  private wake(): void {
    while (this.count < this.limit()) {
      const next = this.waiting.shift();
      if (next === undefined) return;
      next.placeFreed();
    }
  }

  private freePlace(holder: ConnectionHolder): void {
    let longest = holder.idleSince === undefined ? undefined : holder;
    if (longest === undefined) {
      for (const other of this.holders) {
        if (other.idleSince === undefined) continue;
        if (longest === undefined || other.idleSince < (longest.idleSince ?? Infinity)) longest = other;
      }
    }
    if (longest === undefined) return;
    this.promised++;
    longest.closeLongestIdle();
  }
}
