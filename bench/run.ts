/** `npm run bench`: the same load through Weir and its peers in turn, as medians and ratios, and special benches. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Comparison, compare } from "./compare.ts";
import { tools } from "./load.ts";
import { loadNames, loadOf } from "./loads.ts";
import type { PeerKind } from "./peers/peer.ts";
import { postfix } from "./peers/postfix.ts";
import { weir } from "./peers/weir.ts";
import { comparisonTable, save } from "./results.ts";

const usualLoads = "reuse,connect";

const help = `Usage: npm run bench -- [options]

Drives smtp-source → server → smtp-sink (Debian's package postfix) for each peer in turn, A B A B, with the durable queue
on, and prints medians and ratios. Compare within one run only: absolute numbers are the machine's.

  --peers LIST       of weir, postfix            (default: weir,postfix)
  --loads LIST       of ${loadNames.slice(0, 6).join(", ")},
                     ${loadNames.slice(6).join(", ")}
                     (default: reuse,connect; "all")
  --messages N       for each reading            (default: 5000; heavy loads take a part of it)
  --size BYTES       of each message, instead of the load's own
  --sessions N       at once, instead of the load's own
  --rounds N         readings of each peer       (default: 3)
  --save             writes bench/results/ and the table in README.md
  --smoke            one small round of each load (or of --loads) through Weir alone, for correctness
  --help             this text`;

const { values } = parseArgs({
  options: {
    peers: { type: "string", default: "weir,postfix" },
    loads: { type: "string", default: usualLoads },
    messages: { type: "string", default: "5000" },
    size: { type: "string" },
    sessions: { type: "string" },
    rounds: { type: "string", default: "3" },
    save: { type: "boolean", default: false },
    smoke: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const kinds: Readonly<Record<string, PeerKind>> = { weir, postfix };

async function main(): Promise<void> {
  if (values.help) return console.log(help);
  for (const tool of tools) {
    if (!existsSync(tool)) throw new Error(`${tool} is missing: install Debian's package postfix`);
  }
  const names = values.smoke ? ["weir"] : values.peers.split(",");
  const chosen = names.map((name) => kinds[name] ?? fail(`there is no peer ${name}`));
  for (const kind of chosen) {
    const missing = kind.missing();
    if (missing !== undefined) throw new Error(`${kind.name} needs ${missing}`);
  }
  const everyLoad = values.loads === "all" || (values.smoke && values.loads === usualLoads);
  const loads = everyLoad ? loadNames : values.loads.split(",");
  const folder = mkdtempSync(join(tmpdir(), "weir-bench-"));
  const comparisons: Comparison[] = [];
  try {
    for (const name of loads) {
      const load = loadOf(name, values.smoke ? 20 : Number(values.messages), {
        ...(values.size === undefined ? {} : { sizeBytes: Number(values.size) }),
        ...(values.sessions === undefined ? {} : { sessions: Number(values.sessions) }),
      });
      const rounds = values.smoke ? 1 : Number(values.rounds);
      const result = await compare(chosen, load, { rounds, folder, warmUp: !values.smoke });
      comparisons.push(result);
      console.log(`\n${comparisonTable(result)}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (values.save) {
    const command = `npm run bench -- ${process.argv.slice(2).join(" ")}`;
    console.log(`\nsaved as ${save({ command, comparisons, marks: [], sections: [] })}`);
  }
}

function fail(message: string): never {
  throw new Error(message);
}

await main().catch((error: unknown) => {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
