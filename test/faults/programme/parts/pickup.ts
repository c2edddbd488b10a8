/** kill -9 while files of a Pickup directory are taken: at each rename, removal and flush. */
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type RecordingSink, startRecordingSink } from "../../../../src/testing/recording-sink.ts";
import { spawnRelay } from "../../../../src/testing/spawn-relay.ts";
import type { Part } from "../part.ts";

const files = 3;
/** The last of them are reached by no run: then all was taken before. */
const places = [
  ...numbered("unlink", files + 1),
  ...numbered("rename", 9),
  ...numbered("fsync", 20),
  ...numbered("fdatasync", 5),
];
const withinMs = 60_000;

interface Place {
  readonly call: string;
  readonly number: number;
}

function numbered(call: string, most: number): Place[] {
  return Array.from({ length: most }, (_, index) => ({ call, number: index + 1 }));
}

interface Struck {
  readonly wasHit: boolean;
  /** Of each file: messages that were made of it. */
  readonly made: readonly number[];
  readonly left: readonly string[];
}

const configuration = (sink: RecordingSink): string => `hostname: relay.test
receiveConnectors:
  - name: Files
    bindings: ["127.0.0.1:0"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
sendConnectors:
  - name: Out
    addressSpaces: ["*"]
    smartHosts: ["127.0.0.1:${sink.port}"]
transport:
  pickupDirectoryPath: pickup
  pickupConnector: Files
  pickupDirectoryMaxMessagesPerMinute: 20000
`;

/** `between`: done to the directory while no relay runs. */
async function strike(
  { call, number }: Place,
  folder: string,
  sink: RecordingSink,
  between: (pickup: string) => void,
): Promise<Struck> {
  const pickup = join(folder, "data/pickup");
  mkdirSync(pickup, { recursive: true });
  writeFileSync(join(folder, "weir.yaml"), configuration(sink));
  const names = Array.from({ length: files }, (_, index) => `${index}@${call}${number}.test`);
  for (const [index, name] of names.entries())
    writeFileSync(join(pickup, `${index}.eml`), `From: a@s.test\nTo: ${name}\n\nbody\n`);
  // One thread in the pool: the n-th call of a thread is the n-th of all.
  const env = { UV_THREADPOOL_SIZE: "1" };
  const inject = ["-e", `trace=${call}`, "-e", `inject=${call}:signal=KILL:when=${number}`];
  const first = await spawnRelay(["start"], {
    cwd: folder,
    env,
    under: ["strace", "-f", "-qq", "-o", "/dev/null", ...inject],
  });
  const wasHit = await Promise.race([first.exited.then(() => true), emptied(pickup).then(() => false)]);
  first.kill("SIGKILL");
  await first.exited;
  between(pickup);
  const second = await spawnRelay(["start"], { cwd: folder, env });
  await emptied(pickup);
  const ids = (name: string): Set<string> =>
    new Set(
      sink.messages
        .filter(({ recipients }) => recipients.some(({ path }) => path === name))
        .map(({ content }) => /with Pickup id (\d+)/.exec(content.toString())?.[1] ?? ""),
    );
  for (const end = Date.now() + withinMs; Date.now() < end && names.some((name) => ids(name).size === 0);)
    await delay(20);
  await delay(100);
  second.kill("SIGTERM");
  await second.exited;
  return { wasHit, made: names.map((name) => ids(name).size), left: readdirSync(pickup) };
}

async function emptied(pickup: string): Promise<void> {
  for (const end = Date.now() + withinMs; Date.now() < end && readdirSync(pickup).length > 0;)
    await delay(20);
}

/** What a relay that only renames does at its start. */
function takeAgain(pickup: string): void {
  for (const name of readdirSync(pickup))
    if (name.endsWith(".weir.tmp")) renameSync(join(pickup, name), join(pickup, `${name.split(".")[0]}.eml`));
}

export const pickup: Part = {
  name: "pickup",
  about: "kill -9 at the n-th rename, removal and flush while three files of a Pickup directory are taken",
  needs: ["linux", "strace"],
  rounds: { usual: places.length, quick: 8 },
  async run({ folder, rounds, progress }) {
    const sink = await startRecordingSink();
    let runs = 0;
    const at = async (place: Place, between: (directory: string) => void): Promise<Struck> => {
      const own = join(folder, String(runs++));
      mkdirSync(own, { recursive: true });
      const struck = await strike(place, own, sink, between);
      rmSync(own, { recursive: true });
      return struck;
    };
    const step = Math.max(1, places.length / rounds);
    const chosen = places.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step));
    const bad: string[] = [];
    let hit = 0;
    for (const place of chosen) {
      const { wasHit, made, left } = await at(place, () => undefined);
      if (wasHit) hit++;
      if (left.length > 0 || made.some((count) => count !== 1))
        bad.push(`${place.call} ${place.number}: ${made.join(", ")} messages, left: ${left.join(" ")}`);
      sink.clear();
    }
    for (const fault of bad) progress(fault);

    progress("control: every file that was being taken is taken again");
    let twice = 0;
    for (const place of numbered("unlink", files)) {
      const { made } = await at(place, takeAgain);
      twice += made.filter((count) => count > 1).length;
      sink.clear();
    }
    await sink.close();
    const required = "each file became one message, and none is left";
    return [
      {
        what: "kill -9 at the n-th call while files of a Pickup directory are taken",
        count: `${chosen.length} places, ${hit} reached`,
        required,
        measured:
          bad.length === 0 ? "so it was at each" : `${bad.length} faults; ${bad.slice(0, 3).join("; ")}`,
        held: bad.length === 0 && hit > chosen.length / 3,
      },
      {
        what: "a start that takes every file again that was being taken, as Exchange's",
        count: `${files} places`,
        required,
        measured: `${twice} messages twice`,
        held: twice === 0,
        control: true,
      },
    ];
  },
};
