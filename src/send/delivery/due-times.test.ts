import { expect, it } from "vitest";
import { createDueTimes } from "./due-times.ts";

it("gives names in the order of their times, each once, by its earliest", () => {
  const due = createDueTimes();
  for (const [name, at] of [
    ["b", 20],
    ["a", 10],
    ["c", 30],
    ["b", 25],
    ["c", 5],
  ] as const)
    due.add(name, at);
  expect([due.size, due.first]).toEqual([3, 5]);
  expect(due.take(4)).toEqual([]);
  expect(due.take(20)).toEqual(["c", "a", "b"]);
  expect([due.size, due.first, due.take(1000)]).toEqual([0, undefined, []]);
  due.add("c", 1);
  expect(due.take(1)).toEqual(["c"]);
});

it("is a sorted list, whatever is added and taken", () => {
  const due = createDueTimes();
  const model = new Map<string, number>();
  let state = 7;
  const next = (below: number): number => (state = (state * 16_807) % 2_147_483_647) % below;
  for (let round = 0; round < 5000; round++) {
    const name = `n${next(50)}`;
    const at = next(1000);
    due.add(name, at);
    model.set(name, Math.min(at, model.get(name) ?? Infinity));
    if (next(10) > 0) continue;
    const now = next(1000);
    const expected = [...model].filter(([, when]) => when <= now);
    const taken = due.take(now);
    expect(taken.map((one) => model.get(one))).toEqual(
      expected.map(([, when]) => when).sort((a, b) => a - b),
    );
    expect(new Set(taken)).toEqual(new Set(expected.map(([one]) => one)));
    for (const one of taken) model.delete(one);
    expect(due.first).toBe(model.size === 0 ? undefined : Math.min(...model.values()));
  }
});
