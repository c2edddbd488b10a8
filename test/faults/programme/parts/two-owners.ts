/** A second relay is started on the data directory of a running one. */
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { NotStarted } from "../../crash-rounds.ts";
import { seededRandom } from "../../random.ts";
import { nothingMore } from "../../nothing-more.ts";
import type { TallyResult } from "../../tally.ts";
import type { Finding, Part, PartOptions } from "../part.ts";
import { preload } from "../rig/preload.ts";
import { type RelayRig, relayRig } from "../rig/relay-rig.ts";
import { mostTwicePerCrash, nothingLost, tallyText } from "../rig/tally-text.ts";

/** As in a container of its own; process 1 there. */
const container = ["unshare", "-p", "-f", "--kill-child", "--mount-proc"];

interface Case {
  readonly what: string;
  readonly first?: readonly string[];
  readonly second?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Done to the spool's folder before the second is started. */
  readonly before?: (spool: string) => void;
  /** Whether the second may start; the first must then have stopped taking mail. */
  readonly mayTakeOver: boolean;
}

const holders = (spool: string): readonly string[] =>
  readdirSync(spool).filter((name) => name.startsWith("holder.") || name === "lock");

const cases: readonly Case[] = [
  { what: "a second relay", mayTakeOver: false },
  { what: "a second one in a container of its own", second: container, mayTakeOver: false },
  { what: "both in containers, process 1 each", first: container, second: container, mayTakeOver: false },
  {
    what: "the lock was removed, as a file system in the network may lose it",
    before: (spool) => holders(spool).forEach((name) => rmSync(join(spool, name))),
    mayTakeOver: true,
  },
  {
    what: "the lock was replaced",
    before: (spool) =>
      holders(spool).forEach((name) => {
        renameSync(join(spool, name), join(spool, `../${name}.aside`));
        writeFileSync(join(spool, name), "");
      }),
    mayTakeOver: true,
  },
];

/** Long enough for who lost the lock to notice: it looks once a second. */
const noticeMs = 3_000;

interface Together {
  readonly tally: TallyResult;
  readonly secondRan: boolean;
  /** What the first acknowledged when the second had been running for a while. */
  readonly takenByBoth: number;
}

async function together(
  one: Case,
  { folder, seed }: Pick<PartOptions, "folder" | "seed">,
): Promise<Together> {
  mkdirSync(folder);
  const rig = await relayRig({ folder, domains: ["one.example"], random: seededRandom(seed) });
  const { env = {} } = one;
  const [hop] = rig.hops;
  if (hop === undefined) throw new Error("there is one next hop");
  try {
    hop.away = true;
    const first = await rig.start({ env, ...(one.first === undefined ? {} : { under: one.first }) });
    await loadFor(rig, rig.port, 500);
    one.before?.(join(folder, "data", "spool"));
    const second = await rig
      .start({
        env,
        second: true,
        withinMs: 10_000,
        ...(one.second === undefined ? {} : { under: one.second }),
      })
      .catch((error: unknown) => {
        if (error instanceof NotStarted) return undefined;
        throw error;
      });
    let takenByBoth = 0;
    if (second !== undefined) {
      await delay(noticeMs);
      const before = rig.tally.acknowledged();
      await loadFor(rig, rig.port, 500);
      takenByBoth = rig.tally.acknowledged() - before;
      await loadFor(rig, rig.secondPort, 500);
    } else await loadFor(rig, rig.port, 300);
    // Whoever may deliver does so now.
    hop.away = false;
    await delay(3_000);
    first.kill("SIGKILL");
    second?.kill("SIGKILL");
    await Promise.all([first.exited, second?.exited]);
    try {
      await rig.start({ env });
      await rig.drained();
      await nothingMore(rig.tally);
    } catch (error) {
      if (!(error instanceof NotStarted)) throw error;
    }
    return { tally: rig.tally.result(), secondRan: second !== undefined, takenByBoth };
  } finally {
    await rig.close();
  }
}

async function loadFor(rig: RelayRig, port: number, ms: number): Promise<void> {
  const stop = rig.load(4, { port, bodyBytes: (random) => Math.floor(random() * 100_000) });
  await delay(ms);
  await stop();
}

function finding(one: Case, { tally, secondRan, takenByBoth }: Together) {
  // A first that has lost its lock sends nothing: nothing was on the wire when it did.
  const mostTwice = one.mayTakeOver && !secondRan ? 0 : mostTwicePerCrash;
  const ran = secondRan ? `the second ran, the first then took ${takenByBoth}` : "the second was refused";
  return {
    count: "once",
    required: `${one.mayTakeOver ? "at most one of both takes mail" : "the second is refused"}; lost 0, at most ${mostTwice} twice`,
    measured: `${ran}; ${tallyText(tally)}`,
    held:
      nothingLost(tally) &&
      tally.duplicates <= mostTwice &&
      (one.mayTakeOver ? takenByBoth === 0 : !secondRan),
  };
}

export const twoOwners: Part = {
  name: "two-owners",
  about: "a second relay on the same data: in other containers, with the lock lost",
  needs: ["linux", "root", "unshare", "cc"],
  rounds: { usual: 5, quick: 5 },
  async run({ folder, rounds, seed, progress }) {
    const findings: Finding[] = [];
    for (const [index, one] of cases.slice(0, rounds).entries()) {
      progress(one.what);
      const result = await together(one, { folder: join(folder, String(index)), seed });
      findings.push({ what: one.what, ...finding(one, result) });
    }
    progress("control: without a lock");
    const control: Case = { what: "", env: preload(folder, "noLock"), mayTakeOver: false };
    return [
      ...findings,
      {
        what: "both with the lock taken out of the process",
        ...finding(control, await together(control, { folder: join(folder, "control"), seed })),
        control: true,
      },
    ];
  },
};
