/**
 * Whose turn it is: each application that waits gets one turn after the other, or as many as its weight, however much of its
 * mail waits. Source of the method: stride scheduling (Waldspurger and Weihl, 1995).
 */
export interface FairShares {
  /** The turn that each of those waiting is at. */
  readonly turns: Map<string, number>;
  /** The latest turn given. */
  now: number;
}

export function newShares(): FairShares {
  return { turns: new Map(), now: 0 };
}

/** It waits from now on: nothing is saved up from before, and a turn that it has just had counts. */
export function joins(shares: FairShares, application: string): void {
  shares.turns.set(application, Math.max(turnOf(shares, application), shares.now));
}

export function turnOf({ turns, now }: FairShares, application: string): number {
  return turns.get(application) ?? now;
}

/** `weight`: turns while another has one per unit. Forgets those whose turn is not ahead of the others': they would be next. */
export function hadTurn(shares: FairShares, application: string, weight: number): void {
  const turn = turnOf(shares, application);
  shares.now = Math.max(shares.now, turn);
  shares.turns.set(application, turn + 1 / weight);
  if (shares.turns.size <= mostRemembered) return;
  for (const [name, at] of shares.turns) if (at <= shares.now) shares.turns.delete(name);
}

const mostRemembered = 1000;
