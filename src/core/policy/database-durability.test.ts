import { expect, test } from "vitest";
import { durabilityFaults, type DatabaseFacts, type DurabilityBy } from "./database-durability.ts";

const well: DatabaseFacts = {
  fsync: true,
  fullPageWrites: true,
  standbyNames: "ANY 1 (*)",
  followers: 1,
  synchronous: 1,
};
const single = { standbyNames: "", followers: 0, synchronous: 0 };

test.each<[string, Partial<DatabaseFacts>, DurabilityBy, readonly string[]]>([
  ["as it should be", {}, "standby", []],
  ["what follows is not to be seen", { synchronous: undefined }, "standby", []],
  ["nothing follows, seen or not", { followers: 0, synchronous: undefined }, "standby", ["standbyAway"]],
  ["what follows is not waited for", { synchronous: 0 }, "standby", ["standbyAway"]],
  ["away, whoever keeps it", { followers: 0, synchronous: 0 }, "service", ["standbyAway"]],
  ["a single server", single, "standby", ["noStandby"]],
  ["a single server of a service", single, "service", []],
  ["an asynchronous standby", { ...single, followers: 1 }, "standby", ["noStandby"]],
  ["the same, not to be seen", { ...single, followers: 1, synchronous: undefined }, "standby", ["noStandby"]],
  ["no flushes", { fsync: false }, "standby", ["fsyncOff"]],
  ["torn pages", { fullPageWrites: false }, "service", ["fullPageWritesOff"]],
  [
    "all of it",
    { ...single, fsync: false, fullPageWrites: false },
    "standby",
    ["fsyncOff", "fullPageWritesOff", "noStandby"],
  ],
])("%s", (_, facts, by, codes) => {
  expect(durabilityFaults({ ...well, ...facts }, by).map(({ code }) => code)).toEqual(codes);
});

test("says which standby is waited for", () => {
  const [fault] = durabilityFaults({ ...well, standbyNames: "FIRST 1 (b, c)", synchronous: 0 }, "standby");
  expect(fault?.text).toContain("FIRST 1 (b, c)");
});
