/** The disk loses its power under load, with the next hop up, down and slow in turns. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type CrashRoundsResult, type NextHop, NotStarted, runCrashRounds } from "../../crash-rounds.ts";
import type { Finding, Part, PartOptions } from "../part.ts";
import { makeLoopDisk } from "../rig/loop-disk.ts";
import { preload } from "../rig/preload.ts";
import { fewTwice, nothingLost, soFarText, tallyText } from "../rig/tally-text.ts";

const hops: readonly NextHop[] = ["up", "down", "slow"];
const diskMb = 256;
/** Of the control: the first loses what matters. */
const controlRounds = 2;
/** It loses plenty: no need to wait long for the rest. */
const controlQuietMs = 4_000;

/** From 0.2 to 320 KB, as many small as large ones. */
const bodyBytes = (random: () => number): number => Math.floor(200 * 1600 ** random());

interface Cuts {
  readonly folder: string;
  readonly rounds: number;
  readonly seed: number;
  readonly env: Readonly<Record<string, string>>;
  readonly quietMs?: number;
}

/** The result, or why a relay did not start again. */
async function cuts(options: Cuts, progress: PartOptions["progress"]): Promise<CrashRoundsResult | string> {
  mkdirSync(options.folder);
  const disk = await makeLoopDisk(options.folder, { sizeMb: diskMb });
  try {
    return await runCrashRounds({
      directory: options.folder,
      dataDirectory: join(disk.mount, "data"),
      rounds: options.rounds,
      clients: 8,
      seed: options.seed,
      longestLifeMs: 1_500,
      mostAcknowledgements: 200,
      leastAcknowledgements: 20,
      nextHop: (round) => hops[round % hops.length] ?? "up",
      async crash(relay) {
        disk.cut();
        relay.kill("SIGKILL");
        await relay.exited;
        await disk.restore();
      },
      drainMs: 60_000,
      ...(options.quietMs === undefined ? {} : { quietMs: options.quietMs }),
      bodyBytes,
      env: options.env,
      onRound(round, result) {
        if (round % 10 === 0) progress(`cut ${round} of ${options.rounds}, ${soFarText(result)}`);
      },
    });
  } catch (error) {
    if (!(error instanceof NotStarted)) throw error;
    progress(error.message);
    return "does not start again";
  } finally {
    await disk.remove();
  }
}

const finding = (rounds: number, result: CrashRoundsResult | string) => ({
  count: `${rounds} cuts`,
  required: "lost 0, damaged 0, at most 20 twice a cut",
  measured: typeof result === "string" ? result : tallyText(result),
  held: typeof result !== "string" && nothingLost(result) && fewTwice(result, rounds),
});

export const powerCut: Part = {
  name: "power-cut",
  about: "the disk loses its power under load; next hop up, down, slow in turns",
  needs: ["linux", "root", "loop", "mkfs", "perl", "cc"],
  rounds: { usual: 48, quick: 6 },
  async run({ folder, rounds, seed, progress }) {
    const findings: Finding[] = [
      {
        what: "power cut of the data directory's disk, 8 clients, bodies of 0.2 to 320 KB",
        ...finding(rounds, await cuts({ folder: join(folder, "cuts"), rounds, seed, env: {} }, progress)),
      },
    ];
    progress("control: fsync, fdatasync and O_DSYNC do nothing");
    const env = preload(folder, "noFlush");
    const spoilt = await cuts(
      { folder: join(folder, "control"), rounds: controlRounds, seed, env, quietMs: controlQuietMs },
      progress,
    );
    return [
      ...findings,
      {
        what: "the same with fsync, fdatasync and O_DSYNC taken out of the process",
        ...finding(controlRounds, spoilt),
        control: true,
      },
    ];
  },
};
