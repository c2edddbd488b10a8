import { expect, test } from "vitest";
import { heldEntries, keyOf, withEntry, withOlder } from "../../console/src/pages/events/event-list.ts";

interface Entry {
  readonly server?: string;
  readonly sequence: number;
  readonly replaces?: number;
}
const entry = (server: string | undefined, sequence: number, replaces?: number): Entry => ({
  ...(server === undefined ? {} : { server }),
  sequence,
  ...(replaces === undefined ? {} : { replaces }),
});
const keys = (entries: readonly Entry[]) => entries.map(keyOf);

test.each<[string, readonly Entry[], Entry, readonly string[]]>([
  ["a new one on top", [entry("a", 1)], entry("a", 2), ["a 2", "a 1"]],
  ["the same number of another node", [entry("a", 1)], entry("b", 1), ["b 1", "a 1"]],
  ["the last word on one", [entry("a", 2), entry("a", 1)], entry("a", 3, 1), ["a 3", "a 2"]],
  ["the last word of another node", [entry("a", 1)], entry("b", 2, 1), ["b 2", "a 1"]],
  ["of one relay", [entry(undefined, 1)], entry(undefined, 2, 1), [" 2"]],
])("followed: %s", (_, held, one, expected) => expect(keys(withEntry(held, one))).toEqual(expected));

test.each<[string, readonly Entry[], readonly Entry[], readonly string[]]>([
  ["below what is held", [entry("a", 3)], [entry("a", 2), entry("b", 9)], ["a 3", "a 2", "b 9"]],
  ["once what came by the stream", [entry("a", 3)], [entry("a", 3), entry("b", 3)], ["a 3", "b 3"]],
  ["without what was replaced", [entry("a", 4, 2)], [entry("a", 2), entry("b", 2)], ["a 4", "b 2"]],
])("older: %s", (_, held, older, expected) => expect(keys(withOlder(held, older))).toEqual(expected));

test("no more are held than are shown", () => {
  const held = Array.from({ length: heldEntries }, (_, at) => entry("a", heldEntries - at));
  expect(withEntry(held, entry("b", 1))).toHaveLength(heldEntries);
  expect(withOlder(held, [entry("b", 1)])).toHaveLength(heldEntries);
});
