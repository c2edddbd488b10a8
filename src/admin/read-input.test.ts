/** A request that is not understood is told why in words of people, whatever checks it. */
import { expect, test } from "vitest";
import { operations } from "./contract.ts";
import { readInput } from "./read-input.ts";

const year = 366 * 86_400_000;

test.each<[keyof typeof operations, Record<string, unknown>, string]>([
  ["newReceiveConnector", { name: "In", learnMs: year + 1 }, "learnMs: must be 366d at most"],
  ["newReceiveConnector", { name: "In", learnMs: 1 }, "learnMs: must be 1m at least"],
  ["newReceiveConnector", { name: "In", learnMs: "7d" }, "learnMs: is not a number"],
  ["newReceiveConnector", { name: "n".repeat(300) }, "name: must have 64 characters at most"],
  ["newReceiveConnector", { name: "" }, "name: is empty"],
  ["newReceiveConnector", {}, "name: is missing"],
  [
    "getLimitAdvice",
    { from: "-025352-07-15T00:00:00.000Z" },
    "from: is no instant; write it like 2026-11-24T06:00:00Z",
  ],
  ["testReceiveConnector", { name: "In", variants: [] }, "variants: must have 1 entries at least"],
  [
    "testReceiveConnector",
    { name: "In", variants: Array.from({ length: 51 }, () => ({})) },
    "variants: must have 50 entries at most",
  ],
  ["testReceiveConnector", { name: "In", refusedClients: "maybe" }, "refusedClients: is none of gone, again"],
  ["testReceiveConnector", { name: "In", tries: 0 }, "tries: must be 1 at least"],
  [
    "testReceiveConnector",
    { name: "In", tries: 1001, odd: 1 },
    "odd: is not known here; tries: must be 1000 at most",
  ],
])("%s is told what is wrong with %j", (operation, given, message) => {
  expect(() => readInput(operations[operation].input, given)).toThrow(message);
});
