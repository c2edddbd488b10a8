/** The disk says no: calls that fail once or from then on, no space, no inodes. */
import { join } from "node:path";
import type { Finding, Part, PartOptions } from "../part.ts";
import { strace } from "../rig/call-points.ts";
import { type Struck, type StruckSpools, faultsOf, placeText, struckSpools } from "../rig/struck-spools.ts";
import { fillAndDrain } from "./disk-error/fill-and-drain.ts";
import { noInodes } from "./disk-error/no-inodes.ts";

const errors = ["EIO", "ENOSPC"] as const;
const controlPlaces = 6;

/** What the scenario ends with when it was held up, when the spool did not open, and when its own output was struck. */
const [heldUp, notOpened, outputStruck] = [3, 4, 6];

export const diskError: Part = {
  name: "disk-error",
  about: "EIO and ENOSPC at each call, once and from then on; a small disk that fills; no inodes",
  needs: ["linux", "root", "strace", "loop", "mkfs", "cc"],
  rounds: { usual: 240, quick: 24 },
  async run(options) {
    const { folder, rounds, seed } = options;
    const spools = await struckSpools({ folder: join(folder, "spools"), seed });
    const fills = Math.min(20, Math.ceil(rounds / 12));
    return [
      ...(await failingCalls(spools, options)),
      ...(await fillAndDrain({ ...options, folder: join(folder, "fill"), rounds: fills })),
      ...(await noInodes({ ...options, folder: join(folder, "inodes"), rounds: Math.ceil(fills / 4) })),
    ];
  },
};

async function failingCalls(
  spools: StruckSpools,
  { rounds, progress }: PartOptions,
): Promise<readonly Finding[]> {
  const bad: string[] = [];
  const endedByLmdb: string[] = [];
  const places = spools.places(Math.ceil(rounds / 2));
  let struckOften = 0;
  for (const [index, place] of places.entries()) {
    const error = errors[index % errors.length] ?? "EIO";
    for (const ever of [false, true]) {
      const when = `error=${error}:when=${place.number}${ever ? "+" : ""}`;
      const struck = await spools.strike(place, ({ call }, directory) => strace(call, when, directory));
      if (!struck.begun) continue;
      struckOften++;
      const where = `${error} ${ever ? "from" : "at"} ${placeText(place)}`;
      const lasting = faultsOf(struck);
      const { signal } = struck.ended;
      if (lasting.length === 0 && (signal === "SIGSEGV" || signal === "SIGABRT")) endedByLmdb.push(where);
      else for (const fault of [...endFaults(struck, ever), ...lasting]) bad.push(`${where}: ${fault}`);
    }
    if ((index + 1) % 20 === 0)
      progress(`${index + 1} of ${places.length} places, ${bad.length} faults so far`);
  }
  for (const fault of bad) progress(fault);
  for (const where of endedByLmdb) progress(`${where}: the process was ended`);

  progress("control: writes that are said to be done and are not");
  // Not the first writes: without them nothing opens, and nothing is promised.
  const controls = spools
    .places(Infinity)
    .filter(({ start, call, number }) => start === "new" && call === "pwrite64" && number > 20)
    .slice(0, controlPlaces);
  const spoilt: string[] = [];
  for (const place of controls) {
    const when = `retval=4096:when=${place.number}+`;
    const struck = await spools.strike(place, ({ call }, directory) => strace(call, when, directory));
    spoilt.push(...faultsOf(struck));
  }
  const required = "opens again, lost 0; goes on after a single fault";
  return [
    {
      what: "EIO or ENOSPC at the n-th call, once and from then on",
      count: `${struckOften} runs`,
      required,
      measured:
        bad.length === 0 ? "so it was each time" : `${bad.length} faults; ${bad.slice(0, 3).join("; ")}`,
      held: bad.length === 0,
    },
    {
      what: "of these, runs that LMDB's binding ended: it bears no failing open or page write (decision 2)",
      count: `${struckOften} runs`,
      required: "opens again, lost 0",
      measured: `${endedByLmdb.length} ended; each opened again, lost 0`,
      // One that did not is among the faults of the first row.
      held: true,
    },
    {
      what: "a disk that says it has written, and has not",
      count: `${controls.length} runs`,
      required,
      measured: `${spoilt.length} faults; ${spoilt.slice(0, 2).join("; ")}`,
      held: spoilt.length === 0,
      control: true,
    },
  ];
}

/** How a run may end: to its end; held up or not opened by a fault that stays; not opened by one at the opening. */
function endFaults({ ended, last }: Struck, ever: boolean): readonly string[] {
  const { code, signal, timedOut, stderr } = ended;
  if (timedOut) return [`did not come to an end in time (last: ${last.slice(0, 100)})`];
  if (signal !== null) return [`ended by ${signal}`];
  if (code === 0 || code === notOpened || code === outputStruck || (ever && code === heldUp)) return [];
  if (code === heldUp) return [`does not go on after a single fault (last: ${last.slice(0, 100)})`];
  return [`ended with ${code}: ${stderr.trim().replaceAll(/\s+/g, " ").slice(0, 300)}`];
}
