/** The command line of `npm run faults`. */
import { parseArgs } from "node:util";
import type { Part } from "./part.ts";
import { parts } from "./parts/all.ts";

export const help = `Usage: npm run faults -- [options]

Does to the relay what hardware, systems and people do to it, counts what was acknowledged and what arrived, and prints
a table. Each part spoils the relay or the disk once on purpose: that control must fail, else the part proves nothing.
Wants root on Linux; a part whose tools are missing is left out aloud. Everything works below a folder of its own in
TMPDIR, which should be on a disk; mounts, loop devices, cgroups and processes are gone afterwards, also after Ctrl-C.

Parts, with the rounds of a full and of a quick run:
${parts.map(({ name, about, rounds }) => `  ${name.padEnd(17)}${about} (${rounds.usual}, ${rounds.quick})`).join("\n")}

Options:
  --only LIST      these parts
  --cluster        several nodes alone: nodes and all nodes-…
  --quick          few rounds of each, some minutes in all
  --rounds N       instead of each part's own
  --seed N         repeats a run; printed with each
  --from REV       this revision is the release before, for upgrade and nodes-upgrade; any that git knows
  --minutes N      the run ends itself after so long (default: 240)
  --save           writes the rows of these parts into the table of docs/reliability.md
  --help           this text

Exit code 0: all held, and every control failed. 1: not so.

Examples:
  npm run faults -- --quick
  npm run faults -- --only power-cut,kill --rounds 20
  npm run faults -- --only power-cut --seed 4711
  npm run faults -- --save`;

export interface Options {
  readonly help: boolean;
  readonly save: boolean;
  readonly quick: boolean;
  readonly parts: readonly Part[];
  /** Undefined: each part's own. */
  readonly rounds: number | undefined;
  readonly seed: number;
  /** Undefined: each part's own. */
  readonly from: string | undefined;
  readonly minutes: number;
}

/** Throws with a sentence for people where something is not understood. */
export function readOptions(args: readonly string[]): Options {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: text,
      cluster: flag,
      rounds: text,
      seed: text,
      from: text,
      minutes: text,
      quick: flag,
      save: flag,
      help: flag,
    },
  });
  return {
    help: values.help,
    save: values.save,
    quick: values.quick,
    parts: values.cluster
      ? parts.filter(({ name }) => /^nodes(?:-|$)/.test(name))
      : values.only === undefined
        ? parts
        : values.only.split(",").map(partNamed),
    rounds: values.rounds === undefined ? undefined : wholeNumber("rounds", values.rounds, 100_000),
    seed:
      values.seed === undefined ? Date.now() % 1_000_000 : wholeNumber("seed", values.seed, 2 ** 32 - 1, 0),
    from: values.from,
    minutes: wholeNumber("minutes", values.minutes ?? "240", 24 * 60),
  };
}

function partNamed(name: string): Part {
  const found = parts.find((part) => part.name === name.trim());
  if (found !== undefined) return found;
  throw new Error(`there is no part ${name}; there are ${parts.map((part) => part.name).join(", ")}`);
}

function wholeNumber(name: string, text: string, most: number, least = 1): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new Error(`--${name} is ${text}; it must be a whole number from ${least} to ${most}`);
}
