/**
 * Connections to next hops that several nodes count together: each holds a share of a limit, and opens and closes within it
 * without asking anybody. The sum of what nodes hold is never above the limit.
 */
export interface PlacesAsk {
  /** Of the next hop. */
  readonly key: string;
  /** Of all nodes together. */
  readonly limit: number;
  /** What this node keeps until it has the answer: it has no more connections, nor opens any. */
  readonly held: number;
  /** What it has in use and what it would open now. With 0 held and 0 wanted the node is not counted any more. */
  readonly wanted: number;
}

export interface PlacesGiven {
  /** What it may have from now on. */
  readonly granted: number;
  /** What it is to come down to where that is less: others want it. */
  readonly goal: number;
}

export interface SharedConnections {
  /**
   * In the order of the asks, and keys that were not asked for of which others want more than there is. Rejects while nobody answers: what
   * is held stays held.
   */
  share(asks: readonly PlacesAsk[]): Promise<{
    readonly given: readonly PlacesGiven[];
    readonly contested: readonly string[];
  }>;
  /** Hears that others are about to count what this node holds as free. */
  onLost(listener: () => void): void;
}
