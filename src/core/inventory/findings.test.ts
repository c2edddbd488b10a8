/** What is said of a party at one moment; known-truth.test.ts plays whole histories. */
import { describe, expect, test } from "vitest";
import { parseWeeklyHours } from "../units/weekly-hours.ts";
import { findingsOf, findingsOfSource, OpenFindings, type Finding, type JudgedAt } from "./findings.ts";
import type { Party } from "./parties.ts";
import { newSender, type Sender } from "./sender.ts";
import { traitOf } from "./traits.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** A Friday, noon. */
const nowMs = Date.UTC(2026, 10, 20, 12);
const at = (given: Partial<JudgedAt> = {}): JudgedAt => ({
  nowMs,
  sinceMs: nowMs - 100 * dayMs,
  outages: [],
  localOffsetMs: () => 0,
  ...given,
});
const sender = (source: string, ageMs: number, messages = 1): Sender => {
  const one = newSender(source, "", source, nowMs - ageMs);
  one.messages = messages;
  one.lastMs = nowMs;
  return one;
};
const known = { name: "ERP", owner: "it" };
const party = (senders: readonly Sender[], application: object | "none" = known): Party =>
  ({ application: application === "none" ? undefined : application, senders }) as unknown as Party;
const kinds = (found: readonly Finding[]): string[] => found.map(({ kind }) => kind);
/** So many messages in an hour of each day, from `from` to `to` days ago. */
function daily(one: Sender, from: number, to: number, messages: number, hour = 9): Sender {
  for (let ago = from; ago >= to; ago--) {
    const day = Math.floor(nowMs / dayMs) - ago;
    one.days.kept(day, 1, 1, 2 ** hour);
    one.days.add(day, "messages", messages - 1);
    one.days.raise(day, "highestHour", messages);
    one.hours.add(day * 24 + hour, "messages", messages);
  }
  return one;
}

test("nobody is nobody's finding", () => {
  expect(findingsOf(party([]), at())).toEqual([]);
});

describe("a new sender", () => {
  const weekMs = 7 * dayMs;
  test.each<[string, number, number, number, number, boolean]>([
    ["of today", hourMs, 100 * dayMs, 1, 0, true],
    ["of less than a week", weekMs - 1, 100 * dayMs, 1, 0, true],
    ["of a week", weekMs, 100 * dayMs, 1, 0, false],
    ["where a week is known before it", hourMs, hourMs + weekMs, 1, 0, true],
    ["where less is", hourMs, hourMs + weekMs - 1, 1, 0, false],
    ["that was refused three times", hourMs, 100 * dayMs, 0, 3, true],
    ["that was refused twice", hourMs, 100 * dayMs, 0, 2, false],
  ])("%s", (_, ageMs, knownMs, messages, refusals, is) => {
    const one = sender("10.0.0.1", ageMs, messages);
    one.refusals = refusals;
    const found = findingsOf(party([one], "none"), at({ sinceMs: nowMs - knownMs }));
    expect(kinds(found)).toEqual(is ? ["newSender"] : []);
  });

  test("is told with what it calls itself, and is none where an application has it", () => {
    const one = sender("10.0.0.1", hourMs, 5);
    one.refusals = 2;
    const judged = () => findingsOf(party([one], "none"), at());
    expect(judged()).toMatchObject([{ source: "10.0.0.1", application: undefined, sinceMs: nowMs - hourMs }]);
    expect(judged()[0]?.text).toMatch(/ application: 5 messages, 2 refusals$/);
    traitOf(one.traits, "heloName", "erp-1", 1);
    expect(judged()[0]?.text).toMatch(/calls itself erp-1: 5 messages/);
    expect(findingsOf(party([one]), at())).toEqual([]);
  });
});

