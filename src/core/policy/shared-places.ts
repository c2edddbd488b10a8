/** How a limit is divided among nodes that want parts of it: nobody gets more than they want while others want more. */

export interface Wish {
  /** Of a node. */
  readonly id: number;
  readonly wanted: number;
}

/**
 * What a node should have of `limit`. Where all have what they want, what is left is divided by `living`, so that a burst
 * finds something at hand. Where not, all get the same and nobody more than they want; places that do not divide go to
 * others with each `turn`, so that a limit below the number of nodes starves none. `others`: without `me`.
 */
export function goalOf(
  me: Wish,
  others: readonly Wish[],
  { limit, living, turn }: { readonly limit: number; readonly living: number; readonly turn: number },
): number {
  const all = [me, ...others]
    .map(({ id, wanted }) => ({ id, wanted: Math.min(wanted, limit) }))
    .filter(({ wanted }) => wanted > 0)
    .toSorted((one, other) => one.wanted - other.wanted || one.id - other.id);
  const mine = Math.min(me.wanted, limit);
  const sum = all.reduce((total, { wanted }) => total + wanted, 0);
  if (sum <= limit) return mine + Math.floor((limit - sum) / Math.max(1, living));
  let left = limit;
  for (const [at, { id, wanted }] of all.entries()) {
    const count = all.length - at;
    if (wanted * count <= left) {
      left -= wanted;
      if (id === me.id) return mine;
      continue;
    }
    const wanting = all.slice(at);
    if (!wanting.some((one) => one.id === me.id)) return 0;
    const rank = wanting.filter((one) => one.id < me.id).length;
    return Math.floor(left / count) + ((rank + turn) % count < left % count ? 1 : 0);
  }
  return mine;
}
