import { describe, expect, test } from "vitest";
import { goalOf } from "./shared-places.ts";

const goals = (limit: number, wants: readonly number[], turn = 0, living = wants.length): number[] =>
  wants.map((wanted, id) =>
    goalOf(
      { id, wanted },
      wants.flatMap((other, at) => (at === id ? [] : [{ id: at, wanted: other }])),
      { limit, living, turn },
    ),
  );

describe("a limit divided among nodes", () => {
  test.each<[string, number, number[], number[]]>([
    ["all have what they want, and what is left is at hand", 20, [3, 5], [9, 11]],
    ["one alone wants more than there is", 20, [0, 50], [0, 20]],
    ["nobody more than they want while others want more", 20, [3, 50, 50], [3, 9, 8]],
    ["the same for all", 20, [20, 20], [10, 10]],
    ["nothing wanted", 20, [0, 0], [10, 10]],
    ["fewer places than nodes", 1, [5, 4, 9], [1, 0, 0]],
  ])("%s", (_, limit, wants, expected) => {
    expect(goals(limit, wants)).toEqual(expected);
  });

  test("what does not divide goes round", () => {
    const turns = [0, 1, 2].map((turn) => goals(1, [5, 4, 9], turn).indexOf(1));
    expect(new Set(turns)).toEqual(new Set([0, 1, 2]));
  });

  test("the sum is never above the limit, and all of it is given where it is wanted", () => {
    const wrong: unknown[] = [];
    for (let limit = 1; limit < 7; limit++)
      for (let a = 0; a < 8; a++)
        for (let b = 0; b < 8; b++)
          for (let c = 0; c < 8; c++) {
            const given = goals(limit, [a, b, c], a + b);
            const sum = given.reduce((total, one) => total + one, 0);
            if (sum > limit || (a + b + c >= limit && sum < limit)) wrong.push({ limit, a, b, c, given });
          }
    expect(wrong).toEqual([]);
  });
});
