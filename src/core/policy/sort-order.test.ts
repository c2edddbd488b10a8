import { expect, test } from "vitest";
import { parseSortOrder } from "./sort-order.ts";

const bags = [{ Name: "b", Size: 2 }, { Name: "A", Size: 2 }, { Name: "c", Size: 10 }, { Name: "d" }];

function sorted(order: string): string | undefined {
  const parsed = parseSortOrder(order, ["Name", "Size"]);
  if (!parsed.ok) throw new Error(parsed.message);
  return (
    parsed.compare &&
    bags
      .toSorted(parsed.compare)
      .map(({ Name }) => Name)
      .join("")
  );
}

test.each<[string, string | undefined]>([
  ["Name", "Abcd"],
  ["-Size,-Name", "cbAd"],
  ["+name", "Abcd"],
  ["-NAME", "dcbA"],
  ["Size", "dbAc"],
  ["-Size", "cbAd"],
  ["Size,Name", "dAbc"],
  [" -size , -name ,", "cbAd"],
  ["", undefined],
  [" , ", undefined],
])("the order %j", (order, names) => {
  expect(sorted(order)).toBe(names);
});

test("what an object lacks comes first, wherever it stands", () => {
  const parsed = parseSortOrder("Size", ["Size"]);
  const compare = parsed.ok ? parsed.compare : undefined;
  expect([compare?.({}, { Size: 1 }), compare?.({ Size: 1 }, {}), compare?.({}, {})]).toEqual([-1, 1, 0]);
});

test.each(["Colour", "--Size", "Name,Colour"])("%s is refused with the names there are", (order) => {
  const parsed = parseSortOrder(order, ["Name", "Size"]);
  expect(parsed.ok ? "" : parsed.message).toContain("Name, Size");
});
