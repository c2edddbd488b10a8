/** The database's disk is full: a disk of our own, with data or with its log of writes. */
import { chownSync, mkdirSync, openSync, writeSync, closeSync, rmSync, statfsSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { onInterrupt } from "../../../../bench/interrupt.ts";
import { databaseUser, startPostgres, type TestPostgres } from "../../../lab/postgres.ts";
import type { Finding, Part } from "../part.ts";
import { atMostInFlight, goneForGood, underLoad, waitingMail, type Harm } from "./nodes/harm.ts";
import { leaseMs, type RigDatabase } from "./nodes/node-rig.ts";

const sizeMb = 192;
const fullMs = 6_000;

/** A disk in memory, which is the server's. */
function makeDisk(at: string): { fill(): void; free(): void; remove(): void } {
  mkdirSync(at, { recursive: true });
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeMb}m`, "tmpfs", at]);
  const unmount = (): void => void execFileSync("umount", ["-l", at]);
  const forget = onInterrupt(unmount);
  const who = databaseUser();
  if (who !== undefined) chownSync(at, who.uid, who.gid);
  const filler = join(at, "filler");
  return {
    fill() {
      const file = openSync(filler, "w");
      try {
        const block = Buffer.alloc(64 * 1024);
        for (;;) writeSync(file, block);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(filler, { force: true }),
    remove() {
      unmount();
      forget();
    },
  };
}

/** What is free between two fills is used up again at once: deletes give some back. */
async function keepFull(at: string, disk: ReturnType<typeof makeDisk>, forMs: number): Promise<void> {
  const until = Date.now() + forMs;
  while (Date.now() < until) {
    if (statfsSync(at).bavail > 0) disk.fill();
    await delay(50);
  }
}

/** Files of the log that stand ready would carry a server over the time for which its disk is full. */
async function useUpLog(server: Pick<TestPostgres, "ask">, forMs: number): Promise<void> {
  const until = Date.now() + forMs;
  const goOn = () =>
    server.ask("select pg_switch_wal()").then(
      () => true,
      () => false,
    );
  while (Date.now() < until && (await goOn())) await delay(50);
}

export const nodesDisk: Part = {
  name: "nodes-disk",
  about: "two nodes, the database's disk full of data, or of its log of writes",
  needs: ["linux", "root", "postgres"],
  rounds: { usual: 3, quick: 1 },
  async run({ folder, rounds, seed, progress }) {
    const findings: Finding[] = [];
    for (const full of ["data", "wal"] as const) {
      progress(`the disk with ${full}`);
      const at = join(folder, `disk-${full}`);
      const disk = makeDisk(at);
      try {
        const server = await startPostgres({
          fsync: true,
          settings: { max_wal_size: "64MB", min_wal_size: "32MB" },
          ...(full === "data" ? { dataIn: at, walIn: serverFolder(folder) } : { walIn: at }),
        });
        const database: RigDatabase = {
          hosts: [server.folder],
          makeSchema: (schema) => server.withSchema(schema),
          stop: () => server.stop(),
        };
        const fill: Harm = async () => {
          const filling = keepFull(at, disk, fullMs);
          if (full === "wal") await useUpLog(server, fullMs);
          await filling;
          disk.free();
          // With its log full it ends, as it must.
          await server.start().catch(() => undefined);
          await delay(leaseMs * 2);
        };
        const result = await underLoad(fill, rounds, {
          folder: join(folder, full),
          seed,
          progress,
          nodes: 2,
          database,
        });
        const what = full === "data" ? "its data" : "its log of writes, so that it ends";
        const told = result.said.match(/No space left|could not extend|the database:/g)?.length ?? 0;
        findings.push(atMostInFlight(`the database's disk is full with ${what}`, rounds, result, 0), {
          what: "the same, by what the nodes told of it",
          count: `${told} times`,
          required: "something",
          measured: told > 0 ? "something" : "nothing",
          held: told > 0,
        });
      } finally {
        disk.remove();
      }
    }
    progress("a disk that has lost what waited");
    const server = await startPostgres({ fsync: true });
    const emptied: Harm = async ({ rig }) => {
      await waitingMail(rig);
      await server.ask("truncate weir.message, weir.entry");
      rig.away(false);
    };
    const without = await underLoad(emptied, 1, {
      folder: join(folder, "emptied"),
      seed: seed + 1,
      progress,
      nodes: 2,
      database: {
        hosts: [server.folder],
        makeSchema: (schema) => server.withSchema(schema),
        stop: () => server.stop(),
      },
    });
    findings.push(goneForGood("the same with a database that has lost the mail that waited", without));
    return findings;
  },
};

function serverFolder(folder: string): string {
  const at = join(folder, "wal-elsewhere");
  mkdirSync(at, { recursive: true });
  const who = databaseUser();
  if (who !== undefined) chownSync(at, who.uid, who.gid);
  return at;
}
