/** kill -9 at random moments while clients send; in the end everything acknowledged must have arrived, whole. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CrashRounds, type CrashRoundsResult, runCrashRounds } from "./crash-rounds.ts";

export interface KillRounds extends Omit<CrashRounds, "directory" | "nextHop" | "crash"> {
  /** In every second round the next hop is away, so that mail gathers in the spool. */
  readonly outages: boolean;
}

export async function runKillRounds(options: KillRounds): Promise<CrashRoundsResult> {
  const directory = await mkdtemp(join(tmpdir(), "weir-kill-"));
  try {
    return await runCrashRounds({
      ...options,
      directory,
      nextHop: (round) => (options.outages && round % 2 === 0 ? "down" : "up"),
      async crash(relay) {
        relay.kill("SIGKILL");
        await relay.exited;
      },
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
