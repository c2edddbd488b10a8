import { describe, expect, test } from "vitest";
import { testClaim } from "../../testing/test-claim.ts";
import { suspendedDueAt, type RecipientChange } from "../spool.ts";
import {
  byDue,
  changedRecipients,
  contentFacts,
  dueRecipients,
  entriesOf,
  finishesAll,
  newRecipients,
  resubmittedRecipients,
  suspendedRecipients,
  type PlacedRecipient,
} from "./recipients.ts";

const at = (index: number, queue = "q", dueAt = 0): PlacedRecipient => ({
  index,
  attempts: 0,
  delayReported: false,
  queue,
  dueAt,
});
const places = (recipients: readonly PlacedRecipient[] | undefined) =>
  recipients?.map(({ index, queue, dueAt }) => `${index} ${queue} ${dueAt}`);

test("new ones stand in the submission queue, due at their arrival", () => {
  expect(newRecipients(2, 7)).toEqual([at(0, "", 7), at(1, "", 7)]);
  expect(newRecipients(0, 7)).toEqual([]);
});

test.each<[string, PlacedRecipient[], string[]]>([
  ["none", [], []],
  ["one queue, the earliest due", [at(0, "a", 5), at(1, "a", 3), at(2, "a", 4)], ["a 3"]],
  ["several, interleaved", [at(0, "a", 5), at(1, "b", 9), at(2, "a", 2), at(3, "b", 9)], ["a 2", "b 9"]],
])("entries of %s", (_, recipients, entries) => {
  expect(entriesOf(recipients).map(({ queue, dueAt }) => `${queue} ${dueAt}`)).toEqual(entries);
});

const done = (index: number): RecipientChange => ({ kind: "done", index });
const keep = (index: number, more: Partial<RecipientChange & { kind: "keep" }> = {}): RecipientChange => ({
  kind: "keep",
  index,
  attempts: 1,
  delayReported: true,
  queue: "q",
  dueAt: 9,
  ...more,
});

test.each<[string, PlacedRecipient[], RecipientChange[], boolean]>([
  ["all done", [at(0), at(3)], [done(0), done(3)], true],
  ["one left", [at(0), at(3)], [done(0)], false],
  ["one kept", [at(0), at(3)], [done(0), keep(3)], false],
  ["another than there is", [at(0), at(3)], [done(0), done(2)], false],
])("finishes all: %s", (_, recipients, changes, expected) => {
  expect(finishesAll(recipients, changes)).toBe(expected);
});

describe("changed recipients", () => {
  const held = testClaim({ recipients: ["a@x.test", "b@x.test"] });
  const change = (...changes: RecipientChange[]) => changedRecipients([at(0), at(1), at(2)], held, changes);

  test("done ones go, kept ones are as told, others stay", () => {
    expect(change(done(0), keep(1, { queue: "r", lastError: "450", unconfirmed: 2 }))).toEqual([
      {
        index: 1,
        attempts: 1,
        delayReported: true,
        queue: "r",
        dueAt: 9,
        lastError: "450",
        unconfirmed: 2,
      },
      at(2),
    ]);
    const [kept] = change(keep(0));
    expect(Object.keys(kept ?? {})).not.toContain("lastError");
    expect(Object.keys(kept ?? {})).not.toContain("unconfirmed");
    expect(places(change(keep(0, { dueAt: -5 })))?.[0]).toBe("0 q 0");
  });

  test.each<[string, RecipientChange[], RegExp]>([
    ["twice", [done(0), keep(0)], /0 is changed twice/],
    ["of another claim", [done(2)], /outside its claim/],
    ["due never to be compared", [keep(0, { dueAt: Number.NaN })], /due time/],
    ["in a queue that cannot be", [keep(0, { queue: "a\0b" })], /queue name/],
  ])("a change %s is a caller's mistake", (_, changes, message) => {
    expect(() => change(...changes)).toThrow(message);
  });
});

test("due ones, those of other queues and later ones aside", () => {
  const all = [at(0, "q", 5), at(1, "r", 5), at(2, "q", 6), at(3, "q", suspendedDueAt)];
  const state = (index: number) => ({ index, attempts: 0, delayReported: false });
  expect(dueRecipients(all, "q", 5)).toEqual([state(0)]);
  expect(dueRecipients(all, "q", 6)).toEqual([state(0), state(2)]);
  expect(dueRecipients(all, "q", Number.POSITIVE_INFINITY)).toEqual([
    state(0),
    state(2),
    { ...state(3), suspended: true },
  ]);
});

describe("suspended", () => {
  const all = [at(0, "q", 5), at(1, "r", 5), at(2, "q", suspendedDueAt)];
  test.each<[string, boolean, string[] | undefined]>([
    ["q", true, [`0 q ${suspendedDueAt}`, "1 r 5", `2 q ${suspendedDueAt}`]],
    ["q", false, ["0 q 5", "1 r 5", "2 q 77"]],
    ["r", false, undefined],
    ["s", true, undefined],
  ])("in %s: %s", (queue, suspended, expected) => {
    expect(places(suspendedRecipients(all, queue, suspended, 77))).toEqual(expected);
  });
});

describe("resubmitted", () => {
  const all = [at(0, "q", 5), at(1, "r", 5), at(2, "q", suspendedDueAt), at(3, "t", suspendedDueAt)];
  test.each<[string, boolean, string[] | undefined]>([
    ["q", false, ["0 to 77", "1 r 5", `2 q ${suspendedDueAt}`, `3 t ${suspendedDueAt}`]],
    ["q", true, ["0 to 77", "1 r 5", `2 to ${suspendedDueAt}`, `3 t ${suspendedDueAt}`]],
    ["t", false, undefined],
    ["s", true, undefined],
  ])("from %s, suspended too: %s", (queue, suspendedToo, expected) => {
    expect(places(resubmittedRecipients(all, queue, suspendedToo, 77, "to"))).toEqual(expected);
  });
});

describe("facts of a content", () => {
  test.each<[string, object]>([
    ["", { dotLines: 0, eightBit: false, endsWithCrlf: false }],
    ["a\r\n", { dotLines: 0, endsWithCrlf: true }],
    ["a\n", { endsWithCrlf: false }],
    ["a\r", { endsWithCrlf: false }],
    [".a\r\n.b\r\n..\r\nc.\r\n", { dotLines: 3 }],
    ["a\r\n.", { dotLines: 1 }],
    ["Subject: ü\r\n\r\na\r\n", { eightBit: true, headerEightBit: true, subject: "ü" }],
    ["Subject: u\r\n\r\nü\r\n", { eightBit: true, headerEightBit: false, subject: "u" }],
    ["Subject: u\r\nX: ü", { eightBit: true, headerEightBit: true }],
    ["Message-ID: <1@a>\r\n\r\n", { messageId: "<1@a>" }],
  ])("%j", (text, facts) => {
    expect(contentFacts(Buffer.from(text))).toMatchObject(facts);
  });

  test("only what is there is named", () => {
    expect(Object.keys(contentFacts(Buffer.from("a\r\n")))).toEqual(["dotLines", "eightBit", "endsWithCrlf"]);
  });
});

test("earliest due first, then by arrival", () => {
  const keys = [
    { dueAt: 2, id: 1 },
    { dueAt: 1, id: 9 },
    { dueAt: 1, id: 3 },
  ];
  expect(keys.toSorted(byDue).map(({ id }) => id)).toEqual([3, 9, 1]);
});
