/** What of the bench needs no load. */
import { describe, expect, it } from "vitest";
import { bareEnvironment } from "../bench/bare-environment.ts";
import { quantilesOf } from "../bench/median.ts";
import { isAtMost, medianInterval } from "../bench/paired.ts";
import { readCounts } from "../bench/perf-counters.ts";
import { readOptions } from "../bench/options.ts";
import { between } from "../bench/between.ts";
import { countsIn } from "../bench/syncs.ts";
import { type Part, usualCosts } from "../bench/usual-cost.ts";
import { instructionsIn } from "../bench/instructions.ts";
import { shuffled } from "../bench/shuffled.ts";
import { seededRandom } from "./faults/random.ts";

const names = (list: readonly { readonly name: string }[]): readonly string[] => list.map(({ name }) => name);

it("what is measured starts without authorities that Node would read first", () => {
  expect(bareEnvironment({ NODE_EXTRA_CA_CERTS: "/ca.pem", PATH: "/bin" })).toEqual({ PATH: "/bin" });
});

describe("the usual cost of ways that one process takes in turn", () => {
  /** Negative: a full collection fell into that part. */
  const partsOf = (costs: readonly number[]): readonly Part[] =>
    costs.map((cost) => ({ cost: Math.abs(cost), hadCollection: cost < 0 }));
  const usual = (first: readonly number[], second: readonly number[]) =>
    Object.fromEntries(
      usualCosts(
        new Map([
          ["first", partsOf(first)],
          ["second", partsOf(second)],
        ]),
      ),
    );

  it("is what each way takes where nothing else happens", () => {
    expect(usual([10, 10, 10, 10], [11, 11, 11, 11])).toEqual({ first: 10, second: 11 });
  });

  it("says the same in whichever way's parts collections fall, and leaves none of them out", () => {
    const costs = { first: 12, second: 13 };
    expect(usual([10, 10, -18, -18], [11, 11, 11, 11])).toEqual(costs);
    expect(usual([10, 10, 10, 10], [11, -19, -19, 11])).toEqual(costs);
  });

  it("is the mean of the middle half: what few parts took beyond it counts for all ways alike", () => {
    expect(usual([9, 10, 11, 22], [11, 11, 11, 11])).toEqual({ first: 11.75, second: 12.25 });
  });

  it("is all that a way took that is alone", () => {
    expect(usualCosts(new Map([["only", partsOf([1, 2, -6])]]))).toEqual(new Map([["only", 3]]));
  });
});

it("reads how many instructions a thread took from what callgrind writes", () => {
  expect(instructionsIn("part: 5\nthread: 1\n\nevents: Ir\nsummary: 367055057\n\ntotals: 367058817\n")).toBe(
    367_055_057,
  );
  expect(instructionsIn("part: 5\n")).toBeNaN();
});

it("an order that is drawn has each of them once, and each comes first as often in the long run", () => {
  const random = seededRandom(1);
  const firsts = { a: 0, b: 0, c: 0 };
  for (let round = 0; round < 3000; round++) firsts[shuffled(["a", "b", "c"] as const, random)[0] ?? "a"]++;
  expect(shuffled(["a", "b", "c"], random).toSorted()).toEqual(["a", "b", "c"]);
  for (const count of Object.values(firsts)) expect(Math.abs(count - 1000)).toBeLessThan(100);
});

