/** What a queue of a million costs nodes and their database. */
import { openSession } from "../src/cluster/database/session.ts";
import type { SpoolInspection } from "../src/spool/spool-inspection.ts";
import type { Spool } from "../src/spool/spool.ts";
import type { TestPostgres } from "../test/lab/postgres.ts";
import { median } from "./median.ts";
import { readNodes } from "./node-load.ts";
import { acceptOne, readSpool, settleAll } from "./spool-load.ts";

/** A queue as a next hop leaves it that is down, made by the database of one message. */
export async function readDeepQueue(
  server: TestPostgres,
  queued: number,
  messages: number,
  nodeOn: (server: TestPostgres, schema: string) => Promise<Spool & SpoolInspection>,
) {
  const [deep, empty] = [await nodeOn(server, "deep"), await nodeOn(server, "empty")];
  // Nobody has room for the first one: it waits.
  deep.onAccepted({ hasRoom: () => false, take: () => undefined, waits: () => undefined });
  await acceptOne(deep);
  const [record] = await server.ask<{ bytes: number }>(
    "select octet_length(record) as bytes from deep.message limit 1",
  );
  await server.ask(`insert into deep.message (id, record)
    select m.id - n, m.record from deep.message m, generate_series(1, ${queued}) n`);
  await server.ask(`insert into deep.entry (id, queue, due_at, arrived_at, state)
    select e.id - n, 'q' || (n % 200), e.due_at - n % 1000, e.arrived_at, e.state
      from deep.entry e, generate_series(1, ${queued}) n`);
  // As it stands when it has waited for a while: what a million inserts leave to be done would be done beside the reading.
  await server.ask("vacuum (analyze) deep.message, deep.entry");
  await server.ask("checkpoint");
  const atRest = await readNodes(
    ["empty", "deep"].map((schema) => ({
      kind: "rest" as const,
      name: "rest",
      settings: server.settings(schema),
    })),
  );
  const [ofDeep, ofEmpty] = [settleAll(deep), settleAll(empty)];
  const ratios: number[] = [];
  for (let round = 0; round < 4; round++) {
    const one = await readSpool(empty, ofEmpty, 100, messages);
    const other = await readSpool(deep, ofDeep, 100, messages);
    if (round > 0) ratios.push(other.perSecond / one.perSecond);
  }
  const claimsOf = async (from: number, isAlone: boolean): Promise<number> => {
    const times: number[] = [];
    for (let n = from; n < from + 40; n++) {
      const since = performance.now();
      const held = await deep.claim(`q${n}`, 128, Number.MAX_SAFE_INTEGER);
      times.push(performance.now() - since);
      for (const claim of held) deep.release(claim);
      // Answers when they are back.
      if (isAlone) await deep.oldestSince(`q${n}`);
    }
    return median(times);
  };
  const claimMs = await claimsOf(0, true);
  const crowdedClaimMs = await claimsOf(40, false);
  let worked = 0;
  const since = performance.now();
  for (let n = 0; performance.now() - since < 3_000; n++) {
    const held = await deep.claim(`q${100 + (n % 100)}`, 128, Number.MAX_SAFE_INTEGER);
    await Promise.all(
      held.map((claim) =>
        deep.settle(
          claim,
          claim.recipients.map(({ index }) => ({ kind: "done" as const, index })),
        ),
      ),
    );
    worked += held.length;
  }
  const workedPerSecond = (1_000 * worked) / (performance.now() - since);
  // On one connection, as a node asks: the first call of each compiles and plans.
  const session = openSession(server.settings("deep"), "bench", { timeoutMs: 60_000 });
  const timed = async (text: string): Promise<number> => {
    const all: number[] = [];
    for (let n = 0; n < 6; n++) {
      const rows = await session.query<{ "QUERY PLAN": readonly { "Execution Time": number }[] }>(
        `explain (analyze, timing off, format json) ${text}`,
      );
      if (n > 0) all.push(rows[0]?.["QUERY PLAN"][0]?.["Execution Time"] ?? NaN);
    }
    return median(all);
  };
  const countsMs = await timed("select * from deep.summary_1()");
  const dueMs = await timed("select * from deep.due_1()");
  session.close();
  return {
    queued,
    recordBytes: record?.bytes ?? NaN,
    memoryMb: (atRest[1]?.memoryMb ?? NaN) - (atRest[0]?.memoryMb ?? NaN),
    acceptRatio: median(ratios),
    claimMs,
    /** While the 128 before are put back. */
    crowdedClaimMs,
    workedPerSecond,
    countsMs,
    dueMs,
  };
}
