/** The spool that several nodes share against that of one machine, on this disk, with and without a synchronous standby. */
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { SpoolInspection } from "../../src/spool/spool-inspection.ts";
import type { Spool } from "../../src/spool/spool.ts";
import { createSystemClock } from "../../src/ports/system-ports.ts";
import { openLmdbSpool } from "../../src/spool/lmdb-spool.ts";
import { noPostgres, startPostgres, type TestPostgres, waitForStandby } from "../../test/lab/postgres.ts";
import { openNode } from "../../test/lab/postgres-spool.ts";
import { compare } from "../compare.ts";
import { readDeepQueue } from "../deep-queue.ts";
import { openDiskProbe } from "../disk.ts";
import { readLargeBodies } from "../large-body.ts";
import { loadOf } from "../loads.ts";
import { median } from "../median.ts";
import { readNodes } from "../node-load.ts";
import { startWeir, weir } from "../peers/weir.ts";
import { cpuMicros } from "../process-tree.ts";
import { progress } from "../progress.ts";
import { readSpool, settleAll, type SpoolReading } from "../spool-load.ts";
import type { Mark, Run } from "./run.ts";

const writersOf = [100, 20, 1] as const;
type Kind = "LMDB" | "PostgreSQL" | "with a standby";
const kinds: readonly Kind[] = ["LMDB", "PostgreSQL", "with a standby"];

interface Measured extends SpoolReading {
  /** Of the server; microseconds a message. */
  readonly serverMicros: number;
  readonly walBytes: number;
}

interface Bench {
  readonly kind: Kind;
  readonly spool: Spool & SpoolInspection;
  readonly settled: () => Promise<unknown>;
  readonly server: TestPostgres | undefined;
}

