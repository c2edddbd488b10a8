/** A synchronous standby: promoted when its primary is killed, and away. */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promote, startPostgres, type TestPostgres, waitForStandby } from "../../../lab/postgres.ts";
import type { Finding, Part } from "../part.ts";
import { atMostInFlight, times, underLoad, visitorFinding, type Harm } from "./nodes/harm.ts";
import { leaseMs, type RigDatabase } from "./nodes/node-rig.ts";

/** Two servers that change places; each has its socket where it was. */
interface Pair extends RigDatabase {
  primary: TestPostgres;
  standby: TestPostgres;
}

async function startPair(): Promise<Pair> {
  const primary = await startPostgres({ fsync: true });
  const standby = await startPostgres({ fsync: true, follows: primary });
  await waitForStandby(primary);
  const pair: Pair = {
    primary,
    standby,
    hosts: [primary.folder, standby.folder],
    makeSchema: (schema) => pair.primary.withSchema(schema),
    async stop() {
      // The standby first: its primary would wait for it.
      await pair.standby.stop();
      await pair.primary.stop();
    },
  };
  return pair;
}

/** As an HA manager does it: seen after some tenths of a second, promoted, and a new standby is made of the old primary. */
const failOver =
  (pair: Pair): Harm =>
  async () => {
    const former = pair.primary;
    await former.kill();
    await delay(300);
    await promote(pair.standby);
    pair.primary = pair.standby;
    await delay(leaseMs);
    await former.follow(pair.primary);
    pair.standby = former;
    await waitForStandby(pair.primary);
  };

/** Longer than a node waits before it says that nothing is kept. */
const awayMs = 13_000;

export const nodesStandby: Part = {
  name: "nodes-standby",
  about:
    "two nodes, the primary killed and its synchronous standby promoted; half as often as nodes are killed; the standby away",
  needs: ["linux", "postgres"],
  rounds: { usual: 20, quick: 2 },
  async run({ folder, rounds, seed, progress }) {
    const findings: Finding[] = [];
    const promotions = Math.max(1, Math.round(rounds / 2));
    const pair = await startPair();
    const over = await underLoad(failOver(pair), promotions, {
      folder: join(folder, "promoted"),
      seed,
      progress,
      nodes: 2,
      database: pair,
    });
    findings.push(
      atMostInFlight("the primary is killed under load, its standby promoted", promotions, over, 0),
      visitorFinding("the same", over),
    );

    const other = await startPair();
    let before = 0;
    let acknowledged = 0;
    const away = await underLoad(
      async ({ rig }) => {
        await other.standby.kill();
        await delay(1_000);
        before = rig.tally.acknowledged();
        await delay(awayMs);
        acknowledged = rig.tally.acknowledged() - before;
        await other.standby.start();
        await delay(leaseMs);
      },
      1,
      { folder: join(folder, "away"), seed: seed + 1, progress, nodes: 2, database: other },
    );
    findings.push(
      {
        what: "the standby is away: acknowledged meanwhile",
        count: `${awayMs / 1_000} s`,
        required: "nothing",
        measured: `${acknowledged}`,
        held: acknowledged === 0,
      },
      atMostInFlight("the same, once it is back", 1, away, 0),
    );

    progress("a standby that nobody waits for");
    const loose = await startPair();
    await loose.primary.ask("alter system reset synchronous_standby_names");
    await loose.primary.ask("select pg_reload_conf()");
    const lossy = await underLoad(
      async () => {
        // It is some messages behind.
        await loose.standby.ask("alter system set primary_conninfo = ''");
        await loose.standby.ask("select pg_reload_conf()");
        await delay(1_500);
        await loose.primary.kill();
        await promote(loose.standby);
        loose.primary = loose.standby;
        await delay(leaseMs);
      },
      1,
      { folder: join(folder, "loose"), seed: seed + 2, progress, nodes: 2, database: loose },
    );
    findings.push({
      ...atMostInFlight("the same with a standby that nobody waits for, and that is behind", 1, lossy, 0),
      count: times(1),
      control: true,
    });
    return findings;
  },
};
