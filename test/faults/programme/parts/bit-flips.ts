/** One bit of one file of a queue is flipped while the relay is off. */
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { seededRandom } from "../../random.ts";
import type { Finding, Part } from "../part.ts";
import {
  type Promised,
  type SpoolProcesses,
  compare,
  copyOf,
  notReadText,
  spoolProcesses,
  together,
} from "../rig/spool-processes.ts";

const blockBytes = 4096;
/** Magic, checksum and nonce in a journal segment's first block. */
const headBytes = 24;

interface Kind {
  readonly what: string;
  readonly required: string;
  /** Files and offsets among which the flip falls. */
  readonly place: (directory: string, random: () => number) => { readonly path: string; readonly at: number };
  /** Whether what came of all flips of this kind is good. */
  readonly good: (outcomes: Outcomes) => boolean;
}

/** How many flips came to what. */
interface Outcomes {
  flips: number;
  /** All messages were there, whole. */
  harmless: number;
  /** Some were missing, and that was told or they were set aside. */
  told: number;
  /** Some were missing, without a word. */
  silent: number;
  /** Other octets were handed out. */
  wrong: number;
  /** The process refused to open the spool, with a word. */
  notOpened: number;
  /** The process was ended by a signal. */
  ended: number;
  /** It gave no answer in time. */
  stoodStill: number;
  /** Messages that were set aside or are missing. */
  missing: number;
}

const none = (): Outcomes => ({
  flips: 0,
  harmless: 0,
  told: 0,
  silent: 0,
  wrong: 0,
  notOpened: 0,
  ended: 0,
  stoodStill: 0,
  missing: 0,
});

const pick = <T>(list: readonly T[], random: () => number): T => {
  const found = list[Math.floor(random() * list.length)];
  if (found === undefined) throw new Error("nothing to flip a bit of");
  return found;
};

const segmentsOf = (directory: string): readonly string[] =>
  ["0", "1"].map((name) => join(directory, "journal", name)).filter((path) => existsSync(path));

/** Blocks in which anything stands. */
function usedBlocks(path: string, from = 0): readonly number[] {
  const octets = readFileSync(path);
  const blocks: number[] = [];
  for (let at = from; at < octets.length; at += blockBytes)
    if (octets.subarray(at, at + blockBytes).some((octet) => octet !== 0)) blocks.push(at);
  return blocks;
}

