/** Crashes of a kind at random moments while clients send; in the end everything acknowledged must have arrived, whole. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../src/testing/free-port.ts";
import { startRecordingSink } from "../../src/testing/recording-sink.ts";
import { placeSelfSigned } from "../../src/testing/self-signed-pairs.ts";
import { type SpawnedRelay, spawnRelay } from "../../src/testing/spawn-relay.ts";
import { configuration } from "../journeys/configuration.ts";
import { type LoadClientOptions, runLoadClient } from "./load-client.ts";
import { nothingMore } from "./nothing-more.ts";
import { seededRandom } from "./random.ts";
import { type TallyResult, createTally } from "./tally.ts";

export type NextHop = "up" | "down" | "slow";

export interface CrashRounds {
  /** Holds the configuration. */
  readonly directory: string;
  /** Default: below that. */
  readonly dataDirectory?: string;
  readonly rounds: number;
  readonly clients: number;
  readonly seed: number;
  /** Longest life of a relay under load, from its start, in milliseconds. */
  readonly longestLifeMs: number;
  /** A life ends before that after a random number of acknowledgements up to this one, however quick the machine is. */
  readonly mostAcknowledgements: number;
  /** The last life goes on until so many were acknowledged in all, however slow the machine is. Default: 0. */
  readonly leastAcknowledgements?: number;
  /** How the next hop is in a round, from 1. */
  readonly nextHop: (round: number) => NextHop;
  /** Ends the relay; resolves when the next one may start. */
  readonly crash: (relay: SpawnedRelay) => Promise<void>;
  readonly drainMs: number;
  /** When nothing has arrived for so long, nothing will. Default: 10 s. */
  readonly quietMs?: number;
  readonly bodyBytes?: LoadClientOptions["bodyBytes"];
  /** Of the relay's process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly onRound?: (round: number, result: TallyResult, startMs: number) => void;
}

export interface CrashRoundsResult extends TallyResult {
  /** From spawn to listening, one for each start, in milliseconds. */
  readonly startMs: readonly number[];
  /** What the last relay said; for failure messages. */
  readonly stderr: string;
}

/** A relay ended, or did not listen within a minute, when it was started after a crash. */
export class NotStarted extends Error {
  override readonly name = "NotStarted";
}

/** Several times the longest pause between attempts. */
const usualQuietMs = 10_000;
/** For a relay to listen, and for what the last life is to acknowledge. */
const longestWaitMs = 60_000;

/** Rejects with `NotStarted` when a relay does not start. */
export async function runCrashRounds(options: CrashRounds): Promise<CrashRoundsResult> {
  const { directory, quietMs = usualQuietMs, leastAcknowledgements = 0 } = options;
  const random = seededRandom(options.seed);
  const tally = createTally();
  let hop: NextHop = "up";
  const sink = await startRecordingSink({
    keepContent: false,
    onMessage: ({ content }) => tally.arrive(content),
    behave: ({ at }) => {
      if (hop === "down" && at === "connect") return { reply: "421 4.3.2 Away" };
      return hop === "slow" && at === "content" ? { reply: "", delayMs: 200 } : undefined;
    },
  });
  const port = await freePort();
  const httpPort = await freePort();
  const configFile = join(directory, "weir.yaml");
  const { dataDirectory = join(directory, "data") } = options;
  await placeSelfSigned(dataDirectory);
  await writeFile(configFile, configuration({ port, httpPort, sinkPort: sink.port, dataDirectory }));

  const startMs: number[] = [];
  let relay: SpawnedRelay | undefined;
  const startRelay = async (): Promise<SpawnedRelay> => {
    const since = performance.now();
    relay = await spawnRelay(["start", "--config", configFile], {
      cwd: directory,
      ...(options.env === undefined ? {} : { env: options.env }),
    });
    await relay.said(/Listening on/, longestWaitMs).catch((error: unknown) => {
      throw new NotStarted(String(error));
    });
    startMs.push(performance.now() - since);
    return relay;
  };

  let stopped = false;
  const { bodyBytes } = options;
  const clients = Array.from({ length: options.clients }, (_, i) =>
    runLoadClient({
      port,
      // Each door has its part of the load.
      ...(i % 3 === 2 ? { httpPort } : {}),
      name: `c${i}`,
      tally,
      random,
      stopped: () => stopped,
      ...(bodyBytes === undefined ? {} : { bodyBytes }),
    }),
  );
  try {
    for (let round = 1; round <= options.rounds; round++) {
      hop = options.nextHop(round);
      const running = await startRelay();
      const least = round === options.rounds ? leastAcknowledgements : 0;
      const enough = tally.acknowledged() + random() * options.mostAcknowledgements;
      const since = performance.now();
      const lifeMs = 50 + random() * options.longestLifeMs;
      const hasLived = (): boolean => {
        const agedMs = performance.now() - since;
        const isOver = agedMs >= lifeMs || tally.acknowledged() >= enough;
        return isOver && (tally.acknowledged() >= least || agedMs >= longestWaitMs);
      };
      while (!hasLived()) await delay(5);
      await delay(random() * 10);
      await options.crash(running);
      options.onRound?.(round, tally.result(), startMs.at(-1) ?? 0);
    }
    stopped = true;
    await Promise.all(clients);
    hop = "up";
    const last = await startRelay();
    const deadline = Date.now() + options.drainMs;
    let quietUntil = Date.now() + quietMs;
    for (let before = -1; !tally.complete() && Date.now() < Math.min(deadline, quietUntil); await delay(50)) {
      if (tally.arrived() !== before) quietUntil = Date.now() + quietMs;
      before = tally.arrived();
    }
    await nothingMore(tally);
    last.kill("SIGTERM");
    await last.exited;
    return { ...tally.result(), startMs, stderr: last.stderr() };
  } finally {
    stopped = true;
    relay?.kill("SIGKILL");
    await relay?.exited;
    await sink.close();
  }
}
