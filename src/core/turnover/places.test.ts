import { expect, test } from "vitest";
import { Places, TurnoverMap } from "./places.ts";

const [a, b, c] = ["a", "b", "c"].map((name) => ({ name })) as [object, object, object];

test("things have places of their own, which are used again", () => {
  const places = new Places<object>();
  expect([a, b].map((item) => places.add(item))).toEqual([0, 1]);
  places.remove(0, a);
  expect([places.at(0), places.size, [...places]]).toEqual([undefined, 1, [b]]);
  expect(places.add(c)).toBe(0);
  places.put(1, a);
  expect([places.size, [...places]]).toEqual([2, [c, a]]);
});

test("what is removed while all are told is not told any more", () => {
  const places = new Places<object>();
  for (const item of [a, b, c]) places.add(item);
  const told: object[] = [];
  for (const item of places) {
    told.push(item);
    if (item === a) places.remove(1, b);
  }
  expect(told).toEqual([a, c]);
});

test("places of a crowd are given back when the last has gone", () => {
  const places = new Places<object>();
  const crowd = Array.from({ length: 2_000 }, () => ({}));
  const placeOf = crowd.map((item) => places.add(item));
  for (const [at, item] of crowd.entries()) places.remove(placeOf[at] ?? -1, item);
  expect([places.size, places.add(a), [...places]]).toEqual([0, 0, [a]]);
});

test("a map answers as a Map does", () => {
  const map = new TurnoverMap<string, object>();
  map.set("a", a);
  map.set("b", b);
  map.set("a", c);
  map.delete("b");
  map.delete("b");
  expect([map.size, map.get("a"), map.get("b"), [...map.values()]]).toEqual([1, c, undefined, [c]]);
  map.set("b", b);
  expect([map.size, map.get("b")]).toEqual([2, b]);
});

test("a place is given back by its owner alone: twice is once, and not when it is another's by now", () => {
  const places = new Places<object>();
  const place = places.add(a);
  places.remove(place, a);
  places.remove(place, a);
  expect([places.size, places.add(b), places.add(c)]).toEqual([0, 0, 1]);
  places.remove(place, a);
  expect([places.size, places.at(place)]).toEqual([2, b]);
});

test.each([1, 2, 3, 4])("by any sequence a map holds what a Map does (seed %i)", (seed) => {
  let state = seed;
  const random = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  const [model, map] = [new Map<number, object>(), new TurnoverMap<number, object>()];
  const keys = seed % 2 === 0 ? 3_000 : 20;
  for (let step = 0; step < 20_000; step++) {
    const key = Math.floor(random() * keys);
    // It fills and empties in turns.
    if (random() < (Math.floor(step / 4_000) % 2 === 0 ? 0.8 : 0.1)) {
      const value = { step };
      model.set(key, value);
      map.set(key, value);
    } else {
      model.delete(key);
      map.delete(key);
    }
    if (map.size !== model.size || map.get(key) !== model.get(key)) expect.fail(`differs at step ${step}`);
    if (step % 1_000 === 0) expect(new Set(map.values())).toEqual(new Set(model.values()));
  }
  for (const key of model.keys()) map.delete(key);
  expect([map.size, [...map.values()]]).toEqual([0, []]);
});