export const postgres: Run = {
  name: "postgres",
  about: "the spool on PostgreSQL against LMDB, alone and end to end; as --spool postgres",
  isApart: true,
  missing: () => noPostgres,
  async run({ folder, rounds, messages, queued }) {
    // The server is not root.
    chmodSync(folder, 0o711);
    chmodSync(join(folder, ".."), 0o711);
    const clock = createSystemClock();
    const disk = openDiskProbe(folder);
    const plain = await startPostgres({ fsync: true, settings: serverSettings });
    const primary = await startPostgres({ fsync: true, settings: serverSettings });
    const standby = await startPostgres({ fsync: true, settings: serverSettings, follows: primary });
    await waitForStandby(primary);
    const ends: (() => Promise<unknown>)[] = [];
    try {
      const lmdb = await openLmdbSpool({ directory: join(folder, "lmdb"), clock });
      ends.push(() => lmdb.close());
      const nodeOn = async (server: TestPostgres, schema: string) => {
        const node = await openNode({ clock, settings: await server.withSchema(schema) });
        ends.push(() => node.close());
        return node.spool;
      };
      const benches: readonly Bench[] = [
        { kind: "LMDB", spool: lmdb, settled: settleAll(lmdb), server: undefined },
        ...(await Promise.all(
          (
            [
              ["PostgreSQL", plain],
              ["with a standby", primary],
            ] as const
          ).map(async ([kind, server]) => {
            const spool = await nodeOn(server, "weir");
            return { kind, spool, settled: settleAll(spool), server };
          }),
        )),
      ];
      const flushes = await disk.inPlace(100, 1);
      const readings = await readAll(benches, rounds, messages);
      const of = (kind: Kind, writers: number, figure: keyof Measured): number =>
        median((readings.get(`${kind} ${writers}`) ?? []).map((reading) => reading[figure]));
      const ratio = (kind: Kind, writers: number): number =>
        median(
          (readings.get(`${kind} ${writers}`) ?? []).map(
            (reading, at) => reading.perSecond / (readings.get(`LMDB ${writers}`)?.[at]?.perSecond ?? NaN),
          ),
        );
      progress("postgres: four nodes");
      const together = await fourNodes(plain, rounds, messages);
      progress("postgres: a deep queue");
      const deep = await readDeepQueue(plain, Math.max(...queued), messages, nodeOn);
      progress("postgres: a body of 36 MB");
      const body = await readLargeBodies(await nodeOn(plain, "bodies"), folder, rounds);
      progress("postgres: end to end");
      const endToEnd = await readEndToEnd(plain, folder, rounds, messages);
      const flushesPerSecond = 1_000 / median(flushes);
      const recordBytes = deep.recordBytes;
      const times = (value: number): string => `${value.toFixed(2)} ×`;
      const least = (name: string, required: number, value: number): Mark => ({
        name,
        required: `≥ ${required} ×`,
        measured: times(value),
        met: value >= required,
      });
      const most = (name: string, limit: number, value: number, unit: string, digits = 0): Mark => ({
        name,
        required: `≤ ${limit} ${unit}`,
        measured: `${value.toFixed(digits)} ${unit}`,
        met: value <= limit,
      });
      const marks: readonly Mark[] = [
        least("accept and settle, 100 writers, to LMDB", 0.6, ratio("PostgreSQL", 100)),
        least("the same, to fdatasync a second", 1.5, of("PostgreSQL", 100, "perSecond") / flushesPerSecond),
        least("20 writers, to LMDB", 0.6, ratio("PostgreSQL", 20)),
        least("100 writers with a standby, to LMDB", 0.5, ratio("with a standby", 100)),
        least("20 writers with a standby, to LMDB", 0.4, ratio("with a standby", 20)),
        most(
          "a lone message, p50, to LMDB's",
          3,
          of("PostgreSQL", 1, "p50Ms") / of("LMDB", 1, "p50Ms"),
          "×",
          1,
        ),
        most(
          "the same with a standby",
          4.5,
          of("with a standby", 1, "p50Ms") / of("LMDB", 1, "p50Ms"),
          "×",
          1,
        ),
        least("four nodes of 50 writers to one", 1.2, together.ratio),
        most("CPU of the server a message, 20 writers", 50, of("PostgreSQL", 20, "serverMicros"), "µs"),
        most(
          "CPU of the node a message, 20 writers, to LMDB's",
          1,
          (of("PostgreSQL", 20, "userMicros") + of("PostgreSQL", 20, "systemMicros")) /
            (of("LMDB", 20, "userMicros") + of("LMDB", 20, "systemMicros")),
          "×",
          2,
        ),
        most(
          "log of writes a message, 100 writers, to the record",
          1.3,
          of("PostgreSQL", 100, "walBytes") / recordBytes,
          "×",
          2,
        ),
        least("end to end, to Weir on LMDB", 0.8, endToEnd.ratio),
        least(`${deep.queued} queued: accept, to an empty queue`, 0.7, deep.acceptRatio),
        most("… claim of 128, p50", 10, deep.claimMs, "ms", 1),
        {
          name: "… one worker claims and deletes",
          required: "≥ 10000 a second",
          measured: deep.workedPerSecond.toFixed(0),
          met: deep.workedPerSecond >= 10_000,
        },
        most("… counts of 200 queues", 150, deep.countsMs, "ms"),
        most("… when each is due next", 5, deep.dueMs, "ms", 1),
        most("… memory of a node, beside one of an empty queue", 16, deep.memoryMb, "MB", 1),
        least("a body of 36 MB in, to a file of it", 0.25, body.inRatio),
        least("the same out, to the writing of a file", 0.5, body.outRatio),
        most("… memory of the node meanwhile, in", 4, body.inMb, "MB", 1),
        most("… and out", 4, body.outMb, "MB", 1),
      ];
      return {
        title: "Accept and settle of 4 KB: messages a second, and ms until an accept is durable (p50)",
        table: [
          ["writers", ...kinds],
          ...writersOf.map((writers) => [
            String(writers),
            ...kinds.map(
              (kind) =>
                `${of(kind, writers, "perSecond").toFixed(0)}; ${of(kind, writers, "p50Ms").toFixed(2)}`,
            ),
          ]),
        ],
        notes: [
          `One fdatasync of 4 KB in place takes ${median(flushes).toFixed(2)} ms. A message of 4 KB is a record of ${recordBytes} octets.`,
          `Four nodes of 50 writers: ${together.four.toFixed(0)} messages a second, one: ${together.one.toFixed(0)}. End to end: ${endToEnd.weir.toFixed(0)} on LMDB, ${endToEnd.postgres.toFixed(0)} on PostgreSQL.`,
          `A claim of 128 beside the commit that puts 128 back takes ${deep.crowdedClaimMs.toFixed(1)} ms (p50).`,
          "Node, database, standby and next hop share the processors and the disk, without a network.",
        ],
        marks,
      };
    } finally {
      for (const end of ends.toReversed()) await end().catch(() => undefined);
      await standby.stop();
      await Promise.all([plain.stop(), primary.stop()]);
      disk.close();
    }
  },
};

