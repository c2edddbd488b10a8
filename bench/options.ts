/** The command line of `npm run bench`. */
import { parseArgs } from "node:util";
import { loadNames } from "./loads.ts";
import { haraka } from "./peers/haraka.ts";
import type { PeerKind } from "./peers/peer.ts";
import { postfix } from "./peers/postfix.ts";
import { weir } from "./peers/weir.ts";
import { runs } from "./runs/all.ts";
import type { Run } from "./runs/run.ts";

const kinds: readonly PeerKind[] = [weir, postfix, haraka];
const usualLoads = "reuse,connect";

export const help = `Usage: npm run bench -- [options]

Drives smtp-source → server → smtp-sink (Debian's package postfix) for Weir and its peers in turn, A B A B, each with
its queue on disk, and prints medians, spread and ratios. Results go to stdout, progress to stderr. Compare within one
run only: absolute numbers are the machine's. Everything works below a folder of its own in TMPDIR, which is gone
afterwards; TMPDIR should be on a real disk.

What to measure (one of):
  --loads LIST       the comparison, of ${loadNames.slice(0, 6).join(", ")},
                     ${loadNames.slice(6).join(", ")}, or "all"   (default: ${usualLoads})
  --run LIST         special benches, or "all":
${runs.map(({ name, about }) => `                       ${name.padEnd(8)} ${about}`).join("\n")}
  --spool postgres   as --run postgres: the marks of several nodes' spool; with --run ledger, those of their limits
  --preset marks     every mark at once, with required, measured, met or missed; some 25 minutes

How:
  --peers LIST       of weir, postfix, haraka     (default: weir,postfix; the marks: all three)
  --messages N       of each reading              (default: 5000; heavy loads take a part of it)
  --rounds N         readings of each peer        (default: 3)
  --size BYTES       of each message, instead of the load's own
  --sessions N       at once, instead of the load's own
  --queued LIST      depths of the backlog beside 0   (default: 10000,100000; the marks: 1000000)
  --connections N    idle ones                    (default: 10000)
  --seconds N        of each steady reading       (default: 10)
  --turns N          of prices, mx and out        (default: 15)
  --minutes N        the bench ends itself after so long (default: 60)
  --smoke            tiny sizes, Weir alone: whether it works, not how fast

What for:
  --save             writes bench/results/DATE-COMMIT.{json,md} and the table in README.md
  --help             this text

Examples:
  npm run bench -- --loads 1m,64k --rounds 5
  npm run bench -- --run backlog --queued 100000
  npm run bench -- --run steady,lone
  npm run bench -- --preset marks --save

Postfix needs root. Haraka is installed from npm into TMPDIR when it is asked for, and stays there. idle needs
\`ulimit -n\` above --connections; crash needs strace; a million queued want 25 GB free.`;

export interface Options {
  readonly help: boolean;
  readonly save: boolean;
  readonly smoke: boolean;
  readonly marks: boolean;
  /** Empty: the comparison is asked for. */
  readonly runs: readonly Run[];
  readonly peers: readonly PeerKind[];
  readonly loads: readonly string[];
  readonly messages: number;
  readonly rounds: number;
  readonly sizeBytes: number | undefined;
  readonly sessions: number | undefined;
  readonly turns: number;
  readonly queued: readonly number[];
  readonly connections: number;
  readonly seconds: number;
  readonly minutes: number;
}

/** Throws with a sentence for people where something is not understood. */
export function readOptions(args: readonly string[]): Options {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      loads: text,
      run: text,
      spool: text,
      preset: text,
      peers: text,
      messages: text,
      rounds: text,
      size: text,
      sessions: text,
      queued: text,
      connections: text,
      seconds: text,
      turns: text,
      minutes: text,
      save: flag,
      smoke: flag,
      help: flag,
    },
  });
  const { smoke } = values;
  if ([values.loads, values.run, values.preset].filter((value) => value !== undefined).length > 1)
    throw new Error("--loads, --run and --preset exclude each other");
  if (values.preset !== undefined && values.preset !== "marks")
    throw new Error(`there is no preset ${values.preset}; there is marks`);
  if (values.spool !== undefined && values.spool !== "postgres")
    throw new Error(`there is no spool ${values.spool} to measure; there is postgres`);
  const run = [
    ...(values.spool === undefined ? [] : [values.spool]),
    ...(values.run ? [values.run] : []),
  ].join(",");
  const marks = values.preset === "marks";
  const number = (name: keyof typeof values, otherwise: number, most: number): number =>
    wholeNumber(name, String(values[name] ?? otherwise), most);
  const usualPeers = smoke ? "weir" : marks ? "weir,postfix,haraka" : "weir,postfix";
  const usualQueued = smoke ? "100" : marks ? "1000000" : "10000,100000";
  const loads = values.loads ?? (smoke ? "all" : usualLoads);
  return {
    help: values.help,
    save: values.save,
    smoke,
    marks,
    runs: chosen("run", run, runs),
    peers: withWeir(chosen("peer", values.peers ?? usualPeers, kinds)),
    loads: loads === "all" ? loadNames : loads.split(","),
    messages: number("messages", smoke ? 20 : 5000, 1_000_000),
    rounds: number("rounds", smoke ? 1 : 3, 100),
    turns: number("turns", smoke ? 1 : 15, 1000),
    sizeBytes: values.size === undefined ? undefined : number("size", 0, 30_000_000),
    sessions: values.sessions === undefined ? undefined : number("sessions", 0, 5000),
    queued: (values.queued ?? usualQueued).split(",").map((one) => wholeNumber("queued", one, 5_000_000, 0)),
    connections: number("connections", smoke ? 50 : 10_000, 45_000),
    seconds: number("seconds", smoke ? 1 : 10, 600),
    minutes: number("minutes", 60, 24 * 60),
  };
}

function chosen<One extends { readonly name: string }>(
  what: string,
  list: string,
  all: readonly One[],
): readonly One[] {
  if (list === "") return [];
  if (list === "all") return all;
  return list.split(",").map((name) => {
    const found = all.find((one) => one.name === name);
    if (found !== undefined) return found;
    throw new Error(`there is no ${what} ${name}; there are ${all.map((one) => one.name).join(", ")}`);
  });
}

const withWeir = (peers: readonly PeerKind[]): readonly PeerKind[] =>
  peers.includes(weir) ? peers : [weir, ...peers];

function wholeNumber(name: string, text: string, most: number, least = 1): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new Error(`--${name} is ${text}; it must be a whole number from ${least} to ${most}`);
}
