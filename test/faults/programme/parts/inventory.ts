/** kill -9 of whoever counts senders, also while the counts are written: what was recorded is counted once. */
import { execFile, spawn } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { build } from "vite";
import { seededRandom } from "../../random.ts";
import type { Part } from "../part.ts";
import type { FoundInInventory } from "../scenario/inventory-processes.ts";

const run = promisify(execFile);
/** Each process lives up to so long: the counts are written some three times a second. */
const longestMs = 2_500;
/** As in a relay: not before the process is killed, so that what it counted is in the record alone. */
const savedSeldom = "1";

export const inventoryPart: Part = {
  name: "inventory",
  about:
    "kill -9 of the inventory of senders at random, also while it is written; then it is opened and counted again",
  needs: ["linux"],
  rounds: { usual: 30, quick: 4 },
  async run({ folder, rounds, seed, progress }) {
    const random = seededRandom(seed);
    const out = join(folder, "programmes");
    const data = join(folder, "data");
    for (const made of [out, data]) mkdirSync(made);
    await build({
      configFile: false,
      logLevel: "error",
      build: {
        ssr: join(import.meta.dirname, "../scenario/inventory-processes.ts"),
        outDir: out,
        emptyOutDir: false,
      },
    });
    symlinkSync(join(import.meta.dirname, "../../../../node_modules"), join(out, "node_modules"));
    const program = join(out, "inventory-processes.js");
    const found = async (): Promise<FoundInInventory> =>
      JSON.parse((await run(process.execPath, [program, "read", data])).stdout) as FoundInInventory;

    const bad: string[] = [];
    let told = 0;
    /** In the record behind the last round: also what was written and not told any more. */
    let before = 0;
    for (let round = 1; round <= rounds; round++) {
      told += await killed(program, data, 200 + random() * longestMs);
      const { recorded, counted, faults } = await found();
      bad.push(...faults.map((fault) => `kill ${round}: ${fault}`));
      for (const source of new Set([...Object.keys(recorded), ...Object.keys(counted)]))
        if (recorded[source] !== counted[source])
          bad.push(
            `kill ${round}: ${source} ${counted[source] ?? 0} counted, ${recorded[source] ?? 0} recorded`,
          );
      before = total(recorded);
      if (before < told) bad.push(`kill ${round}: ${told} were written, ${before} are there`);
      if (round % 5 === 0) progress(`${round} of ${rounds} kills, ${bad.length} faults so far`);
    }
    for (const fault of bad) progress(fault);

    progress("control: an inventory whose record is gone");
    const since = await killed(program, data, longestMs, savedSeldom);
    rmSync(join(data, "traffic"), { recursive: true });
    const left = total((await found()).counted);
    rmSync(folder, { recursive: true });
    const required = "opens again; each message of the record counted once, none that was written is missing";
    return [
      {
        what: "kill -9 of the inventory of senders and the traffic record at random, then opened again",
        count: `${rounds} kills, ${told} messages`,
        required,
        measured:
          bad.length === 0 ? "so it was after each" : `${bad.length} faults; ${bad.slice(0, 3).join("; ")}`,
        held: bad.length === 0 && told > 0,
      },
      {
        what: "the record is removed before it is opened again",
        count: "once",
        required,
        measured: `${before + since - left} of ${before + since} missing`,
        held: left >= before + since,
        control: true,
      },
    ];
  },
};

/** Counts senders in `data` and is killed. Resolves with how many messages it said were on disk. */
async function killed(program: string, data: string, afterMs: number, ...faster: string[]): Promise<number> {
  const args = [program, "write", data, ...faster];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let last = 0;
  let begun: Promise<void> | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line);
    begun ??= delay(afterMs).then(() => void child.kill("SIGKILL"));
  }
  await begun;
  return last;
}

const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);
