/** A single relay's queue on its way into the database, with the command killed (SIGKILL) while it moves. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createSystemClock } from "../../../../src/ports/system-ports.ts";
import { openLmdbSpool } from "../../../../src/spool/lmdb-spool.ts";
import { acceptMessage, envelopeTo, patterned } from "../../../../src/testing/spool-messages.ts";
import { spawnRelay } from "../../../../src/testing/spawn-relay.ts";
import { startPostgres } from "../../../lab/postgres.ts";
import { seededRandom } from "../../random.ts";
import type { Finding, Part } from "../part.ts";

const messages = 3_000;
/** Every so many one has a content of its own file. */
const everyLarge = 50;
const killsPerRound = 6;

interface Moved {
  readonly lost: number;
  readonly twice: number;
  readonly kills: number;
}

export const nodesImport: Part = {
  name: "nodes-import",
  about: `a queue of ${messages} messages moved into the database, the command killed ${killsPerRound} times, nodes delivering meanwhile`,
  needs: ["linux", "postgres"],
  rounds: { usual: 5, quick: 1 },
  async run({ folder, rounds, seed, progress }) {
    const random = seededRandom(seed);
    const server = await startPostgres({ fsync: true });
    /** `forgets`: how far the move is, is lost with each kill. */
    const round = async (n: string, forgets: boolean): Promise<Moved> => {
      const directory = join(folder, n);
      const schema = `moved${n}`;
      await server.withSchema(schema);
      const spool = await openLmdbSpool({
        directory: join(directory, "data", "spool"),
        clock: createSystemClock(),
      });
      await Promise.all(
        Array.from({ length: messages }, (_, at) => {
          const content = patterned(at % everyLarge === 0 ? 300_000 : 500, at);
          return acceptMessage(spool, content, envelopeTo(`to${at}@test`));
        }),
      );
      await spool.close();
      const config = join(directory, "weir.yaml");
      await writeFile(
        config,
        `hostname: relay.test\ndataDirectory: data\ncluster:\n  node: a\n  database: { hosts: ["${server.folder}"], name: postgres, user: weir, schema: ${schema} }\n`,
      );
      // By its recipient: a message of the last second comes under another number.
      const which = `substring(encode(m.record, 'escape') from 'to(\\d+)@test')::int as at`;
      const delivered: number[] = [];
      const deliver = async (): Promise<void> => {
        const gone = await server.ask<{ at: number }>(
          `with d as (delete from ${schema}.entry where id in (select id from ${schema}.entry limit 200) returning id)
           delete from ${schema}.message m using d where m.id = d.id returning ${which}`,
        );
        delivered.push(...gone.map(({ at }) => at));
      };
      let kills = 0;
      for (let tries = 0; ; tries++) {
        const command = await spawnRelay(["cluster", "import", "--config", config], { cwd: directory });
        if (tries < killsPerRound) {
          // Somewhere in it, by what stands in the database.
          const stopAt = Math.floor(((tries + random()) * messages) / killsPerRound);
          for (let looks = 0; looks < 3_000; looks++) {
            const [row] = await server.ask<{ last: string }>(
              `select coalesce(sum(messages), 0) as last from ${schema}.import`,
            );
            if (Number(row?.last ?? 0) >= stopAt) break;
            await delay(5);
          }
          command.kill("SIGKILL");
        }
        const { code } = await command.exited;
        if (code === 0) break;
        if (tries >= killsPerRound) throw new Error(`the import failed: ${command.stderr()}`);
        kills++;
        await deliver();
        if (forgets)
          await server.ask(`update ${schema}.import set last_id = -1 where last_id < 9007199254740991`);
      }
      const left = await server.ask<{ at: number }>(
        `select ${which} from ${schema}.entry e join ${schema}.message m on m.id = e.id`,
      );
      const all = [...delivered, ...left.map(({ at }) => at)];
      const { size } = new Set(all);
      return { lost: messages - size, twice: all.length - size, kills };
    };
    try {
      const total = { lost: 0, twice: 0, kills: 0 };
      for (let n = 0; n < rounds; n++) {
        progress(`round ${n + 1} of ${rounds}`);
        const { lost, twice, kills } = await round(String(n), false);
        total.lost += lost;
        total.twice += twice;
        total.kills += kills;
      }
      progress("the same, forgetting how far it is");
      const spoilt = await round("spoilt", true);
      const required = "nothing lost, nothing twice";
      const finding = (what: string, count: string, { lost, twice }: Moved): Finding => ({
        what,
        count,
        required,
        measured: `${lost} lost, ${twice} twice`,
        held: lost === 0 && twice === 0,
      });
      return [
        finding(
          "a queue is moved into the database and the command killed, while nodes deliver",
          `${total.kills} kills, ${rounds * messages} messages`,
          total,
        ),
        {
          ...finding("the same, where it forgets how far it is", `${spoilt.kills} kills`, spoilt),
          control: true,
        },
      ];
    } finally {
      await server.stop();
    }
  },
};
