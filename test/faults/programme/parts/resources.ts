/** Too few descriptors, too little memory. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { NotStarted } from "../../crash-rounds.ts";
import { seededRandom } from "../../random.ts";
import type { Part, PartOptions } from "../part.ts";
import { idleConnections } from "../rig/idle-connections.ts";
import { memoryCgroup } from "../rig/memory-cgroup.ts";
import { relayRig } from "../rig/relay-rig.ts";
import { nothingLost, tallyText } from "../rig/tally-text.ts";

const connections = 1_000;
const usualDescriptors = 256;
/** Weir holds some 30 before its first client: with 20 it cannot open its spool. With 40 it takes mail. */
const tooFewDescriptors = 20;
const usualMemoryMb = 512;
const tooLittleMemoryMb = 96;
const largeMessages = 50;
const largeBytes = 24 * 1024 * 1024;
/** Behind the end of the crowd; a busy machine included. */
const mostRecoveryMs = 5_000;

type RigOptions = Pick<PartOptions, "folder" | "seed">;

async function descriptors({ folder, seed }: RigOptions, files: number) {
  mkdirSync(folder);
  const rig = await relayRig({ folder, domains: ["one.example"], random: seededRandom(seed) });
  const required = `goes on, takes mail ${mostRecoveryMs / 1000} s after, lost 0`;
  const count = `${connections} connections`;
  try {
    const relay = await rig.start({ under: ["prlimit", `--nofile=${files}:${files}`] });
    const stop = rig.load(4, { bodyBytes: (random) => Math.floor(random() * 100_000) });
    await delay(500);
    const crowd = await idleConnections(rig.port, connections);
    await delay(2_000);
    const greeted = crowd.greeted();
    crowd.close();
    const before = rig.tally.acknowledged();
    const since = performance.now();
    while (rig.tally.acknowledged() === before && performance.now() - since < 30_000) await delay(10);
    const recoveryMs = performance.now() - since;
    await stop();
    await rig.drained();
    const tally = rig.tally.result();
    const alive = relay.process.exitCode === null && relay.process.signalCode === null;
    const recovery = `takes mail ${(recoveryMs / 1000).toFixed(1)} s after`;
    return {
      count,
      required,
      measured: `${greeted} greeted; ${alive ? recovery : "ended"}; ${tallyText(tally)}`,
      held: alive && recoveryMs <= mostRecoveryMs && nothingLost(tally) && greeted < connections,
    };
  } catch (error) {
    if (!(error instanceof NotStarted)) throw error;
    return { count, required, measured: "does not start", held: false };
  } finally {
    await rig.close();
  }
}

async function memory({ folder, seed }: RigOptions, limitMb: number) {
  mkdirSync(folder);
  const rig = await relayRig({ folder, domains: ["one.example"], random: seededRandom(seed) });
  const cgroup = memoryCgroup(limitMb * 2 ** 20);
  const required = "no process ended for want of memory, lost 0";
  const count = `${largeMessages} × 25 MB, ${connections} connections`;
  let refused = 0;
  try {
    const relay = await rig.start({ under: cgroup.under });
    const crowd = await idleConnections(rig.port, connections);
    const stop = rig.load(largeMessages, { bodyBytes: () => largeBytes, onFailure: () => refused++ });
    const ended = (): boolean => relay.process.exitCode !== null || relay.process.signalCode !== null;
    const end = Date.now() + 60_000;
    while (rig.tally.acknowledged() < largeMessages && Date.now() < end && !ended()) await delay(100);
    crowd.close();
    await stop();
    if (!ended()) await rig.drained(20_000);
    const tally = rig.tally.result();
    const killed = ended() || cgroup.killed() > 0;
    const peakMb = (cgroup.peakBytes() / 2 ** 20).toFixed(0);
    return {
      count,
      required,
      measured: `${killed ? "killed" : "not killed"}, peak ${peakMb} MB with the page cache; ${refused} refused or broken off; ${tallyText(tally)}`,
      held: !killed && nothingLost(tally),
    };
  } catch (error) {
    if (!(error instanceof NotStarted)) throw error;
    const measured = cgroup.killed() > 0 ? "killed at its start" : "did not start in time";
    return { count, required, measured, held: false };
  } finally {
    await rig.close();
    await cgroup.remove();
  }
}

export const resources: Part = {
  name: "resources",
  about: "256 descriptors and 1,000 connections; 512 MB, 50 × 25 MB at once and 1,000 connections",
  needs: ["linux", "root", "prlimit", "memoryCgroup"],
  rounds: { usual: 1, quick: 1 },
  async run({ folder, seed, progress }) {
    const at = (name: string): RigOptions => ({ folder: join(folder, name), seed });
    progress(`${usualDescriptors} descriptors`);
    const few = await descriptors(at("files"), usualDescriptors);
    progress(`control: ${tooFewDescriptors} descriptors`);
    const tooFew = await descriptors(at("too-few-files"), tooFewDescriptors);
    progress(`${usualMemoryMb} MB`);
    const little = await memory(at("memory"), usualMemoryMb);
    progress(`control: ${tooLittleMemoryMb} MB`);
    const tooLittle = await memory(at("too-little-memory"), tooLittleMemoryMb);
    return [
      { what: `\`ulimit -n ${usualDescriptors}\``, ...few },
      { what: `\`ulimit -n ${tooFewDescriptors}\`, with which nothing works`, ...tooFew, control: true },
      { what: `a cgroup of ${usualMemoryMb} MB`, ...little },
      { what: `one of ${tooLittleMemoryMb} MB, too little for Node`, ...tooLittle, control: true },
    ];
  },
};
