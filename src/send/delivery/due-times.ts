/** Names and when each is due next, the earliest first: a heap, so that ten thousand of them cost no more than one. */
export interface DueTimes {
  readonly size: number;
  /** When the first is due; undefined: none is. */
  readonly first: number | undefined;
  /** A name that is due earlier already stays so. Cost: logarithmic. */
  add(name: string, at: number): void;
  /** Takes out all names that are due at `now`, earliest first. */
  take(now: number): string[];
}

interface Entry {
  readonly name: string;
  readonly at: number;
}

export function createDueTimes(): DueTimes {
  const heap: Entry[] = [];
  const earliest = new Map<string, number>();

  const rise = (entry: Entry): void => {
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Entry;
      if (above.at <= entry.at) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  };

  const takeFirst = (): void => {
    const last = heap.pop() as Entry;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (heap[child + 1] as Entry).at < (heap[child] as Entry).at) child++;
      if ((heap[child] as Entry).at >= last.at) break;
      heap[at] = heap[child] as Entry;
      at = child;
    }
    heap[at] = last;
  };

  /** The first that still holds: those whose name is due earlier by another entry, or was taken, do not. */
  const peek = (): Entry | undefined => {
    for (let [first] = heap; first !== undefined; [first] = heap) {
      if (earliest.get(first.name) === first.at) return first;
      takeFirst();
    }
    return undefined;
  };

  return {
    get size() {
      return earliest.size;
    },
    get first() {
      return peek()?.at;
    },
    add(name, at) {
      const known = earliest.get(name);
      if (known !== undefined && known <= at) return;
      earliest.set(name, at);
      rise({ name, at });
    },
    take(now) {
      const due: string[] = [];
      for (let first = peek(); first !== undefined && first.at <= now; first = peek()) {
        takeFirst();
        earliest.delete(first.name);
        due.push(first.name);
      }
      return due;
    },
  };
}
