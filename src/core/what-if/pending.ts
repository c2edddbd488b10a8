/** What is to happen later, earliest first; at one instant by rank, then in the order in which it was set. A binary heap. */
export interface Due {
  readonly atMs: number;
  /** The lowest first; default: 0. */
  readonly rank?: number;
  readonly order: number;
}

export class Pending<Entry extends Due> {
  readonly #heap: Entry[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** Infinity: nothing is. */
  get nextMs(): number {
    return this.#heap[0]?.atMs ?? Infinity;
  }

  push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const other = heap[above] as Entry;
      if (isBefore(other, entry)) break;
      heap[at] = other;
      at = above;
    }
    heap[at] = entry;
  }

  /** Undefined: nothing is. */
  pop(): Entry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      const right = heap[below + 1];
      if (right !== undefined && isBefore(right, heap[below] as Entry)) below++;
      const other = heap[below] as Entry;
      if (isBefore(last, other)) break;
      heap[at] = other;
      at = below;
    }
    heap[at] = last;
    return first;
  }

  clear(): void {
    this.#heap.length = 0;
  }
}

function isBefore(a: Due, b: Due): boolean {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs;
  const [rankOfA, rankOfB] = [a.rank ?? 0, b.rank ?? 0];
  return rankOfA < rankOfB || (rankOfA === rankOfB && a.order < b.order);
}
