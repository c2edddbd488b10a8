/** The command line of `npm run mutants`. */
import { parseArgs } from "node:util";

export const usualFolders = [
  "src/core",
  "src/spool",
  "src/receive",
  "src/send",
  "src/config",
  "src/tracking",
];

export const help = `Usage: npm run mutants -- [options]

Asks whether the tests can fail: changes one token at a random place of the sources, runs the tests that reach the file,
the nearest by imports first, and stops at the first failure. A mutant that no test notices has survived: either a test
is missing, or the code does nothing there and can go. Works on copies in TMPDIR, never on the checkout.

Options:
  --sample N       so many mutants (default: 60)
  --only LIST      these files and folders, separated by commas; FILE:LINE for all mutants of a line
                   (default: ${usualFolders.join(",")})
  --seed N         repeats a sample; printed with each
  --tests N        a mutant meets so many test files at most (default: 40)
  --least PERCENT  exit code 1 when fewer are killed, equivalent ones aside (default: 0)
  --processes N    1 or 2 at a time (default: 2)
  --minutes N      the run ends itself after so long (default: 120)
  --help           this text

What is said of a mutant:
  killed           a test failed
  timeout          the tests stood still, twice, and without the mutant they did not; counts as killed
  survived         all tests passed, and so did the compiler
  no test          no test imports the file, over however many steps
  refused          tests passed, but the compiler (or for an await the linter) says no: counted apart
  equivalent       it changes nothing that can be seen; test/mutants/equivalent.yaml says why: counted apart
  no time          the tests stood still without the mutant, too: the machine had no time for them; counted apart

Sentences for people are not emptied: their wording is no behaviour. Browsers, kill -9, disks that are mounted and whatever
else needs a built relay are too slow to be run for each mutant; journeys through a relay in the same process are not.

Examples:
  npm run mutants -- --sample 20 --only src/core/policy
  npm run mutants -- --only src/core/units/percent.ts:7
  npm run mutants -- --sample 200 --seed 4711 --least 85`;

export interface Options {
  readonly help: boolean;
  readonly sample: number;
  /** Paths from the root, without a slash at the end; `line` where one was named. */
  readonly only: readonly { readonly path: string; readonly line: number | undefined }[];
  readonly seed: number;
  readonly tests: number;
  readonly leastPercent: number;
  readonly processes: number;
  readonly minutes: number;
}

/** Throws with a sentence for people where something is not understood. */
export function readOptions(args: readonly string[]): Options {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      sample: text,
      only: text,
      seed: text,
      tests: text,
      least: text,
      processes: text,
      minutes: text,
      help: { type: "boolean", default: false },
    },
  });
  const number = (name: "sample" | "seed" | "tests" | "least" | "processes" | "minutes", usual: number) =>
    values[name] === undefined ? usual : wholeNumber(name, values[name], ranges[name]);
  return {
    help: values.help,
    sample: number("sample", 60),
    only: (values.only?.split(",") ?? usualFolders).map(readPlace),
    seed: number("seed", Date.now() % 1_000_000),
    tests: number("tests", 40),
    leastPercent: number("least", 0),
    processes: number("processes", 2),
    minutes: number("minutes", 120),
  };
}

const ranges = {
  sample: [1, 100_000],
  seed: [0, 2 ** 32 - 1],
  tests: [1, 1_000],
  least: [0, 100],
  processes: [1, 2],
  minutes: [1, 24 * 60],
} as const;

function readPlace(text: string): Options["only"][number] {
  const [, path = "", line] = /^(.*?)\/?(?::(\d+))?$/.exec(text.trim()) ?? [];
  return { path, line: line === undefined ? undefined : Number(line) };
}

function wholeNumber(name: string, text: string, [least, most]: readonly [number, number]): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new Error(`--${name} is ${text}; it must be a whole number from ${least} to ${most}`);
}
