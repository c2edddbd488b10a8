/** Spools for suites that hold on each of them, under a fake clock that waits for a real disk. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLmdbSpool } from "../spool/lmdb-spool.ts";
import { createFakeClock, type FakeClock } from "./fake-clock.ts";
import { createMemorySpool, type MemorySpool } from "./memory-spool.ts";

export const spoolKinds = ["memory", "LMDB"] as const;
export type SpoolKind = (typeof spoolKinds)[number];

export interface TestedSpool {
  readonly clock: FakeClock;
  readonly spool: MemorySpool;
  /** Closes it and opens it again as after a stop, at another time when one is given. Claims held are dropped. */
  reopen(startMs?: number): Promise<TestedSpool>;
  close(): Promise<void>;
}

/** Where flushes cost nothing: these suites pull no plug. */
const memoryDisk = "/dev/shm";

/** `startMs`: milliseconds since the epoch. `knowsEarlierRuns`: a long time between two openings does not count to the age of mail. */
export async function openTestedSpool(
  kind: SpoolKind,
  startMs?: number,
  knowsEarlierRuns = false,
): Promise<TestedSpool> {
  const directory =
    kind === "LMDB"
      ? await mkdtemp(join(existsSync(memoryDisk) ? memoryDisk : tmpdir(), "weir-spool-"))
      : undefined;
  let kept: MemorySpool | undefined;

  const open = async (openedAt: number | undefined): Promise<TestedSpool> => {
    let calls = 0;
    const clock = createFakeClock(openedAt, () => calls > 0);
    const opened =
      directory === undefined
        ? createMemorySpool({
            clock,
            knowsEarlierRuns,
            ...(kept === undefined ? undefined : { earlier: kept }),
          })
        : await openLmdbSpool({
            directory,
            clock,
            ...(knowsEarlierRuns ? { earlierRunsFile: join(directory, "earlier-runs.json") } : {}),
            journal: { segmentBytes: { least: 65_536, most: 65_536 } },
          });
    const spool: MemorySpool = counted<MemorySpool>(opened, (change) => (calls += change));
    const close = async (): Promise<void> => {
      await opened.close();
    };
    return {
      clock,
      spool,
      async reopen(at = clock.now()) {
        await close();
        if (directory === undefined) kept = opened;
        return open(at);
      },
      async close() {
        await close();
        if (directory !== undefined) await rm(directory, { recursive: true, force: true });
      },
    };
  };
  return open(startMs);
}

/** The same; `count` hears of each call that begins (1) and of its end (-1). */
function counted<Target extends object>(object: Target, count: (change: 1 | -1) => void): Target {
  return new Proxy(object, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function" || name === "whenFinished") return value;
      return (...values: readonly unknown[]): unknown => {
        const result: unknown = Reflect.apply(value, target, values);
        if (name === "walkOld") return counted(result as object, count);
        if (!(result instanceof Promise)) return result;
        count(1);
        const ended = (): void => count(-1);
        result.then(ended, ended);
        return result;
      };
    },
  });
}
