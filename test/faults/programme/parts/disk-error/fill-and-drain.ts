/** A small disk that fills up and drains while one of two next hops takes mail, with a restart on the full disk. */
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { NotStarted } from "../../../crash-rounds.ts";
import { nothingMore } from "../../../nothing-more.ts";
import { seededRandom } from "../../../random.ts";
import type { TallyResult } from "../../../tally.ts";
import type { Finding, PartOptions } from "../../part.ts";
import { type LoopDisk, makeLoopDisk } from "../../rig/loop-disk.ts";
import { preload } from "../../rig/preload.ts";
import { relayRig } from "../../rig/relay-rig.ts";
import { nothingLost, soFarText, tallyText } from "../../rig/tally-text.ts";

const diskMb = 128;
const mostLeftBytes = 3 * 2 ** 20;
const controlRounds = 3;

interface Filled {
  readonly tally: TallyResult;
  readonly refused: number;
  readonly notStarted: readonly string[];
}

export async function fillAndDrain(options: PartOptions): Promise<readonly Finding[]> {
  const { folder, rounds, progress } = options;
  mkdirSync(folder);
  const finding = ({ tally, refused, notStarted }: Filled, count: number) => ({
    count: `${count} times full`,
    required: "starts on the full disk, lost 0, damaged 0",
    measured: `${tallyText(tally)}; ${refused} refused; did not start ${notStarted.length} times`,
    held: nothingLost(tally) && notStarted.length === 0 && refused > 0,
  });
  const filled = await fill({ ...options, folder: join(folder, "disk") }, {});
  for (const why of new Set(filled.notStarted)) progress(why);
  progress("control: no room is said to be room");
  const env = preload(folder, "neverFull");
  const spoilt = await fill({ ...options, folder: join(folder, "control"), rounds: controlRounds }, env);
  return [
    {
      what: `a disk of ${diskMb} MB that another program fills, restarted while full`,
      ...finding(filled, rounds),
    },
    {
      what: "the same with ENOSPC kept from the process",
      ...finding(spoilt, controlRounds),
      control: true,
    },
  ];
}

async function fill(
  { folder, rounds, seed, progress }: PartOptions,
  env: Readonly<Record<string, string>>,
): Promise<Filled> {
  mkdirSync(folder);
  const disk = await makeLoopDisk(folder, { sizeMb: diskMb });
  const random = seededRandom(seed);
  const rig = await relayRig({
    folder,
    dataDirectory: join(disk.mount, "data"),
    domains: ["one.example", "two.example"],
    random,
    transport: { backPressureEnabled: false },
  });
  const notStarted: string[] = [];
  let refused = 0;
  const startedOn = async (withinMs: number) => {
    try {
      return await rig.start({ env, withinMs });
    } catch (error) {
      if (!(error instanceof NotStarted)) throw error;
      notStarted.push(error.message.slice(0, 500));
      return undefined;
    }
  };
  try {
    for (let round = 1; round <= rounds; round++) {
      const [one, two] = rig.hops;
      if (one === undefined || two === undefined) throw new Error("there are two next hops");
      one.away = round % 2 === 0;
      two.away = !one.away;
      const relay = await startedOn(20_000);
      if (relay === undefined) break;
      // Small ones for both: when one next hop takes its own, every second page of the file is free.
      const small = rig.load(8, { bodyBytes: () => 2_600 });
      await delay(1_500);
      await small();
      const ballast = join(disk.mount, "ballast");
      fillUpTo(disk, ballast, 200_000 + random() * mostLeftBytes);
      const large = rig.load(8, { bodyBytes: () => 58_000, onFailure: () => refused++ });
      const end = Date.now() + 6_000;
      const before = refused;
      while (refused - before < 40 && Date.now() < end) await delay(20);
      await large();
      relay.kill(round % 3 === 0 ? "SIGTERM" : "SIGKILL");
      await relay.exited;
      const again = await startedOn(20_000);
      rmSync(ballast);
      const drainEnd = Date.now() + 1_500;
      while (again !== undefined && Date.now() < drainEnd) await delay(50);
      again?.kill("SIGKILL");
      await again?.exited;
      if (round % 5 === 0) progress(`${round} of ${rounds}: ${soFarText(rig.tally.result())}`);
    }
    for (const hop of rig.hops) hop.away = false;
    const last = await startedOn(30_000);
    if (last !== undefined) await rig.drained();
    await nothingMore(rig.tally);
    return { tally: rig.tally.result(), refused, notStarted };
  } finally {
    await rig.close();
    await disk.remove();
  }
}

/** Another program takes all but so much. */
function fillUpTo({ mount }: LoopDisk, path: string, leaveBytes: number): void {
  const file = openSync(path, "w");
  const block = Buffer.alloc(256 * 1024, 1);
  try {
    for (;;) {
      const { bavail, bsize } = statfsSync(mount);
      const wantedBytes = Math.min(block.length, bavail * bsize - leaveBytes);
      if (wantedBytes <= 0) return;
      writeSync(file, block, 0, Math.ceil(wantedBytes));
    }
  } finally {
    closeSync(file);
  }
}
