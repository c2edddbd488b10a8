import { describe, expect, test } from "vitest";
import {
  isDueForRefresh,
  isInForce,
  kept,
  pauseAfter,
  policyStep,
  timesOf,
  type KeptPolicy,
} from "./kept-policy.ts";
import type { MtaStsPolicy } from "./policy.ts";

const dayMs = 86_400_000;
const policy: MtaStsPolicy = { mode: "enforce", mx: ["mx.test"], maxAgeS: 7 * 86_400, lines: [] };
const known = (given: Partial<KeptPolicy> = {}): KeptPolicy => ({ ...kept(policy, "1", 1_000), ...given });

test("a policy lasts for its max_age, some seconds at least", () => {
  expect(known()).toEqual({ policy, id: "1", fetchedAt: 1_000, until: 1_000 + 7 * dayMs });
  expect(kept({ ...policy, maxAgeS: 0 }, undefined, 1_000).until).toBe(6_000);
  expect(kept({ ...policy, maxAgeS: 6 }, undefined, 1_000).until).toBe(7_000);
});

test.each<[string, number, object]>([
  ["by the wall clock's lead", 500, { fetchedAt: 500, until: 1_500, isToCome: false }],
  ["an hour to come, yet", 500 + 3_600_000, { fetchedAt: 3_600_500, until: 3_601_500, isToCome: false }],
  ["later than that: from when it counts", 501 + 3_600_000, { fetchedAt: 77, until: 1_077, isToCome: true }],
])("times on disk: %s", (_, fetchedAt, times) => {
  const written = { fetchedAt: fetchedAt + 100, until: fetchedAt + 1_100 };
  expect(timesOf(written, 100, 500, 77)).toEqual(times);
});

test.each<[string, KeptPolicy | undefined, number, boolean]>([
  ["none", undefined, 0, false],
  ["before its end", known({ until: 10 }), 9, true],
  ["at its end", known({ until: 10 }), 10, false],
  ["one that asks for nothing", known({ policy: { ...policy, mode: "none" } }), 9, false],
])("in force: %s", (_, one, now, is) => {
  expect(isInForce(one, now)).toBe(is);
});

test.each([
  [7 * dayMs, dayMs, true],
  [7 * dayMs, dayMs - 1, false],
  [dayMs, dayMs / 2, true],
  [dayMs, dayMs / 2 - 1, false],
])("of %i ms, looked at anew after %i: %s", (lastsMs, afterMs, due) => {
  expect(isDueForRefresh(known({ fetchedAt: 5, until: 5 + lastsMs }), 5 + afterMs)).toBe(due);
});

describe("what is done", () => {
  const record = (id: string) => ({ kind: "record", id }) as const;
  const noMode = known({ policy: { ...policy, mode: "none" } });
  const end = known().until;
  test.each<[string, KeptPolicy | undefined, Parameters<typeof policyStep>[1], number, string]>([
    ["nothing is known, nor there", undefined, undefined, 2_000, "none"],
    ["a record of a new one", undefined, record("1"), 2_000, "fetch"],
    ["the same", known(), record("1"), 2_000, "keep"],
    ["another", known(), record("2"), 2_000, "fetch"],
    ["nobody knows", known(), undefined, 2_000, "keep"],
    ["a day later", known(), record("1"), 1_000 + dayMs, "refresh"],
    ["over, the record is there", known(), record("1"), end, "fetch"],
    ["over, and nobody knows", known(), undefined, end, "none"],
    ["none asked for", noMode, record("1"), 2_000, "none"],
    ["none asked for, till now", noMode, record("2"), 2_000, "fetch"],
  ])("%s", (_, one, now, at, step) => {
    expect(policyStep(one, now, at)).toBe(step);
  });
});

test("failures in a row are waited out, twice as long each, an hour at most", () => {
  expect([0, 1, 2, 3, 4, 5, 50].map((failures) => pauseAfter(failures) / 60_000)).toEqual([
    5, 5, 10, 20, 40, 60, 60,
  ]);
});
