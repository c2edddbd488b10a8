/** A node of its own process under load, as nodes are run: forked, told what to do, and answers with what it measured. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { openDatabase } from "../src/cluster/database/database.ts";
import { createPostgresLedger } from "../src/cluster/ledger/postgres-ledger.ts";
import { joinCluster } from "../src/cluster/membership/membership.ts";
import type { DatabaseSettings } from "../src/core/policy/cluster-settings.ts";
import { createSystemClock } from "../src/ports/system-ports.ts";
import { openNode } from "../test/lab/postgres-spool.ts";
import { memoryMbNow } from "./collected-memory.ts";
import { onInterrupt } from "./interrupt.ts";
import { quantilesOf } from "./median.ts";
import { readSpool, settleAll } from "./spool-load.ts";

export type NodeTask = { readonly name: string; readonly settings: DatabaseSettings } &
  /** Nothing is asked of it. */
  (
    | { readonly kind: "rest" }
    | { readonly kind: "spool"; readonly writers: number; readonly messages: number }
    /** So many visitors, each for two milliseconds, of as many sources. */
    | { readonly kind: "door"; readonly visitors: number; readonly seconds: number }
  );

export interface NodeRead {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of one at rest, without garbage. */
  readonly memoryMb?: number;
}

const stayMs = 2;
const restMs = 2_500;
const limits = {
  maxInboundConnection: 5_000,
  maxInboundConnectionPerSource: 20,
  maxInboundConnectionPercentagePerSource: 100,
};

/** All begin at once, when each of them is ready. */
export async function readNodes(tasks: readonly NodeTask[]): Promise<readonly NodeRead[]> {
  const children = tasks.map(() => fork(fileURLToPath(import.meta.url), ["node"]));
  const forget = onInterrupt(() => children.forEach((child) => child.kill("SIGKILL")));
  const heard = async (child: (typeof children)[number]): Promise<unknown> => {
    const [message] = await Promise.race([
      once(child, "message"),
      once(child, "exit").then(([code]) => Promise.reject(new Error(`a node ended with ${code}`))),
    ]);
    return message;
  };
  try {
    await Promise.all(
      children.map((child, n) => {
        const ready = heard(child);
        child.send(tasks[n] as NodeTask);
        return ready;
      }),
    );
    return (await Promise.all(
      children.map((child) => {
        const read = heard(child);
        child.send("go");
        return read;
      }),
    )) as NodeRead[];
  } finally {
    for (const child of children) child.kill("SIGKILL");
    forget();
  }
}

async function work(task: NodeTask): Promise<void> {
  const told = (message: unknown): Promise<void> =>
    new Promise((resolve) => process.send?.(message, undefined, undefined, () => resolve()));
  const { name, settings } = task;
  if (task.kind === "rest") {
    const { spool } = await openNode({ clock: createSystemClock(), settings, name });
    await told("ready");
    await once(process, "message");
    // Some looks at what is due, and a count of all, as for a person.
    await new Promise((resolve) => setTimeout(resolve, restMs));
    spool.queues();
    await new Promise((resolve) => setTimeout(resolve, restMs));
    return told({ perSecond: NaN, p50Ms: NaN, p99Ms: NaN, memoryMb: memoryMbNow() } satisfies NodeRead);
  }
  if (task.kind === "spool") {
    const { spool } = await openNode({ clock: createSystemClock(), settings, name });
    const settled = settleAll(spool);
    await readSpool(spool, settled, task.writers, Math.ceil(task.messages / 5));
    await told("ready");
    await once(process, "message");
    const { perSecond, p50Ms } = await readSpool(spool, settled, task.writers, task.messages);
    return told({ perSecond, p50Ms, p99Ms: NaN } satisfies NodeRead);
  }
  const database = openDatabase(settings);
  const leaseMs = 10_000;
  const membership = await joinCluster(database, { name, installation: name, leaseMs, version: "bench" });
  const ledger = createPostgresLedger({ database, membership });
  const first = await ledger.enter("In", "first", limits);
  if ("lease" in first) first.lease.end();
  await told("ready");
  await once(process, "message");
  const times: number[] = [];
  const startedAt = performance.now();
  const until = startedAt + task.seconds * 1_000;
  const visitor = async (n: number): Promise<void> => {
    while (performance.now() < until) {
      const since = performance.now();
      const entry = await ledger.enter("In", `${name} ${n}`, limits);
      times.push(performance.now() - since);
      if (task.visitors > 1) await new Promise((resolve) => setTimeout(resolve, stayMs));
      if ("lease" in entry) entry.lease.end();
      if (task.visitors === 1) await new Promise((resolve) => setTimeout(resolve, stayMs));
    }
  };
  await Promise.all(Array.from({ length: task.visitors }, (_, n) => visitor(n)));
  const at = quantilesOf(times);
  return told({
    perSecond: (1_000 * times.length) / (performance.now() - startedAt),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  } satisfies NodeRead);
}

if (process.argv[2] === "node" && process.send !== undefined)
  process.once("message", (task) => {
    void work(task as NodeTask).catch((error: unknown) => {
      console.error(error);
      process.exit(1);
    });
  });
