import { describe, expect, test } from "vitest";
import { Backlog, UnroutedBacklog } from "./backlog.ts";

type Step = (backlog: Backlog) => unknown;
const now = 1000;
const anyTime = Number.MAX_SAFE_INTEGER;

const arrived: Step = (backlog) => backlog.arrived();
const tryAll =
  (entries: number): Step =>
  (backlog) =>
    backlog.tryAll(entries);
const owe =
  (entries: number): Step =>
  (backlog) =>
    backlog.oweTries(entries);
const begin: Step = (backlog) => backlog.beginClaim(now);
const claimed =
  (found: number, wanted: number): Step =>
  (backlog) =>
    backlog.claimed(found, wanted);
const failed: Step = (backlog) => backlog.claimFailed();

describe.each([
  ["of a queue", () => new Backlog()],
  ["unrouted", () => new UnroutedBacklog()],
])("a backlog %s", (_kind, make) => {
  test.each<[string, readonly Step[], { due: boolean; claiming: boolean; owesTries: boolean; upTo: number }]>(
    [
      ["nothing is known", [], { due: false, claiming: false, owesTries: false, upTo: now }],
      ["something is due", [arrived], { due: true, claiming: false, owesTries: false, upTo: now }],
      ["a claim begins", [arrived, begin], { due: false, claiming: true, owesTries: false, upTo: now }],
      [
        "more arrives meanwhile",
        [arrived, begin, arrived, claimed(0, 5)],
        { due: true, claiming: false, owesTries: false, upTo: now },
      ],
      [
        "there was some, so there may be more",
        [arrived, begin, claimed(2, 5)],
        { due: true, claiming: false, owesTries: false, upTo: now },
      ],
      [
        "there was none",
        [arrived, begin, claimed(0, 5)],
        { due: false, claiming: false, owesTries: false, upTo: now },
      ],
      [
        "the spool could not be read",
        [arrived, begin, failed],
        { due: false, claiming: false, owesTries: false, upTo: now },
      ],
      ["all are to be tried", [tryAll(7)], { due: true, claiming: false, owesTries: true, upTo: anyTime }],
      ["all of none", [tryAll(0)], { due: false, claiming: false, owesTries: false, upTo: now }],
      [
        "some of them are taken",
        [tryAll(7), begin, claimed(5, 5)],
        { due: true, claiming: false, owesTries: true, upTo: anyTime },
      ],
      [
        "all of them are taken",
        [tryAll(7), begin, claimed(5, 5), begin, claimed(2, 2)],
        { due: true, claiming: false, owesTries: false, upTo: now },
      ],
      [
        "fewer were left than were counted",
        [tryAll(7), begin, claimed(3, 5)],
        { due: true, claiming: false, owesTries: false, upTo: now },
      ],
      [
        "the spool could not be read for them",
        [tryAll(7), begin, failed],
        { due: false, claiming: false, owesTries: true, upTo: anyTime },
      ],
      ["one more is owed its try", [owe(1)], { due: true, claiming: false, owesTries: true, upTo: anyTime }],
      ["none is owed", [owe(0)], { due: false, claiming: false, owesTries: false, upTo: now }],
      [
        "they add up",
        [tryAll(1), owe(2), begin, claimed(2, 2)],
        { due: true, claiming: false, owesTries: true, upTo: anyTime },
      ],
    ],
  )("%s", (_why, steps, expected) => {
    const backlog = make();
    for (const step of steps) step(backlog);
    const { due, claiming, owesTries } = backlog;
    expect({ due, claiming, owesTries, upTo: backlog.beginClaim(now) }).toEqual(expected);
  });
});

const arrivedFor =
  (queue: string): Step =>
  (backlog) =>
    (backlog as UnroutedBacklog).arrivedFor(queue);

test.each<[string, readonly Step[], { due: boolean; a: boolean; b: boolean }]>([
  ["nothing", [], { due: false, a: false, b: false }],
  ["what found no room in a queue is for that one", [arrivedFor("a")], { due: true, a: true, b: false }],
  ["what waits unrouted is for any", [arrived], { due: true, a: true, b: true }],
  ["all are to be tried: for any", [tryAll(1)], { due: true, a: true, b: true }],
  ["none are to be tried", [tryAll(0)], { due: false, a: false, b: false }],
  ["some are owed a try: for any", [owe(1)], { due: true, a: true, b: true }],
  ["none are owed one", [owe(0)], { due: false, a: false, b: false }],
  ["a claim begins", [arrivedFor("a"), begin], { due: false, a: false, b: false }],
  ["what is left is for the same", [arrivedFor("a"), begin, claimed(1, 1)], { due: true, a: true, b: false }],
  ["what is left is for any, as before", [arrived, begin, claimed(1, 1)], { due: true, a: true, b: true }],
  ["nothing is left", [arrivedFor("a"), begin, claimed(0, 1)], { due: false, a: false, b: false }],
  [
    "nothing but what came meanwhile",
    [arrived, begin, arrivedFor("b"), claimed(0, 1)],
    { due: true, a: false, b: true },
  ],
  [
    "that and what is left",
    [arrivedFor("a"), begin, arrivedFor("b"), claimed(1, 1)],
    { due: true, a: true, b: true },
  ],
  [
    "what came after the claim stays with nothing of before",
    [arrived, begin, claimed(0, 1), arrivedFor("b"), begin, claimed(1, 1)],
    { due: true, a: false, b: true },
  ],
  ["it could not be read: for the same", [arrivedFor("a"), begin, failed], { due: false, a: true, b: false }],
])("mail that waits unrouted: %s", (_why, steps, expected) => {
  const backlog = new UnroutedBacklog();
  for (const step of steps) step(backlog);
  const { due } = backlog;
  expect({ due, a: backlog.mayBeFor("a"), b: backlog.mayBeFor("b") }).toEqual(expected);
});
