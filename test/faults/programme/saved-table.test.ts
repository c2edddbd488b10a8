import { expect, test } from "vitest";
import { merged, readSaved, savedText } from "./saved-table.ts";

const order = ["kill", "backup", "clock"];
const rowOf = (part: string, measured: string) => [part, "what", "3 times", "lost 0", measured, "held"];
const first = merged(
  { rows: [], runs: [] },
  [rowOf("kill", "old"), rowOf("", "control"), rowOf("clock", "old")],
  "`npm run faults -- --save`, seed 1",
  order,
);

test("what is saved is read as it was written, also when prettier has laid it out", () => {
  const laidOut = savedText(first).replaceAll(" | ", "    |  ").replaceAll("| --- ", "| -------- ");
  expect(readSaved(savedText(first))).toEqual(first);
  expect(readSaved(laidOut)).toEqual(first);
});

test("a part that is run again replaces its rows and no other's, in the order of the parts", () => {
  const again = merged(first, [rowOf("backup", "new"), rowOf("kill", "new")], "seed 2", order);
  expect(again.rows.map(([part, , , , measured]) => [part, measured])).toEqual([
    ["kill", "new"],
    ["backup", "new"],
    ["clock", "old"],
  ]);
  expect(again.runs).toEqual([
    { parts: ["clock"], by: "`npm run faults -- --save`, seed 1" },
    { parts: ["kill", "backup"], by: "seed 2" },
  ]);
});

test("a part that is none any more goes", () => {
  expect(merged(first, [rowOf("kill", "new")], "seed 2", ["kill"])).toEqual({
    rows: [rowOf("kill", "new")],
    runs: [{ parts: ["kill"], by: "seed 2" }],
  });
});
