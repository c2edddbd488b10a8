import { expect, test } from "vitest";
import { headroom, outlierText, ownReason, reasonText } from "./advice-text.ts";
import type { JudgedSource, UnlikeGroup } from "./judged-use.ts";
import type { LimitProposal } from "./limit-proposal.ts";
import type { Outlier } from "./source-verdict.ts";
import { verdictText, type AdvisedValue } from "./verdict-text.ts";

const proposal = (given: Partial<LimitProposal>): LimitProposal => ({
  limit: "maxInboundConnectionPerSource",
  current: 20,
  value: 20,
  change: "keep",
  need: 10,
  source: "10.0.0.1",
  day: Date.UTC(2026, 10, 2),
  usual: 4,
  growth: 0,
  ...given,
});
const text = (given: Partial<LimitProposal>, sources = 3, days = 14): string =>
  reasonText(proposal(given), { sources, days, nameOf: (source) => `App (${source})` });

const most = "App (10.0.0.1) had 10 connections at once on 2026-11-02, the most of 3 sources in 14 days";
const minutes = "(99.9 % of minutes: 4 or fewer)";
const all = "All sources together had 10 connections at once on 2026-11-02, the most in 14 days";
test.each<[string, Partial<LimitProposal>, string]>([
  ["kept", {}, `${most} ${minutes}; 20 leaves 100 % head-room.`],
  ["none used, kept", { need: 0 }, "Nobody had any in 14 days; 20 stays."],
  [
    "none used, lowered",
    { need: 0, value: 5, change: "lower" },
    "Nobody had any in 14 days; 5 is the least that is advised.",
  ],
  [
    "raised, for it refused",
    { current: 9, value: 15, change: "raise" },
    `${most} ${minutes}; 9 refuses that, 15 leaves 50 % head-room.`,
  ],
  [
    "raised, for it is all used",
    { current: 10, value: 15, change: "raise" },
    `${most} ${minutes}; 10 leaves no head-room, 15 leaves 50 % head-room.`,
  ],
  [
    "raised, for it is near",
    { current: 11, value: 15, change: "raise" },
    `${most} ${minutes}; 11 leaves 10 % head-room only, 15 leaves 50 % head-room.`,
  ],
  [
    "lowered",
    { current: 99, value: 15, change: "lower" },
    `${most} ${minutes}; with 99 one application gone wrong takes 99, 15 leaves 50 % head-room.`,
  ],
  [
    "lowered from no limit",
    { current: Infinity, value: 15, change: "lower" },
    `${most} ${minutes}; with unlimited one application gone wrong takes all there is, 15 leaves 50 % head-room.`,
  ],
  ["ten times that", { value: 110 }, `${most} ${minutes}; 110 leaves 11 times that.`],
  ["just less than ten times more", { value: 109 }, `${most} ${minutes}; 109 leaves 990 % head-room.`],
  [
    "with growth",
    { growth: 0.084 },
    `${most} ${minutes}; 20 leaves 100 % head-room; it grows by 8 % a week, 4 weeks of which are in it.`,
  ],
  [
    "without what is usual",
    { usual: undefined },
    `${most} (99.9 % of minutes: 10 or fewer); 20 leaves 100 % head-room.`,
  ],
  [
    "messages",
    { limit: "messageRateLimit" },
    `${most.replace("connections at once", "messages in a minute")} ${minutes}; 20 leaves 100 % head-room.`,
  ],
  [
    "all, kept",
    { limit: "maxInboundConnection" },
    `${all}; 20 leaves 100 % head-room. It protects the relay, so it is not lowered.`,
  ],
  [
    "all, unlimited",
    { limit: "maxInboundConnection", value: Infinity },
    `${all}; unlimited leaves all the room there is. It protects the relay, so it is not lowered.`,
  ],
  [
    "all, raised",
    { limit: "maxInboundConnection", current: 9, value: 15, change: "raise" },
    `${all}; 9 refuses that, 15 leaves 50 % head-room.`,
  ],
  [
    "all, raised, for it is all used",
    { limit: "maxInboundConnection", current: 10, value: 15, change: "raise" },
    `${all}; 10 leaves no head-room, 15 leaves 50 % head-room.`,
  ],
  ["all, none", { limit: "maxInboundConnection", need: 0 }, "Nobody was connected in 14 days."],
  [
    "a percentage that does",
    { limit: "maxInboundConnectionPercentagePerSource", value: 2 },
    "2 % of what others leave is 10 and more, so the limit per source decides.",
  ],
  [
    "a percentage that does not",
    { limit: "maxInboundConnectionPercentagePerSource", current: 2, value: 5, change: "raise" },
    "2 % of what others leave is fewer than the 10 that a source may have; with 5 % the limit per source decides.",
  ],
])("%s", (_, given, expected) => {
  expect(text(given)).toBe(expected);
});

