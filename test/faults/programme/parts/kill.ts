/** kill -9 at each system call that changes a file, one run for each. */
import { join } from "node:path";
import type { Part } from "../part.ts";
import { strace } from "../rig/call-points.ts";
import { type Place, faultsOf, placeText, struckSpools, wasKilled } from "../rig/struck-spools.ts";

const killed = ({ call, number }: Place, directory: string): readonly string[] =>
  strace(call, `signal=KILL:when=${number}`, directory);
const controlRounds = 6;

export const kill: Part = {
  name: "kill",
  about: "kill -9 at the n-th write, flush, rename, unlink …, n from 1 to the last, of the spool at work",
  needs: ["linux", "strace"],
  rounds: { usual: 300, quick: 30 },
  async run({ folder, rounds, seed, progress }) {
    const spools = await struckSpools({ folder: join(folder, "spools"), seed });
    const places = spools.places(rounds);
    const bad: string[] = [];
    let hit = 0;
    for (const [index, place] of places.entries()) {
      const struck = await spools.strike(place, killed);
      if (wasKilled(struck)) hit++;
      if (struck.ended.timedOut) bad.push(`${placeText(place)}: did not come to an end in time`);
      for (const fault of faultsOf(struck)) bad.push(`${placeText(place)}: ${fault}`);
      if ((index + 1) % 25 === 0)
        progress(`${index + 1} of ${places.length} places, ${bad.length} faults so far`);
    }
    for (const fault of bad) progress(fault);

    progress("control: a spool that says 250 before the message is on disk");
    let lost = 0;
    let struck = 0;
    // Behind the opening: the writes of commits.
    const controls = spools
      .places(Infinity)
      .filter(({ start, call, number }) => start === "new" && call === "pwrite64" && number > 10);
    const usual = Math.min(controlRounds, Math.ceil(rounds / 2));
    // Whether the reply had gone when the write is hit is a matter of chance: one more is tried until it had.
    for (const place of controls) {
      if (struck >= usual && lost > 0) break;
      lost += (await spools.strike(place, killed, "hasty")).difference.lost.length;
      struck++;
    }
    const required = "opens again, lost 0, nothing back, no orphaned body, takes mail";
    return [
      {
        what: "kill -9 of the spool at the n-th call: a new one, one with a file to give back at rest, one at once",
        count: `${places.length} places, ${hit} reached`,
        required,
        measured:
          bad.length === 0 ? "so it was at each" : `${bad.length} faults; ${bad.slice(0, 3).join("; ")}`,
        held: bad.length === 0 && hit > places.length / 2,
      },
      {
        what: "a spool that acknowledges before its commit",
        count: `${struck} places`,
        required,
        measured: `${lost} lost`,
        held: lost === 0,
        control: true,
      },
    ];
  },
};
