/** The same load through several servers in turn, A B A B, after each has warmed up. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../src/testing/free-port.ts";
import { type Load, type Reading, measure, measureTools } from "./load.ts";
import { median } from "./median.ts";
import type { Peer, PeerKind } from "./peers/peer.ts";
import { progress } from "./progress.ts";
import { startSmallInternet } from "./small-internet.ts";

export interface PeerReadings {
  readonly name: string;
  readonly version: string;
  readonly readings: readonly Reading[];
  /** Each figure's median over the rounds. */
  readonly median: Reading;
  /** The highest of any second, where the peer tells it. */
  readonly eventLoopLagP99Ms: number | undefined;
}

export interface Comparison {
  readonly load: Load;
  /** smtp-source straight into smtp-sink; the median over the rounds. */
  readonly toolsPerSecond: number;
  readonly peers: readonly PeerReadings[];
}

/** Starts each kind in a folder of its own below `folder`, which must not hold them yet. */
export async function compare(
  kinds: readonly PeerKind[],
  load: Load,
  options: { readonly rounds: number; readonly folder: string; readonly warmUp?: boolean },
): Promise<Comparison> {
  const sinkPort = await freePort();
  const internet = load.sites === undefined ? undefined : await startSmallInternet({ sites: load.sites });
  const peers: Peer[] = [];
  const readings = new Map<Peer, Reading[]>();
  try {
    for (const kind of kinds) {
      const directory = join(options.folder, load.name, kind.name);
      mkdirSync(directory, { recursive: true });
      const peer = await kind.start({
        directory,
        sinkPort,
        ...(load.nextHopConnections !== undefined && { nextHopConnections: load.nextHopConnections }),
        ...(internet && { internet }),
      });
      peers.push(peer);
      readings.set(peer, []);
    }
    if (options.warmUp !== false) {
      progress(`${load.name}: a warm-up as long as a round`);
      for (const peer of peers) await measure(peer, sinkPort, load, internet);
    }
    const tools: number[] = [];
    const since = Date.now();
    for (let round = 1; round <= options.rounds; round++) {
      progress(`${load.name}: the tools back to back, round ${round} of ${options.rounds}`);
      tools.push(await measureTools(sinkPort, load, internet));
      for (const peer of peers) {
        progress(`${load.name}: ${peer.name}, round ${round} of ${options.rounds}`);
        readings.get(peer)?.push(await measure(peer, sinkPort, load, internet));
      }
    }
    const results: PeerReadings[] = [];
    for (const [peer, all] of readings) {
      const { name, version } = peer;
      const eventLoopLagP99Ms = await peer.eventLoopLagP99Ms?.(since);
      results.push({ name, version, readings: all, median: medianReading(all), eventLoopLagP99Ms });
    }
    return { load, toolsPerSecond: median(tools), peers: results };
  } finally {
    await Promise.allSettled(peers.map((peer) => peer.stop()));
    internet?.stop();
  }
}

function medianReading(all: readonly Reading[]): Reading {
  const of = (name: keyof Reading): number => median(all.map((reading) => reading[name]));
  return {
    acceptedPerSecond: of("acceptedPerSecond"),
    endToEndPerSecond: of("endToEndPerSecond"),
    cpuMicrosPerMessage: of("cpuMicrosPerMessage"),
    peakResidentBytes: of("peakResidentBytes"),
    p50Ms: of("p50Ms"),
    p99Ms: of("p99Ms"),
    maxMs: of("maxMs"),
  };
}
