/**
 * The relay's outgoing connections, counted: maxOutboundConnections holds for those in use, idle ones, and those being
 * opened. Where it is reached idle ones give way, the waiting next hop's own first, then whichever has been idle longest.
 * Next hops that have not answered yet, and those that failed, have a part of them only: core/policy/outbound-share.
 */
import { mayHavePlace, standings, type Standing } from "../../../../core/policy/outbound-share.ts";

/** The connections to one next hop. */
export interface ConnectionHolder {
  /** When its longest idle connection began to be idle; undefined when none is. */
  readonly idleSince: number | undefined;
  /** Connections that have a place. */
  readonly held: number;
  /** Those in use, and those it would open now. */
  readonly wanted: number;
  /** As what it asks for a place now. */
  readonly standing: Standing;
  closeLongestIdle(): void;
  /** A place is free: `enter` may be asked again. */
  placeFreed(): void;
}

/** Places for connections. */
export interface ConnectionPlaces {
  /** Takes a place. False: there is none; `placeFreed` is called when there is. */
  enter(holder: ConnectionHolder): boolean;
  /** It has answered: its places count as those of any that do. */
  proved(holder: ConnectionHolder): void;
  /** Gives a place back. */
  leave(holder: ConnectionHolder): void;
  /** Somebody waits for a place, and none is about to be given back for him. */
  readonly isWanted: boolean;
  /** The holder does not wait any more, or is closed. */
  withdraw(holder: ConnectionHolder): void;
  /**
   * True when a connection of `holder` is to be given up for somebody who waits: an idle one for anybody else, one in
   * use for those who have fewer.
   */
  owes(holder: ConnectionHolder, idle: boolean): boolean;
  /** There are more than there may be any more, and this many of them are not about to be closed. */
  readonly surplus: number;
  /** True when a connection that has nothing to do is one of them: it is closed. */
  isSurplus(): boolean;
}

/** A place is to be had of two: the next hop's own, and the relay's. */
export class PlacesOfBoth implements ConnectionPlaces {
  private readonly near: ConnectionPlaces;
  private readonly far: ConnectionPlaces;
  private readonly left: () => void;

  /** `near`: is asked first, and gives back what `far` has no place for. `left`: is called behind `leave`. */
  constructor(near: ConnectionPlaces, far: ConnectionPlaces, left: () => void) {
    this.near = near;
    this.far = far;
    this.left = left;
  }

  enter(holder: ConnectionHolder): boolean {
    if (!this.near.enter(holder)) return false;
    if (this.far.enter(holder)) return true;
    this.near.leave(holder);
    return false;
  }

  proved(holder: ConnectionHolder): void {
    this.near.proved(holder);
    this.far.proved(holder);
  }

  leave(holder: ConnectionHolder): void {
    this.near.leave(holder);
    this.far.leave(holder);
    this.left();
  }

  get isWanted(): boolean {
    return this.near.isWanted || this.far.isWanted;
  }

  withdraw(holder: ConnectionHolder): void {
    this.near.withdraw(holder);
    this.far.withdraw(holder);
  }

  owes(holder: ConnectionHolder, idle: boolean): boolean {
    return this.near.owes(holder, idle) || this.far.owes(holder, idle);
  }

  get surplus(): number {
    return Math.max(this.near.surplus, this.far.surplus);
  }

  isSurplus(): boolean {
    return this.near.isSurplus() || this.far.isSurplus();
  }
}

export class OutboundConnections implements ConnectionPlaces {
  private readonly limit: () => number;
  private readonly refused: (() => void) | undefined;
  private readonly holders = new Set<ConnectionHolder>();
  /** Since when each waits, in order; by what it asks for a place as. */
  private readonly waiting: Readonly<Record<Standing, Map<ConnectionHolder, number>>> = {
    proven: new Map(),
    new: new Map(),
    failing: new Map(),
  };
  /** How many they are. Asked for several times with each message, where the sizes of three maps would cost more. */
  private waits = 0;
  /** Places that were taken by those who had proved nothing, and are theirs until they do. */
  private readonly unproven = new Map<ConnectionHolder, Record<"new" | "failing", number>>();
  private readonly taken: Record<Standing, number> = { proven: 0, new: 0, failing: 0 };
  private turn = 0;
  private isWaking = false;
  /** Places that are about to be given back. */
  private promised = 0;

  /** `limit` is asked each time, so that a changed setting counts at once. `refused`: somebody waits for a place. */
  constructor(limit: () => number, refused?: () => void) {
    this.limit = limit;
    this.refused = refused;
  }

  get open(): number {
    return this.taken.proven + this.taken.new + this.taken.failing;
  }

