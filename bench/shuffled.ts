/** In an order by `random`, which is in [0, 1): whatever comes round every so often meets each of them as often, in the long run. */
export function shuffled<One>(all: readonly One[], random: () => number): readonly One[] {
  return all
    .map((one) => ({ one, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ one }) => one);
}
