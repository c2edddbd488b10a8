/** What `src/ports/shared-connections.ts` promises, for every implementation. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { goalOf } from "../../src/core/policy/shared-places.ts";
import type { SharedConnections } from "../../src/ports/shared-connections.ts";
import { seededRandom } from "../faults/random.ts";

export interface TestedConnections {
  /** By number, lower ones came first. */
  readonly nodes: readonly [SharedConnections, SharedConnections, SharedConnections];
  end(): Promise<void>;
}

/** `turn`: whose are places that do not divide. */
export function describeConnections(
  name: string,
  open: (turn: () => number) => Promise<TestedConnections>,
): void {
  describe(name, () => {
    let turn = 0;
    let tested: TestedConnections;
    beforeEach(async () => {
      turn = 0;
      tested = await open(() => turn);
    });
    afterEach(() => tested.end());

    const ask = async (node: 0 | 1 | 2, held: number, wanted: number, limit = 20, key = "k") => {
      const { given, contested } = await tested.nodes[node].share([{ key, limit, held, wanted }]);
      return { ...given[0], contested };
    };

    test("who is alone has what is wanted and a part of the rest, and what is given counts at once", async () => {
      expect(await ask(0, 0, 2)).toEqual({ granted: 8, goal: 8, contested: [] });
      expect(await ask(1, 0, 20)).toEqual({ granted: 12, goal: 18, contested: [] });
      expect(await ask(2, 0, 1)).toEqual({ granted: 0, goal: 1, contested: [] });
    });

    test("who has more than others leave hears of it without asking, and what it lets go is theirs", async () => {
      await ask(0, 0, 20);
      expect(await ask(1, 0, 20)).toMatchObject({ granted: 0, goal: 10 });
      expect(await tested.nodes[0].share([])).toEqual({ given: [], contested: ["k"] });
      // It still has twelve.
      expect(await ask(0, 12, 20)).toMatchObject({ granted: 12, goal: 10 });
      expect(await ask(1, 0, 20)).toMatchObject({ granted: 8, goal: 10 });
      expect(await ask(0, 10, 20)).toMatchObject({ granted: 10, goal: 10 });
      expect(await ask(1, 8, 20)).toMatchObject({ granted: 10, goal: 10 });
      expect(await tested.nodes[0].share([])).toEqual({ given: [], contested: ["k"] });
      await ask(1, 0, 0);
      expect(await ask(0, 10, 20)).toMatchObject({ granted: 20, goal: 20, contested: [] });
    });

    test("what a node says it has counts, though it be too much; a lower limit is come down to", async () => {
      await ask(0, 0, 20);
      expect(await ask(0, 15, 15, 10)).toMatchObject({ granted: 10, goal: 10 });
      expect(await ask(1, 0, 5, 20)).toMatchObject({ granted: 5 });
      expect(await ask(2, 0, 5, 20)).toMatchObject({ granted: 0 });
    });

    test("random asks of three nodes: never more than the limit, and by the rule", async () => {
      const random = seededRandom(7);
      const upTo = (most: number): number => Math.floor(random() * (most + 1));
      const limit = 7;
      const has = [0, 0, 0];
      const wants = [0, 0, 0];
      for (let step = 0; step < 300; step++) {
        turn = upTo(5);
        const node = upTo(2) as 0 | 1 | 2;
        // It lets go of some, or of none.
        const held = upTo(has[node] ?? 0);
        const wanted = upTo(9);
        const given = await ask(node, held, wanted, limit, "random");
        wants[node] = wanted;
        has[node] = held === 0 && wanted === 0 ? 0 : Math.max(held, given.granted ?? 0);
        expect(has.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(limit);
        if (held === 0 && wanted === 0) continue;
        const others = wants.flatMap((want, id) => (id === node ? [] : [{ id, wanted: want }]));
        expect(given.goal).toBe(goalOf({ id: node, wanted }, others, { limit, living: 3, turn }));
      }
    });
  });
}