  /** Connections in use, and those that would be opened now. Cost: a look at each holder. */
  get wanted(): number {
    const all = new Set(this.holders);
    for (const standing of standings) for (const holder of this.waiting[standing].keys()) all.add(holder);
    let sum = 0;
    for (const { wanted } of all) sum += wanted;
    return sum;
  }

  get surplus(): number {
    return Math.max(0, this.open - this.promised - this.limit());
  }

  isSurplus(): boolean {
    if (this.surplus === 0) return false;
    this.promised++;
    return true;
  }

  /** Who waits is let in where there is more room now; where there is less, idle connections end, and others when they are done. */
  limitChanged(): void {
    for (let left = this.surplus; left > 0; left--) this.closeIdle();
    this.wake();
  }

  enter(holder: ConnectionHolder): boolean {
    const { standing } = holder;
    if (mayHavePlace(standing, this.taken, this.limit())) {
      this.taken[standing]++;
      if (standing !== "proven") {
        const own = this.unproven.get(holder) ?? { new: 0, failing: 0 };
        own[standing]++;
        this.unproven.set(holder, own);
      }
      this.holders.add(holder);
      return true;
    }
    if (!this.isWaiting(holder)) {
      this.waiting[standing].set(holder, this.turn++);
      this.waits++;
      if (this.open >= this.limit()) this.freePlace(holder);
    }
    this.refused?.();
    return false;
  }

  proved(holder: ConnectionHolder): void {
    for (const standing of ["new", "failing"] as const) {
      const since = this.waiting[standing].get(holder);
      if (since === undefined) continue;
      this.waiting[standing].delete(holder);
      this.waiting.proven.set(holder, since);
    }
    const own = this.unproven.get(holder);
    if (own === undefined) return;
    this.unproven.delete(holder);
    for (const standing of ["new", "failing"] as const) {
      this.taken[standing] -= own[standing];
      this.taken.proven += own[standing];
    }
    this.wake();
  }

  leave(holder: ConnectionHolder): void {
    const own = this.unproven.get(holder);
    const standing = own === undefined ? "proven" : own.failing > 0 ? "failing" : "new";
    this.taken[standing]--;
    if (own !== undefined && standing !== "proven") {
      own[standing]--;
      if (own.new + own.failing === 0) this.unproven.delete(holder);
    }
    if (this.promised > 0) this.promised--;
    if (holder.held === 0) this.holders.delete(holder);
    this.wake();
  }

  get isWanted(): boolean {
    return this.waits > this.promised;
  }

  withdraw(holder: ConnectionHolder): void {
    for (const standing of standings) if (this.waiting[standing].delete(holder)) this.waits--;
  }

  owes(holder: ConnectionHolder, idle: boolean): boolean {
    if (!this.isWanted) return false;
    const { held } = holder;
    const mayHaveIt = (other: ConnectionHolder): boolean =>
      other !== holder && (idle || other.held === 0 || other.held + 1 < held);
    for (const standing of standings) {
      if (!this.wouldHelp(standing)) continue;
      for (const other of this.waiting[standing].keys()) {
        if (!mayHaveIt(other)) continue;
        this.promised++;
        return true;
      }
    }
    return false;
  }

  private isWaiting(holder: ConnectionHolder): boolean {
    return standings.some((standing) => this.waiting[standing].has(holder));
  }

  /** One place less of the proven, and one of them could have it. */
  private wouldHelp(standing: Standing): boolean {
    return mayHavePlace(standing, { ...this.taken, proven: this.taken.proven - 1 }, this.limit());
  }

  private wake(): void {
    // Who is woken may give its place back at once, for want of another: the loop goes on to the next, and is not begun within itself.
    if (this.isWaking) return;
    this.isWaking = true;
    try {
      for (let next = this.nextWaiting(); next !== undefined; next = this.nextWaiting()) {
        this.withdraw(next);
        next.placeFreed();
      }
    } finally {
      this.isWaking = false;
    }
  }

  /** Who has waited longest of those who may have a place. */
  private nextWaiting(): ConnectionHolder | undefined {
    let next: readonly [ConnectionHolder, number] | undefined;
    for (const standing of standings) {
      const [first] = this.waiting[standing];
      if (first === undefined || !mayHavePlace(standing, this.taken, this.limit())) continue;
      if (next === undefined || first[1] < next[1]) next = first;
    }
    return next?.[0];
  }

  private freePlace(holder: ConnectionHolder): void {
    if (holder.idleSince === undefined) return this.closeIdle();
    this.promised++;
    holder.closeLongestIdle();
  }

  private closeIdle(): void {
    let longest: ConnectionHolder | undefined;
    for (const other of this.holders) {
      if (other.idleSince === undefined) continue;
      if (longest === undefined || other.idleSince < (longest.idleSince ?? Infinity)) longest = other;
    }
    if (longest === undefined) return;
    this.promised++;
    longest.closeLongestIdle();
  }
}
