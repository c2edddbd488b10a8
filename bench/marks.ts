/** `--preset marks`: everything Weir is measured by, in one run. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Comparison, compare } from "./compare.ts";
import { loadOf } from "./loads.ts";
import { progress } from "./progress.ts";
import { runs } from "./runs/all.ts";
import type { Mark, Run, RunOptions, RunResult } from "./runs/run.ts";
import { comparisonText, marksText, runText } from "./tables.ts";

export interface Measured {
  readonly marks: readonly Mark[];
  readonly comparisons: readonly Comparison[];
  readonly runs: readonly RunResult[];
}

interface Asked {
  readonly load: string;
  /** Weir's end-to-end rate, as a multiple of each peer's. */
  readonly times: Readonly<Record<string, number>>;
  /** Percent of the tools back to back. */
  readonly ofTools?: number;
}

const asked: readonly Asked[] = [
  { load: "reuse", times: { postfix: 10, haraka: 8 }, ofTools: 40 },
  { load: "connect", times: { postfix: 5, haraka: 8 }, ofTools: 40 },
  { load: "1m", times: { postfix: 3 } },
];

/** Prints as it goes. What fails is a missed mark, and everything else is still measured. */
export async function runMarks(options: RunOptions): Promise<Measured> {
  const comparisons: Comparison[] = [];
  const results: RunResult[] = [];
  const marks: Mark[] = [];
  const since = performance.now();
  const attempt = async (name: string, work: () => Promise<readonly Mark[]>): Promise<void> => {
    const minutes = ((performance.now() - since) / 60_000).toFixed(1);
    progress(`marks: ${name} (${minutes} minutes so far)`);
    marks.push(
      ...(await work().catch((error: unknown) => [
        { name, required: "to be measured", measured: messageOf(error), met: false },
      ])),
    );
  };
  for (const each of asked) {
    await attempt(each.load, async () => {
      const kinds = options.peers.filter(({ name }) => name === "weir" || name in each.times);
      const { folder, rounds, messages } = options;
      const comparison = await compare(kinds, loadOf(each.load, messages), { folder, rounds });
      comparisons.push(comparison);
      console.log(`\n${comparisonText(comparison)}`);
      return ratiosOf(comparison, each);
    });
  }
  for (const run of runs.filter(({ isApart }) => isApart !== true)) {
    await attempt(run.name, async () => {
      const result = await runSpecial(run, options);
      results.push(result);
      console.log(`\n${runText(result)}`);
      return result.marks;
    });
  }
  console.log(`\n${marksText(marks)}`);
  return { marks, comparisons, runs: results };
}

/** In a folder of its own, which is gone afterwards. */
export async function runSpecial(run: Run, options: RunOptions): Promise<RunResult> {
  const missing = run.missing?.();
  if (missing !== undefined) throw new Error(`needs ${missing}`);
  const folder = join(options.folder, run.name);
  mkdirSync(folder);
  try {
    return await run.run({ ...options, folder });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function ratiosOf({ load, toolsPerSecond, peers }: Comparison, { times, ofTools }: Asked): readonly Mark[] {
  const rateOf = (name: string): number | undefined =>
    peers.find((peer) => peer.name === name)?.median.endToEndPerSecond;
  const weir = rateOf("weir") ?? NaN;
  const ratios = Object.entries(times).map(([name, least]): Mark => {
    const rate = rateOf(name);
    const mark = { name: `${load.name}: Weir to ${titleOf(name)}, end to end`, required: `≥ ${least} ×` };
    if (rate === undefined) return { ...mark, measured: `without ${name} (--peers)`, met: false };
    return { ...mark, measured: `${(weir / rate).toFixed(1)} ×`, met: weir / rate >= least };
  });
  if (ofTools === undefined) return ratios;
  const percent = (100 * weir) / toolsPerSecond;
  return [
    ...ratios,
    {
      name: `${load.name}: of smtp-source straight into smtp-sink`,
      required: `≥ ${ofTools} %`,
      measured: `${percent.toFixed(0)} %`,
      met: percent >= ofTools,
    },
  ];
}

const titleOf = (peer: string): string => `${peer.slice(0, 1).toUpperCase()}${peer.slice(1)}`;

const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n", 1)[0]?.slice(0, 200) ?? "";
