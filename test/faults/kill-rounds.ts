/** kill -9 at random moments while clients send; in the end everything acknowledged must have arrived, whole. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../src/testing/free-port.ts";
import { startRecordingSink } from "../../src/testing/recording-sink.ts";
import { type SpawnedRelay, spawnRelay } from "../../src/testing/spawn-relay.ts";
import { configuration } from "../journeys/configuration.ts";
import { runLoadClient } from "./load-client.ts";
import { seededRandom } from "./random.ts";
import { type TallyResult, createTally } from "./tally.ts";

export interface KillRounds {
  readonly rounds: number;
  readonly clients: number;
  readonly seed: number;
  /** Longest life of a relay under load, from its start, in milliseconds. */
  readonly longestLifeMs: number;
  /** A life ends before that after a random number of acknowledgements up to this one, however quick the machine is. */
  readonly mostAcknowledgements: number;
  /** In every second round the next hop is away, so that mail gathers in the spool. */
  readonly outages: boolean;
  readonly drainMs: number;
  readonly onRound?: (round: number, result: TallyResult, startMs: number) => void;
}

export interface KillRoundsResult extends TallyResult {
  /** From spawn to listening, one for each start, in milliseconds. */
  readonly startMs: readonly number[];
  /** What the last relay said; for failure messages. */
  readonly stderr: string;
}

export async function runKillRounds(options: KillRounds): Promise<KillRoundsResult> {
  const random = seededRandom(options.seed);
  const directory = await mkdtemp(join(tmpdir(), "weir-kill-"));
  const tally = createTally();
  let away = false;
  const sink = await startRecordingSink({
    keepContent: false,
    onMessage: ({ content }) => tally.arrive(content),
    behave: ({ at }) => (away && at === "connect" ? { reply: "421 4.3.2 Away" } : undefined),
  });
  const port = await freePort();
  const configFile = join(directory, "weir.yaml");
  await writeFile(configFile, configuration({ port, sinkPort: sink.port }));

  const startMs: number[] = [];
  let relay: SpawnedRelay | undefined;
  const startRelay = async (): Promise<SpawnedRelay> => {
    const since = performance.now();
    relay = await spawnRelay(["start", "--config", configFile], { cwd: directory });
    await relay.said(/Listening on/, 30_000);
    startMs.push(performance.now() - since);
    return relay;
  };

  let stopped = false;
  const clients = Array.from({ length: options.clients }, (_, i) =>
    runLoadClient({ port, name: `c${i}`, tally, random, stopped: () => stopped }),
  );
  try {
    for (let round = 1; round <= options.rounds; round++) {
      away = options.outages && round % 2 === 0;
      const running = await startRelay();
      const enough = tally.acknowledged() + random() * options.mostAcknowledgements;
      const end = performance.now() + 50 + random() * options.longestLifeMs;
      while (performance.now() < end && tally.acknowledged() < enough) await delay(5);
      await delay(random() * 10);
      running.kill("SIGKILL");
      await running.exited;
      options.onRound?.(round, tally.result(), startMs.at(-1) ?? 0);
    }
    stopped = true;
    await Promise.all(clients);
    away = false;
    const last = await startRelay();
    const deadline = Date.now() + options.drainMs;
    while (!tally.complete() && Date.now() < deadline) await delay(50);
    last.kill("SIGTERM");
    await last.exited;
    return { ...tally.result(), startMs, stderr: last.stderr() };
  } finally {
    stopped = true;
    relay?.kill("SIGKILL");
    await relay?.exited;
    await sink.close();
    await rm(directory, { recursive: true, force: true });
  }
}
