import { expect, test } from "vitest";
import { upkeepFaults } from "./database-upkeep.ts";

const held = (heldMs: number, who = "session 7") => ({ who, heldMs });

test.each([
  [[], [], []],
  [[held(59_999)], [{ table: "entry", dead: 100_000, live: 0 }], []],
  [[held(60_000)], [], ["the database has kept old rows for 1 min for session 7"]],
  [[held(60_000), held(600_000, "slot s")], [], ["the database has kept old rows for 10 min for slot s"]],
  [[], [{ table: "entry", dead: 100_001, live: 5_000 }], ["the table entry has 100001 rows that are gone"]],
  [[], [{ table: "entry", dead: 100_001, live: 5_001 }], []],
  [
    [],
    [
      { table: "entry", dead: 200_000, live: 1 },
      { table: "total", dead: 300_000, live: 1 },
    ],
    ["the table total has 300000"],
  ],
])("of %j and %j", (holders, tables, expected) => {
  const faults = upkeepFaults(holders, tables);
  expect(faults.map(({ text }) => text)).toEqual(
    expected.map((text) => expect.stringMatching(new RegExp(`^${text}\\b`)) as unknown),
  );
});
