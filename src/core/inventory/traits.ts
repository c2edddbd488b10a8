/** By which names a sender is known (HELO names, TLS versions, …): each with when and how often, and only so many. */

export const traitKinds = ["heloName", "tls", "mechanism", "door", "connector"] as const;
export type TraitKind = (typeof traitKinds)[number];

export interface Trait {
  readonly kind: TraitKind;
  readonly name: string;
  firstMs: number;
  lastMs: number;
  /** Messages that came with it. */
  count: number;
}

/** Of each kind. Whoever has more of them is told from others by none. */
const mostOfAKind = 16;

/** The one of that name, added where it is new; for one that finds no room the one that was not seen for longest is forgotten. */
export function traitOf(traits: Trait[], kind: TraitKind, name: string, atMs: number): Trait {
  let ofKind = 0;
  let oldest = -1;
  for (let index = 0; index < traits.length; index++) {
    const one = traits[index];
    if (one === undefined || one.kind !== kind) continue;
    if (one.name === name) return one;
    ofKind++;
    if (one.lastMs < (traits[oldest]?.lastMs ?? Infinity)) oldest = index;
  }
  const added: Trait = { kind, name, firstMs: atMs, lastMs: atMs, count: 0 };
  if (ofKind < mostOfAKind) traits.push(added);
  else traits[oldest] = added;
  return added;
}

/** The same names of several senders, each once. */
export function mergedTraits(lists: readonly (readonly Trait[])[]): Trait[] {
  if (lists.length === 1) return [...(lists[0] ?? [])];
  const merged = new Map<string, Trait>();
  for (const one of lists.flat()) {
    const key = `${one.kind}\n${one.name}`;
    const known = merged.get(key);
    if (known === undefined) {
      merged.set(key, { ...one });
      continue;
    }
    known.firstMs = Math.min(known.firstMs, one.firstMs);
    known.lastMs = Math.max(known.lastMs, one.lastMs);
    known.count += one.count;
  }
  return [...merged.values()];
}

/** The latest first. */
export function namesOf(traits: readonly Trait[], kind: TraitKind): readonly string[] {
  return traits
    .filter((one) => one.kind === kind)
    .toSorted((one, other) => other.lastMs - one.lastMs)
    .map(({ name }) => name);
}