/** As docs/several-nodes.md says. */
const serverSettings = { shared_buffers: "300MB", max_wal_size: "4GB", wal_compression: "lz4" };

/** Interleaved: each kind in each round. The first round warms up. */
async function readAll(
  benches: readonly Bench[],
  rounds: number,
  messages: number,
): Promise<ReadonlyMap<string, readonly Measured[]>> {
  const readings = new Map<string, Measured[]>();
  for (let round = 0; round <= rounds; round++) {
    progress(`postgres: round ${round} of ${rounds}`);
    for (const writers of writersOf)
      for (const { kind, spool, settled, server } of benches) {
        const count = Math.max(1, Math.ceil(writers === 1 ? messages / 20 : messages));
        const before = server && (await costOf(server));
        const read = await readSpool(spool, settled, writers, count);
        const after = server && (await costOf(server));
        if (round === 0) continue;
        const key = `${kind} ${writers}`;
        readings.set(key, [
          ...(readings.get(key) ?? []),
          {
            ...read,
            serverMicros: ((after?.micros ?? 0) - (before?.micros ?? 0)) / count,
            walBytes: ((after?.wal ?? 0) - (before?.wal ?? 0)) / count,
          },
        ]);
      }
  }
  return readings;
}

async function costOf(server: TestPostgres): Promise<{ readonly micros: number; readonly wal: number }> {
  const [row] = await server.ask<{ wal: string }>("select pg_current_wal_insert_lsn() - '0/0' as wal");
  return { micros: cpuMicros(server.pid), wal: Number(row?.wal ?? 0) };
}

async function fourNodes(server: TestPostgres, rounds: number, messages: number) {
  const settings = await server.withSchema("four");
  const read = async (nodes: number): Promise<number> => {
    const all = await readNodes(
      Array.from({ length: nodes }, (_, n) => ({
        kind: "spool" as const,
        name: `n${n}`,
        settings,
        writers: 50,
        messages,
      })),
    );
    return all.reduce((sum, { perSecond }) => sum + perSecond, 0);
  };
  const [ones, fours]: [number[], number[]] = [[], []];
  for (let round = 0; round < Math.min(rounds, 3); round++) {
    ones.push(await read(1));
    fours.push(await read(4));
  }
  const ratio = median(fours.map((four, at) => four / (ones[at] ?? NaN)));
  return { one: median(ones), four: median(fours), ratio };
}

async function readEndToEnd(server: TestPostgres, folder: string, rounds: number, messages: number) {
  await server.withSchema("whole");
  const at = join(folder, "whole");
  mkdirSync(at);
  const database = `{ hosts: ["${server.folder}"], name: postgres, user: weir, schema: whole }`;
  const { peers } = await compare(
    [
      weir,
      {
        name: "weir-on-postgres",
        missing: () => undefined,
        start: (options) =>
          startWeir(options, { sections: ["cluster:", "  node: a", `  database: ${database}`] }),
      },
    ],
    loadOf("reuse", messages),
    { rounds, folder: at },
  );
  const [one, other] = peers.map(({ median: read }) => read.endToEndPerSecond);
  return { weir: one ?? NaN, postgres: other ?? NaN, ratio: (other ?? NaN) / (one ?? NaN) };
}
