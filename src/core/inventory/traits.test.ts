import { expect, test } from "vitest";
import { mergedTraits, namesOf, traitOf, type Trait } from "./traits.ts";

const trait = (name: string, firstMs: number, lastMs: number, count = 1): Trait => ({
  kind: "heloName",
  name,
  firstMs,
  lastMs,
  count,
});

test("a name is there once, and known from when it came first", () => {
  const traits: Trait[] = [];
  const one = traitOf(traits, "tls", "a", 5);
  expect(one).toEqual({ kind: "tls", name: "a", firstMs: 5, lastMs: 5, count: 0 });
  expect(traitOf(traits, "tls", "a", 9)).toBe(one);
  expect(traitOf(traits, "door", "a", 9)).not.toBe(one);
  expect(traits).toHaveLength(2);
});

test("of each kind sixteen find room: the one that was not seen for longest goes", () => {
  const traits: Trait[] = [{ ...trait("x", 0, 0), kind: "tls" }];
  for (let n = 0; n < 16; n++) traitOf(traits, "heloName", `h${n}`, 100 - n);
  expect(namesOf(traits, "heloName")).toHaveLength(16);
  traitOf(traits, "heloName", "late", 200);
  expect(traits).toHaveLength(17);
  expect(namesOf(traits, "heloName")).toContain("late");
  expect(namesOf(traits, "heloName")).not.toContain("h15");
  expect(namesOf(traits, "tls")).toEqual(["x"]);
});

test("the latest first", () => {
  expect(namesOf([trait("a", 0, 1), trait("b", 0, 3), trait("c", 0, 2)], "heloName")).toEqual([
    "b",
    "c",
    "a",
  ]);
});

test("those of several senders are one each, and nobody's own change", () => {
  const one = trait("a", 5, 7, 2);
  const other = trait("a", 3, 9, 4);
  const list = [one];
  expect(mergedTraits([list, [other, trait("b", 1, 1)]])).toEqual([trait("a", 3, 9, 6), trait("b", 1, 1)]);
  expect(mergedTraits([[other], [one]])).toEqual([trait("a", 3, 9, 6)]);
  expect([one.count, other.count]).toEqual([2, 4]);
  expect(mergedTraits([list])).toEqual(list);
  expect(mergedTraits([list])).not.toBe(list);
  expect(mergedTraits([])).toEqual([]);
});
