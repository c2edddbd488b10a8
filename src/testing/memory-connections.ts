/** Connections that nodes count together, in memory: the specification in executable form. */
import { goalOf } from "../core/policy/shared-places.ts";
import type { PlacesAsk, SharedConnections } from "../ports/shared-connections.ts";

export interface MemoryConnections {
  /** What a node sees of it. */
  node(): SharedConnections & { lose(): void };
  /** As a database that crashed before anything was on its disk. */
  forget(): void;
  /** What nodes hold of a key together. */
  held(key: string): number;
  /** Calls so far. */
  calls: number;
  /** Nobody answers. */
  isAway: boolean;
}

interface Row {
  readonly id: number;
  readonly held: number;
  readonly wanted: number;
  readonly lacks: boolean;
}

/** `turn`: whose are places that do not divide. */
export function createMemoryConnections(turn: () => number): MemoryConnections {
  const rows = new Map<string, Map<number, Row>>();
  let nodes = 0;
  const answered = (id: number, { key, limit, held, wanted }: PlacesAsk) => {
    const all = rows.get(key) ?? new Map<number, Row>();
    rows.set(key, all);
    all.delete(id);
    if (held === 0 && wanted === 0) return { granted: 0, goal: 0 };
    const others = [...all.values()];
    const goal = goalOf({ id, wanted }, others, { limit, living: nodes, turn: turn() });
    const taken = others.reduce((sum, other) => sum + other.held, 0);
    const granted = Math.max(0, Math.min(limit - taken, Math.max(held, goal)));
    all.set(id, { id, held: Math.max(held, granted), wanted, lacks: granted < Math.min(wanted, limit) });
    return { granted, goal };
  };
  const self: MemoryConnections = {
    calls: 0,
    isAway: false,
    forget: () => rows.clear(),
    held: (key) => [...(rows.get(key)?.values() ?? [])].reduce((sum, { held }) => sum + held, 0),
    node() {
      const id = ++nodes;
      const listeners: (() => void)[] = [];
      return {
        async share(asks) {
          self.calls++;
          await Promise.resolve();
          if (self.isAway) throw new Error("nobody answers");
          const given = asks.map((ask) => answered(id, ask));
          const contested = [...rows]
            .filter(([key, all]) => all.has(id) && !asks.some((ask) => ask.key === key))
            .filter(([, all]) => [...all.values()].some((row) => row.id !== id && row.lacks))
            .map(([key]) => key);
          return { given, contested };
        },
        onLost: (listener) => void listeners.push(listener),
        lose() {
          for (const all of rows.values()) all.delete(id);
          for (const listener of listeners) listener();
        },
      };
    },
  };
  return self;
}
