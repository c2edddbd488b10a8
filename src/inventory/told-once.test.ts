import { beforeEach, describe, expect, test } from "vitest";
import type { Finding } from "../core/inventory/findings.ts";
import type { SharedNotices, Verdict } from "../ports/shared-notices.ts";
import { createToldOnce, type ToldOnce } from "./told-once.ts";

const minuteMs = 60_000;
const finding = (about: string): Finding => ({
  kind: "silentSender",
  about,
  who: about,
  source: "10.0.0.1",
  sinceMs: 0,
  text: "is silent",
});

describe("findings of one of several nodes", () => {
  let asked: Parameters<SharedNotices["findings"]>[0][];
  let verdicts: Verdict[];
  let isAway: boolean;
  let told: ToldOnce;
  beforeEach(() => {
    [asked, verdicts, isAway] = [[], [], false];
    told = createToldOnce({
      findings(round) {
        asked.push(round);
        if (isAway) return Promise.reject(new Error("nobody answers"));
        return Promise.resolve({
          begun: round.begun.map((_, index) => verdicts[index] ?? "tell"),
          over: round.over.map(() => false),
        });
      },
      claim: () => Promise.reject(new Error("not asked")),
    });
  });

  const round = async (minute: number, begun: Finding[] = [], over: Finding[] = []) =>
    told({
      nowMs: minute * minuteMs,
      seen: begun.map(({ about }) => ({ who: about, firstMs: 0, lastMs: minuteMs })),
      begun,
      over,
    });

  test("that are not yet to be told are asked for again, with the patience of then, until they are, or are over", async () => {
    const [a, b] = [finding("a"), finding("b")];
    verdicts = ["notYet", "notYet"];
    expect(await round(10, [a, b])).toEqual({ begun: [], over: [] });
    verdicts = ["tell"];
    expect(await round(11, [], [b])).toEqual({ begun: [a], over: [] });
    expect(asked.at(-1)?.begun).toEqual([
      {
        key: "silentSender a",
        kind: "silentSender",
        who: "a",
        sinceMs: 0,
        lastMs: minuteMs,
        patienceMs: 9 * minuteMs,
      },
    ]);
    expect(asked.at(-1)?.over).toEqual(["silentSender b"]);
    // Nothing to say, nothing to ask.
    await round(12);
    expect(asked).toHaveLength(2);
  });

  test("are told by this one while nobody answers, and who was seen is told later", async () => {
    isAway = true;
    const a = finding("a");
    expect(await round(10, [a])).toEqual({ begun: [a], over: [] });
    isAway = false;
    await round(11);
    expect(asked.at(-1)?.seen).toEqual([{ who: "a", firstMs: 0, lastMs: minuteMs }]);
  });

  test("are all told where there is one relay", async () => {
    const a = finding("a");
    expect(await createToldOnce(undefined)({ nowMs: 1, seen: [], begun: [a], over: [a] })).toMatchObject({
      begun: [a],
      over: [a],
    });
  });
});