test("one is one", () => {
  expect(text({}, 1, 1)).toContain("the most of 1 source in 1 day (");
});

test.each([
  [0, 5, Infinity],
  [10, 15, 0.5],
  [10, 10, 0],
  [10, 5, -0.5],
])("head-room of %s in %s", (need, value, room) => {
  expect(headroom(need, value)).toBe(room);
});

const outlier = (given: Partial<Outlier>): Outlier => ({
  kind: "leak",
  highest: 60,
  day: Date.UTC(2026, 10, 2),
  days: 1,
  usual: 3,
  usualDays: 12,
  idlePart: 0.986,
  meanLifeMs: 119_999,
  refused: 0,
  ...given,
});
const leak = (when: string, lasted: string): string =>
  `60 connections at once ${when}; 99 % of the time they were open nothing was sent, and they lasted ${lasted}: they look as if they were never closed (a leak)`;
test.each<[string, Partial<Outlier>, "open" | "messages", string]>([
  ["a leak", {}, "open", leak("on 2026-11-02, 3 at most on the 12 other days", "120 seconds")],
  [
    "a leak of days",
    { days: 3, usualDays: 1, meanLifeMs: 120_000 },
    "open",
    leak("on 2026-11-02, and the like on 3 days, 3 at most on the 1 other day", "2 minutes"),
  ],
  [
    "a leak of always",
    { usualDays: 0, meanLifeMs: 7_200_000 },
    "open",
    leak("on 2026-11-02, it was never otherwise", "2 hours"),
  ],
  [
    "a leak of nearly two hours",
    { meanLifeMs: 7_199_999 },
    "open",
    leak("on 2026-11-02, 3 at most on the 12 other days", "120 minutes"),
  ],
  [
    "a storm",
    { kind: "storm", refused: 400 },
    "open",
    "400 refused attempts without a pause on 2026-11-02, 3 at most on the 12 other days: the same clients again and again, not so many clients",
  ],
  [
    "a flood",
    { kind: "flood" },
    "messages",
    "60 messages in a minute on 2026-11-02, 3 at most on the 12 other days: a flood, not use",
  ],
])("why it is left out: %s", (_, given, by, expected) => {
  expect(outlierText(outlier(given), by)).toBe(expected);
});

const group = (
  heloNames: readonly string[],
  userCount: number,
  more: Partial<UnlikeGroup> = {},
): UnlikeGroup => ({
  application: "",
  sources: [{ use: { heloNames, heloNameCount: heloNames.length, userCount } } as unknown as JudgedSource],
  by: "open",
  need: 40,
  othersNeed: 3,
  ...more,
});
const own =
  "It needs 40 connections at once, the 2 other sources 3 at most: one limit for both would refuse it or stop none of the others.";
const nat = (what: string): string =>
  `${own} Behind the one address are ${what}: it may be a NAT gateway, and limits per source hit all behind it.`;
test.each<[string, UnlikeGroup, string]>([
  ["one name", group(["a"], 1), own],
  ["two names", group(["a", "b"], 1), nat("2 HELO names (a, b)")],
  ["four names", group(["a", "b", "c", "d"], 0), nat("4 HELO names (a, b, c, …)")],
  ["three names", group(["a", "b", "c"], 0), nat("3 HELO names (a, b, c)")],
  ["two accounts", group(["a"], 2), nat("2 accounts")],
  ["both", group(["a", "b"], 3), nat("2 HELO names (a, b) and 3 accounts")],
  [
    "several sources",
    group([], 0, { sources: [...group(["a", "b"], 2).sources, ...group(["c"], 2).sources] }),
    own,
  ],
  [
    "by messages",
    group(["a"], 0, { by: "messages" }),
    own.replace("connections at once", "messages a minute"),
  ],
])("a connector of its own: %s", (_, given, expected) => {
  expect(ownReason(given, 2)).toBe(expected);
});

test.each<[AdvisedValue, string]>([
  [{ change: "keep", current: 20, value: 20 }, "20 is right."],
  [{ change: "raise", current: 20, value: 40 }, "20 is too low; 40 is right."],
  [{ change: "lower", current: "unlimited", value: 40 }, "unlimited stops nobody; 40 is right."],
  // A runaway of 500 was stopped by it.
  [{ change: "lower", current: 200, value: 40 }, "200 is more than is needed; 40 is right."],
])("the verdict on %o", (advised, said) => expect(verdictText(advised)).toBe(said));