describe("the bench's command line", () => {
  it("compares Weir and Postfix on the usual loads", () => {
    const options = readOptions([]);
    expect(names(options.peers)).toEqual(["weir", "postfix"]);
    expect(options).toMatchObject({ loads: ["reuse", "connect"], runs: [], marks: false, messages: 5000 });
  });

  it("takes all peers and a million for the marks, and less when asked", () => {
    expect(readOptions(["--preset", "marks"])).toMatchObject({ marks: true, queued: [1_000_000] });
    expect(names(readOptions(["--preset", "marks"]).peers)).toEqual(["weir", "postfix", "haraka"]);
    expect(readOptions(["--preset", "marks", "--queued", "0,5000"])).toMatchObject({ queued: [0, 5000] });
  });

  it("measures Weir whatever the peers", () => {
    expect(names(readOptions(["--peers", "postfix"]).peers)).toEqual(["weir", "postfix"]);
  });

  it.each([
    [["--run", "sprint"], "there is no run sprint"],
    [["--peers", "weir,sendmail"], "there is no peer sendmail"],
    [["--preset", "all"], "there is no preset all"],
    [["--messages", "many"], "--messages is many; it must be a whole number from 1 to"],
    [["--rounds", "0"], "--rounds is 0; it must be a whole number from 1 to"],
    [["--queued", "10,-1"], "--queued is -1; it must be a whole number from 0 to"],
    [["--run", "idle", "--preset", "marks"], "exclude each other"],
    [["--sped"], "--sped"],
  ])("says what is wrong with %j", (args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });
});

it("puts the newest table between the markers of a page, and nowhere else", () => {
  const page = "before\n\n<!-- bench:begin -->\n\nold\n\n<!-- bench:end -->\n\nafter\n";
  expect(between(page, "bench", "new")).toBe(
    "before\n\n<!-- bench:begin -->\n\nnew\n\n<!-- bench:end -->\n\nafter\n",
  );
  expect(() => between("a page without", "bench", "new")).toThrow("bench:begin");
});

it("counts flushes in strace's log: those of any file, and the journal's writes", () => {
  const log = `101 fdatasync(23</data/spool/data.mdb>) = 0
102 pwrite64(24</data/spool/journal/0>, ""..., 8192, 4096 <unfinished ...>
103 pwrite64(23</data/spool/data.mdb>, ""..., 4096, 0) = 4096
102 <... pwrite64 resumed>) = 8192
102 pwrite64(25</data/spool/journal/1>, ""..., 4096, 0) = 4096
101 fsync(9</data/spool/bodies>) = 0
101 +++ exited with 0 +++`;
  expect(countsIn(log)).toEqual({ fdatasync: 1, fsync: 1, "pwrite64 with O_DSYNC": 2 });
});

it("finds the part that so many numbers do not exceed", () => {
  const at = quantilesOf([5, 1, 4, 2, 3]);
  expect([at(0), at(0.5), at(0.99), at(1)]).toEqual([1, 3, 5, 5]);
  expect(quantilesOf([])(0.5)).toBeNaN();
});

it.each<[number, number, number]>([
  // Of a table of the sign test: how many turns, and which of them bound the median with 95 %.
  [6, 1, 6],
  [8, 1, 8],
  [9, 2, 8],
  [15, 4, 12],
  [60, 22, 39],
])("has the median of %i turns between the %i. and the %i.", (count, low, high) => {
  const values = Array.from({ length: count }, (_, at) => count - at);
  expect(medianInterval(values)).toEqual({ low, high });
});

it("takes a mark as met or missed by the whole interval, and as not shown by five turns", () => {
  expect(medianInterval([1, 2, 3, 4, 5])).toEqual({ low: -Infinity, high: Infinity });
  expect(isAtMost({ low: 1, high: 3 }, 3)).toBe("met");
  expect(isAtMost({ low: 2, high: 3.1 }, 3)).toBe("not shown");
  expect(isAtMost({ low: 3.1, high: 4 }, 3)).toBe("missed");
  expect(isAtMost(medianInterval([]), 3)).toBe("not shown");
});

it("reads the counts of perf, without those that the machine cannot make", () => {
  const text =
    "<not supported>,,instructions:u,0,100.00,,\n29,,raw_syscalls:sys_enter,727310,100.00,39.9,K/sec\n";
  expect([...readCounts(text)]).toEqual([["raw_syscalls:sys_enter", 29]]);
});
