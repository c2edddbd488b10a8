import { expect, test } from "vitest";
import { encodeReply, maxReplyLineBytes } from "../smtp/reply.ts";
import { explainedText, followingText } from "./explanation.ts";
import { refusedSize } from "./limit-refusals.ts";
import { referenceOf, type Refusal } from "./refusal.ts";

const refusal: Refusal = {
  kind: "connectionLimitPerSource",
  class: "connections",
  connector: "AppRelay",
  limit: "maxInboundConnectionPerSource",
  configured: 20,
  allowed: 20,
  seen: 20,
  problem: "",
  about: undefined,
  source: "10.0.0.1",
  eventId: 1021,
  reference: "R1",
};
const reply = { code: 421, status: "4.3.2", text: "Too many", close: true };

test.each<[Partial<Refusal>, string]>([
  [{}, "AppRelay: maxInboundConnectionPerSource 20"],
  [
    { limit: "maxInboundConnectionPercentagePerSource", configured: 2, allowed: 100 },
    "AppRelay: maxInboundConnectionPercentagePerSource 2% = 100",
  ],
  [
    { limit: "maxMessageSize", configured: 37_748_736, problem: "the message has 40 MB" },
    "AppRelay: maxMessageSize 36 MB, the message has 40 MB",
  ],
  [
    { limit: undefined, configured: undefined, problem: "anonymousRelay is off" },
    "AppRelay: anonymousRelay is off",
  ],
  [
    { connector: undefined, limit: undefined, problem: "no connector's remoteIpRanges hold it" },
    "no connector: no connector's remoteIpRanges hold it",
  ],
  [{ limit: undefined, configured: undefined, problem: "p".repeat(180) }, `AppRelay: ${"p".repeat(180)}`],
  [
    { limit: undefined, configured: undefined, problem: `q${"p".repeat(180)}` },
    `AppRelay: q${"p".repeat(179)}...`,
  ],
])("%j is explained behind the usual text", (changes, cause) => {
  expect(explainedText(reply, { ...refusal, ...changes })).toBe(
    `Too many (${cause}, source 10.0.0.1, event 1021, ref R1)`,
  );
});

test("however long its cause is, a reply's line holds the reference", () => {
  const text = explainedText(
    { text: "x".repeat(115) },
    { ...refusal, connector: "c".repeat(64), problem: "p".repeat(1_000) },
  );
  const line = encodeReply({ ...reply, text }, true);
  expect(line.length).toBeLessThanOrEqual(maxReplyLineBytes);
  expect(line).toMatch(/, ref R1\)\r\n$/);
});

test("what follows from an earlier refusal names that one", () => {
  expect(followingText({ text: "Need mail command" }, refusal)).toBe(
    "Need mail command (it follows from what was refused before: event 1021, ref R1)",
  );
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

test.each([
  ["messageTooLarge", true, "the message has 2 MB"],
  ["messageTooLarge", false, "the message had 2 MB and went on"],
  ["headerTooLarge", true, "the header has 2 MB"],
  ["headerTooLarge", false, "the header had 2 MB and went on"],
] as const)("%s, whole %s: %s", (kind, isWhole, detail) => {
  expect(refusedSize(kind, 2_097_152, 1_048_576, isWhole)).toMatchObject({
    refused: kind,
    configured: 1_048_576,
    seen: 2_097_152,
    detail,
  });
});
