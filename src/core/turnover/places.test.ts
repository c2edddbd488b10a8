import { expect, test } from "vitest";
import { Places, TurnoverMap } from "./places.ts";

const [a, b, c] = ["a", "b", "c"].map((name) => ({ name })) as [object, object, object];

test("things have places of their own, which are used again", () => {
  const places = new Places<object>();
  expect([a, b].map((item) => places.add(item))).toEqual([0, 1]);
  places.remove(0);
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
    if (item === a) places.remove(1);
  }
  expect(told).toEqual([a, c]);
});

test("places of a crowd are given back when the last has gone", () => {
  const places = new Places<object>();
  const crowd = Array.from({ length: 2_000 }, () => places.add({}));
  for (const place of crowd) places.remove(place);
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