describe("what never came back", () => {
  const losing = (source: string, attempts: number, firstMs: number, lastMs: number): Sender => {
    const one = sender(source, 50 * dayMs);
    one.lost = { attempts, firstMs, lastMs, kind: "messageTooLarge" };
    return one;
  };

  test("is told of all senders together, by the setting, with when", () => {
    const [a, b] = [
      losing("10.0.0.1", 2, nowMs - 2 * hourMs, nowMs - hourMs),
      losing("10.0.0.2", 3, nowMs - 3 * hourMs, nowMs - 90 * 60_000),
    ];
    const found = findingsOf(party([sender("10.0.0.9", 50 * dayMs), a, b]), at());
    expect(found).toMatchObject([
      {
        kind: "silentLoss",
        source: "10.0.0.1",
        application: "ERP",
        owner: "it",
        sinceMs: nowMs - 3 * hourMs,
      },
    ]);
    expect(found[0]?.text).toMatch(
      /at least 5 times \(maxMessageSize\) .* 2026-11-20 09:00 UTC to 2026-11-20 11:00 UTC:/,
    );
  });

  test("once is once, at its minute; a kind without a setting is called by its name", () => {
    const one = losing("10.0.0.1", 1, nowMs, nowMs);
    expect(findingsOf(party([one]), at())[0]?.text).toMatch(/at least once \(.*from, 2026-11-20 12:00 UTC:/);
    for (const kind of ["noConnector", "toString"]) {
      one.lost = { attempts: 1, firstMs: nowMs, lastMs: nowMs, kind };
      expect(findingsOf(party([one]), at())[0]?.text).toContain(kind === "toString" ? "(toString)" : "(");
    }
  });
});

describe("a silent sender", () => {
  test("by its rhythm: when it came last, and from when on it was expected", () => {
    const one = daily(sender("10.0.0.1", 60 * dayMs), 34, 3, 5);
    const [found] = findingsOf(party([one]), at());
    expect(found).toMatchObject({ kind: "silentSender", sinceMs: Date.UTC(2026, 10, 18, 8) });
    expect(found?.text).toMatch(
      /last came 2026-11-17 09:00 UTC, by its rhythm .* from 2026-11-18 08:00 UTC on$/,
    );
  });

  test("is not told of one that is known for less than a week, or of one that came", () => {
    expect(findingsOf(party([daily(sender("a", 6 * dayMs), 6, 3, 5)]), at())).toEqual([]);
    expect(findingsOf(party([daily(sender("a", 60 * dayMs), 34, 0, 5)]), at())).toEqual([]);
    // What the inventory knows begins later than the sender.
    const late = at({ sinceMs: nowMs - 6 * dayMs });
    expect(findingsOf(party([daily(sender("a", 60 * dayMs), 34, 3, 5)]), late)).toEqual([]);
  });

  test("by the hours that were set, once a day of it is known, and none of an outage", () => {
    const hours = parseWeeklyHours("Mon-Fri 08:00-10:00");
    if (!hours.ok) throw new Error(hours.message);
    const expected = { ...known, expectedHours: [hours.value] };
    const judged = (ageMs: number, given: Partial<JudgedAt> = {}) =>
      findingsOf(party([daily(sender("a", ageMs), 5, 3, 5)], expected), at(given));
    const nowHour = Math.floor(nowMs / hourMs);
    expect(judged(50 * dayMs)).toMatchObject([{ kind: "silentSender", sinceMs: Date.UTC(2026, 10, 20, 8) }]);
    expect(judged(50 * dayMs)[0]?.text).toMatch(
      /expected hours \(Mon-Fri 08:00-10:00\); the last came 2026-11-17 09:00/,
    );
    expect(judged(dayMs)).toHaveLength(1);
    expect(judged(dayMs - 1)).toEqual([]);
    expect(judged(50 * dayMs, { sinceMs: nowMs - dayMs + 1 })).toEqual([]);
    expect(judged(50 * dayMs, { outages: [{ fromHour: 0, toHour: nowHour - 23 }] })).toEqual([]);
    expect(judged(50 * dayMs, { outages: [{ fromHour: 0, toHour: nowHour - 24 }] })).toHaveLength(1);
  });
});

describe("an unusual volume", () => {
  const judged = (one: Sender, application: object = known) =>
    findingsOf(party([one], application), at()).filter(({ kind }) => kind === "unusualVolume");

  test("of an hour: this one, or the one before", () => {
    for (const hour of [11, 12]) {
      const one = daily(sender("a", 60 * dayMs), 20, 1, 20);
      daily(one, 0, 0, 200, hour);
      expect(judged(one)).toMatchObject([{ sinceMs: nowMs }]);
      expect(judged(one)[0]?.text).toMatch(/200 messages within an hour, 20 are usual in its busiest hour$/);
    }
    const early = daily(daily(sender("a", 60 * dayMs), 20, 1, 20), 0, 0, 200, 10);
    expect(judged(early)[0]?.text).toMatch(/200 messages today, 20 are usual a day$/);
  });

  test("of a day, by what was set", () => {
    const one = daily(daily(sender("a", 60 * dayMs), 20, 1, 20), 0, 0, 100, 9);
    expect(judged(one, { ...known, expectedVolumePerDay: 10 })[0]?.text).toMatch(
      /100 messages today, 10 are expected a day$/,
    );
    expect(judged(one, { ...known, expectedVolumePerDay: 11 })).toEqual([]);
  });
});

test("applications behind one address: who, since when, five of them by name", () => {
  const users = (count: number): Sender[] =>
    Array.from({ length: count }, (_, n) => {
      const one = newSender("10.0.0.1", `u${n}`, "10.0.0.1", nowMs - (n + 2) * dayMs);
      one.messages = 10;
      one.lastMessageMs = nowMs;
      return one;
    });
  expect(findingsOfSource("10.0.0.1", users(1), at())).toEqual([]);
  expect(findingsOfSource("10.0.0.1", users(5), at())).toMatchObject([
    {
      kind: "hiddenApplications",
      about: "source 10.0.0.1",
      who: "10.0.0.1",
      source: "10.0.0.1",
      sinceMs: nowMs - 6 * dayMs,
    },
  ]);
  const textOf = (count: number) => findingsOfSource("10.0.0.1", users(count), at())[0]?.text;
  expect(textOf(5)).toMatch(/hides 5 applications .* accounts \(u0, u1, u2, u3, u4\):/);
  expect(textOf(6)).toMatch(/hides 6 applications .* \(u0, u1, u2, u3, u4, …\):/);
});

test("a finding is told when it begins and when it is over, and keeps when it began", () => {
  const finding = (kind: Finding["kind"], about: string, sinceMs: number): Finding =>
    ({ kind, about, sinceMs, text: `${sinceMs}` }) as unknown as Finding;
  const open = new OpenFindings([finding("newSender", "a", 1)]);
  expect(open.judged("a", [finding("newSender", "a", 5), finding("silentLoss", "a", 6)])).toEqual({
    begun: [finding("silentLoss", "a", 6)],
    over: [],
  });
  open.judged("b", [finding("newSender", "b", 7)]);
  expect(open.all()).toHaveLength(3);
  expect(open.about("a")).toMatchObject([
    { kind: "newSender", sinceMs: 1, text: "5" },
    { kind: "silentLoss", sinceMs: 6 },
  ]);
  expect(open.judged("a", [finding("newSender", "a", 9)]).over).toMatchObject([
    { kind: "silentLoss", sinceMs: 6 },
  ]);
  expect(open.judged("a", [finding("newSender", "a", 9)])).toEqual({ begun: [], over: [] });
  expect(open.retain((about) => about === "a")).toMatchObject([{ about: "b" }]);
  expect(open.all()).toMatchObject([{ about: "a" }]);
});
