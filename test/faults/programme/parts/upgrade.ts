/** The data directory of the release before, with mail of all kinds waiting, killed again and again while this release starts. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../../../src/testing/free-port.ts";
import { startRecordingSink } from "../../../../src/testing/recording-sink.ts";
import { spawnRelay } from "../../../../src/testing/spawn-relay.ts";
import {
  type LeftMessage,
  leaveMail,
  recipientsOf,
  upgradeConfiguration,
} from "../../../upgrade/earlier-release.ts";
import { seededRandom } from "../../random.ts";
import type { Part } from "../part.ts";
import { buildEarlier, repository } from "../rig/earlier-build.ts";

/** Before there was a tag. */
const firstRelease = "fbe43e8";
const quietMs = 20_000;
const mostStartMs = 60_000;

/** To whom each message that may go is to go, once. */
function expectedOf(left: readonly LeftMessage[]): Set<string> {
  const expected = new Set<string>();
  for (const message of left) {
    const [first = "", second = ""] = recipientsOf(message);
    if (message.kind === "partly") expected.add(second);
    else if (message.kind === "failed") expected.add(`from-${message.number}@out.test`);
    else if (!["suspended", "held", "unrouted"].includes(message.kind)) expected.add(first);
  }
  return expected;
}

interface Outcome {
  readonly expected: number;
  readonly lost: number;
  readonly twice: number;
  readonly startMs: readonly number[];
}

/** Kills so many starts, then lets one live and deliver. `before`: done to the directory first. */
async function upgrade(
  folder: string,
  left: readonly LeftMessage[],
  options: {
    readonly kills: number;
    readonly random: () => number;
    readonly progress: (text: string) => void;
  },
): Promise<Outcome> {
  const arrived = new Map<string, number>();
  let away = true;
  const sink = await startRecordingSink({
    keepContent: false,
    behave: ({ at }) => (away && at === "connect" ? { reply: "421 4.3.2 Away" } : undefined),
    onMessage({ recipients }) {
      for (const { path } of recipients) arrived.set(path, (arrived.get(path) ?? 0) + 1);
    },
  });
  writeFileSync(join(folder, "weir.yaml"), upgradeConfiguration(await freePort(), sink.port));
  const start = async () => {
    const startedAt = performance.now();
    const relay = await spawnRelay(["start"], { cwd: folder });
    await relay.said(/Listening on/, mostStartMs);
    return { relay, ms: performance.now() - startedAt };
  };
  const startMs: number[] = [];
  let usualMs = 1_500;
  for (let kill = 0; kill < options.kills; kill++) {
    const relay = await spawnRelay(["start"], { cwd: folder });
    await delay(options.random() * 1.5 * usualMs);
    relay.kill("SIGKILL");
    await relay.exited;
    if (kill === 0) {
      const whole = await start();
      usualMs = whole.ms;
      startMs.push(whole.ms);
      whole.relay.kill("SIGKILL");
      await whole.relay.exited;
    }
  }
  const { relay, ms } = await start();
  startMs.push(ms);
  away = false;
  const expected = expectedOf(left);
  const missing = (): number => [...expected].filter((recipient) => !arrived.has(recipient)).length;
  let before = missing();
  for (let quietSince = Date.now(); before > 0 && Date.now() - quietSince < quietMs;) {
    spawnSync(
      process.execPath,
      [join(repository, "bin/weir.js"), "Retry-Queue", "-Filter", "MessageCount -gt 0"],
      { cwd: folder },
    );
    await delay(1_000);
    const now = missing();
    if (now < before) quietSince = Date.now();
    before = now;
    options.progress(`${expected.size - now} of ${expected.size} delivered`);
  }
  relay.kill("SIGTERM");
  await relay.exited;
  await sink.close();
  return {
    expected: expected.size,
    lost: before,
    twice: [...arrived].filter(([recipient, count]) => count > 1 && !recipient.startsWith("taken-")).length,
    startMs,
  };
}

export const upgradePart: Part = {
  name: "upgrade",
  about:
    "10,000 messages of the release before, kill -9 at random while this one starts, then all is delivered",
  needs: ["linux"],
  rounds: { usual: 12, quick: 3 },
  async run({ folder, rounds, seed, from, progress }) {
    const random = seededRandom(seed);
    progress("building the release before");
    const { ref, program } = buildEarlier(join(folder, "earlier"), firstRelease, from);
    const count = rounds < 10 ? 2_000 : 10_000;
    const many = join(folder, "many");
    const few = join(folder, "few");
    for (const place of [many, few]) mkdirSync(place, { recursive: true });
    progress(`${count} messages for ${ref}`);
    const left = await leaveMail(program, many, count);
    const leftFew = await leaveMail(program, few, 24);
    const spoilt = join(folder, "spoilt");
    cpSync(many, spoilt, { recursive: true, filter: (path) => !/holder\.|admin\.sock/.test(path) });
    const outcome = await upgrade(many, left, { kills: rounds, random, progress });
    const small = await upgrade(few, leftFew, { kills: 1, random, progress });
    // What LMDB has not got yet.
    rmSync(join(spoilt, "data/spool/journal"), { recursive: true });
    progress("control: its journal is lost");
    const control = await upgrade(spoilt, left, { kills: 0, random, progress });
    for (const place of [many, few, spoilt]) if (existsSync(place)) rmSync(place, { recursive: true });
    // The quickest: what else the machine does is no cost of the queue's.
    const quickest = (of: Outcome): number => Math.round(Math.min(...of.startMs));
    const told = ({ expected, lost, twice }: Outcome): string =>
      `of ${expected} due ${lost} lost, ${twice} twice`;
    const required = "lost 0, none twice, a start at most 2 s longer than with 24";
    return [
      {
        what: `${count} messages left by ${ref}; kill -9 at random while this release starts`,
        count: `${rounds} kills`,
        required,
        measured: `${told(outcome)}; a start takes ${quickest(outcome)} ms, with 24 messages ${quickest(small)} ms`,
        held:
          outcome.lost === 0 &&
          outcome.twice === 0 &&
          small.lost === 0 &&
          quickest(outcome) < quickest(small) + 2_000,
      },
      {
        what: "the journal of the release before is removed",
        count: "once",
        required,
        measured: told(control),
        held: control.lost === 0 && control.twice === 0,
        control: true,
      },
    ];
  },
};
