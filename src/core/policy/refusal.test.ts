import { expect, test } from "vitest";
import { explain, referenceOf, type Refusal } from "./refusal.ts";

const refusal: Refusal = {
  connector: "AppRelay",
  limit: "maxInboundConnectionPerSource",
  configured: 20,
  allowed: 20,
  seen: 20,
  source: "10.0.0.1",
  eventId: 1021,
  reference: "R1",
};
const reply = { code: 421, status: "4.3.2", text: "Too many", close: true };

test.each<[Partial<Refusal>, string]>([
  [{}, "maxInboundConnectionPerSource 20"],
  [
    { limit: "maxInboundConnectionPercentagePerSource", configured: 2, allowed: 100 },
    "maxInboundConnectionPercentagePerSource 2% = 100",
  ],
])("%j is explained behind the usual text", (changes, limit) => {
  expect(explain(reply, { ...refusal, ...changes })).toEqual({
    ...reply,
    text: `Too many (AppRelay: ${limit}, source 10.0.0.1, event 1021, ref R1)`,
  });
});

test.each([
  [0, "0"],
  [9.9, "9"],
  [10, "A"],
  [31, "Z"],
  [32, "10"],
  [1023, "ZZ"],
  [1024, "100"],
  [0b10010_10011_10100_10101, "JKMN"],
])("reference %d is %s", (sequence, text) => {
  expect(referenceOf(sequence)).toBe(text);
});

test("no reference has letters that are read for digits", () => {
  const letters = new Set(Array.from({ length: 2_000 }, (_, n) => referenceOf(n)).join(""));
  expect([...letters].toSorted().join("")).toBe("0123456789ABCDEFGHJKMNPQRSTVWXYZ");
});
