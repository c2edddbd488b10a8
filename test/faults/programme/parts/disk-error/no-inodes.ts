/** A disk with space and without inodes: large bodies, each a file, find no place; small ones need none. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { NotStarted } from "../../../crash-rounds.ts";
import { nothingMore } from "../../../nothing-more.ts";
import { seededRandom } from "../../../random.ts";
import type { Finding, PartOptions } from "../../part.ts";
import { makeLoopDisk } from "../../rig/loop-disk.ts";
import { relayRig } from "../../rig/relay-rig.ts";
import { nothingLost, tallyText } from "../../rig/tally-text.ts";

const inodes = 256;

export async function noInodes({ folder, rounds, seed, progress }: PartOptions): Promise<readonly Finding[]> {
  mkdirSync(folder);
  const disk = await makeLoopDisk(folder, { sizeMb: 128, inodes });
  const rig = await relayRig({
    folder,
    dataDirectory: join(disk.mount, "data"),
    domains: ["one.example"],
    random: seededRandom(seed),
  });
  const [hop] = rig.hops;
  let refused = 0;
  let smallTaken = 0;
  let notStarted = "";
  try {
    for (let round = 1; round <= rounds && notStarted === "" && hop !== undefined; round++) {
      hop.away = true;
      const relay = await rig.start();
      useUpInodes(join(disk.mount, "other"));
      const large = rig.load(4, { bodyBytes: () => 100_000, onFailure: () => refused++ });
      await delay(1_000);
      await large();
      const before = rig.tally.acknowledged();
      const small = rig.load(2, { bodyBytes: () => 500 });
      await delay(500);
      await small();
      smallTaken += rig.tally.acknowledged() - before;
      relay.kill("SIGKILL");
      await relay.exited;
      hop.away = false;
      try {
        const again = await rig.start();
        await rig.drained();
        await nothingMore(rig.tally);
        again.kill("SIGTERM");
        await again.exited;
      } catch (error) {
        if (!(error instanceof NotStarted)) throw error;
        notStarted = "does not start";
        progress(error.message);
      }
      rmSync(join(disk.mount, "other"), { recursive: true });
    }
    const tally = rig.tally.result();
    return [
      {
        what: "no inode left: another program has taken them, restarted so",
        count: `${rounds} times`,
        required: "large ones refused, small ones taken, starts, drains, lost 0",
        measured: `${refused} refused, ${smallTaken} small ones taken, ${tallyText(tally)}${notStarted === "" ? "" : `; ${notStarted}`}`,
        held: nothingLost(tally) && refused > 0 && smallTaken > 0 && notStarted === "",
      },
    ];
  } finally {
    await rig.close();
    await disk.remove();
  }
}

function useUpInodes(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (let number = readdirSync(folder).length; ; number++) {
    try {
      writeFileSync(join(folder, String(number)), "");
    } catch (error) {
      if ((error as { code?: unknown }).code === "ENOSPC") return;
      throw error;
    }
  }
}