function bodiesOf(directory: string): readonly string[] {
  const bodies = join(directory, "bodies");
  return readdirSync(bodies, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

const kinds: readonly Kind[] = [
  {
    what: "in a body's file",
    required: "that message set aside and told, all others whole",
    place(directory, random) {
      const path = pick(bodiesOf(directory), random);
      return { path, at: Math.floor(random() * readFileSync(path).length) };
    },
    good: ({ flips, told, missing }) => told === flips && missing === flips,
  },
  {
    what: "in the journal's frames",
    required: "never other octets, never without a word",
    place(directory, random) {
      const used = segmentsOf(directory).map((path) => ({ path, blocks: usedBlocks(path, blockBytes) }));
      const { path, blocks } = pick(
        used.filter(({ blocks: some }) => some.length > 0),
        random,
      );
      return { path, at: pick(blocks, random) + Math.floor(random() * blockBytes) };
    },
    good: ({ flips, harmless, told }) => harmless + told === flips,
  },
  {
    what: "in the head of a journal segment",
    required: "never other octets, never without a word",
    place: (directory, random) => ({
      path: pick(segmentsOf(directory), random),
      at: Math.floor(random() * headBytes),
    }),
    good: ({ flips, harmless, told }) => harmless + told === flips,
  },
  {
    what: "in LMDB's file",
    required: "never other octets; the rest as it was found",
    place(directory, random) {
      const path = join(directory, "data.mdb");
      return { path, at: pick(usedBlocks(path), random) + Math.floor(random() * blockBytes) };
    },
    good: ({ wrong }) => wrong === 0,
  },
];

function flip(path: string, at: number, mask: number): void {
  const octets = readFileSync(path);
  octets[at] = (octets[at] ?? 0) ^ mask;
  writeFileSync(path, octets);
}

/**
 * crc32 is linear: a change by its polynomial (reflected, 33 bits from the lowest of an octet on) leaves it as it was.
 * Only something that looks at the octets themselves can see it.
 */
const unseenByCrc32 = [0x41, 0x06, 0x71, 0xdb, 0x01];

async function look(
  processes: SpoolProcesses,
  directory: string,
  promised: Promised,
  outcomes: Outcomes,
): Promise<string> {
  outcomes.flips++;
  const found = await processes.read(directory);
  if (!("messages" in found)) {
    if (found.timedOut) outcomes.stoodStill++;
    else if (found.signal === null) outcomes.notOpened++;
    else outcomes.ended++;
    return notReadText(found);
  }
  const { lost, wrong } = compare(promised, found);
  const missing = lost.length + found.damaged.length;
  outcomes.missing += missing;
  if (wrong.length > 0) outcomes.wrong++;
  else if (missing === 0) outcomes.harmless++;
  else if (lost.length === 0 || found.told.length > 0) outcomes.told++;
  else outcomes.silent++;
  return `${missing} missing; ${found.told.join("; ") || "nothing told"}`;
}

const outcomesText = (outcomes: Outcomes): string =>
  (
    [
      ["harmless", outcomes.harmless],
      ["told", outcomes.told],
      ["without a word", outcomes.silent],
      ["other octets", outcomes.wrong],
      ["does not open, told", outcomes.notOpened],
      ["ended by a signal", outcomes.ended],
      ["gave no answer in time", outcomes.stoodStill],
    ] as const
  )
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${count} ${what}`)
    .join(", ") + `; ${outcomes.missing} messages missing or set aside`;

export const bitFlips: Part = {
  name: "bit-flips",
  about: "one bit flipped in a body, in the journal, in LMDB's file",
  needs: ["linux"],
  rounds: { usual: 150, quick: 24 },
  async run({ folder, rounds, seed, progress }) {
    const processes = await spoolProcesses(folder);
    const random = seededRandom(seed);
    const template = join(folder, "template");
    const first = await processes.scenario(template, "fill");
    // The first queue is in LMDB by now, the second in the journal alone.
    const second = await processes.scenario(template, "fill");
    const promised = together(first.promised, second.promised);
    const directory = join(folder, "spool");
    const findings: Finding[] = [];
    for (const { what, required, place, good } of kinds) {
      const outcomes = none();
      const count = Math.ceil(rounds / kinds.length);
      for (let round = 0; round < count; round++) {
        copyOf(template, directory);
        const { path, at } = place(directory, random);
        const bit = Math.floor(random() * 8);
        flip(path, at, 1 << bit);
        const before = outcomes.harmless + outcomes.told;
        const said = await look(processes, directory, promised, outcomes);
        if (outcomes.harmless + outcomes.told === before)
          progress(`bit ${bit} of octet ${at} of ${path.slice(directory.length + 1)}: ${said}`);
      }
      progress(`${what}: ${outcomesText(outcomes)}`);
      findings.push({
        what: `a bit flipped ${what}, ${promised.accepted.size} messages`,
        count: `${count} flips`,
        required,
        measured: outcomesText(outcomes),
        held: good(outcomes),
      });
    }
    const outcomes = none();
    copyOf(template, directory);
    const [body = ""] = bodiesOf(directory);
    for (const [index, mask] of unseenByCrc32.entries()) flip(body, 1000 + index, mask);
    await look(processes, directory, promised, outcomes);
    return [
      ...findings,
      {
        what: "fifteen bits of a body flipped so that its crc32 stays",
        count: "once",
        required: "never other octets",
        measured: outcomesText(outcomes),
        held: outcomes.wrong === 0,
        control: true,
      },
    ];
  },
};
