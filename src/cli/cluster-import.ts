/** `weir cluster import`: which queue is meant, whether it may be moved, and into which database. */
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { answeringSocket } from "../admin/answering-socket.ts";
import { importSpool, surveySpool, type Imported, type Survey } from "../cluster/import/import-spool.ts";
import { openSession } from "../cluster/database/session.ts";
import { quotedName } from "../cluster/database/sql-names.ts";
import { schemaState, whyUnfit } from "../cluster/schema/migrate.ts";
import { checkDataFormats } from "../formats/format-file.ts";
import { asOwner, foreignOwnerOf } from "../ports/as-owner.ts";
import { isThere } from "../ports/file-fault.ts";
import { createSystemClock } from "../ports/system-ports.ts";
import { openClosedSpool } from "../spool/moving/closed-spool.ts";
import type { ConfiguredCluster } from "./cluster-schema.ts";
import { meantRelay } from "./data-directory.ts";
import { CommandFault } from "./exit-code.ts";
import { whoRunsThis } from "./who-runs-this.ts";

export interface ImportOutcome {
  /** Of the spool. */
  readonly directory: string;
  readonly database: string;
  readonly survey: Survey;
  /** Undefined: it was only looked at. */
  readonly imported: Imported | undefined;
  /** What of the old queue cannot be read any more, for people. */
  readonly faults: readonly string[];
  /** Of the old relay; the move suspends them at all nodes. */
  readonly suspendedQueues: readonly string[];
}

/** Rejects with CommandFault: it may be run again, and goes on where it was. */
export async function importQueueOf(
  { file, cluster: { database } }: ConfiguredCluster,
  wish: {
    readonly path: string | undefined;
    readonly isTrial: boolean;
    readonly progress: (text: string) => void;
  },
): Promise<ImportOutcome> {
  const { path, isTrial, progress } = wish;
  const dataDirectory = path === undefined ? (await meantRelay(file)).dataDirectory : resolve(path);
  const isSpool =
    !(await isThere(join(dataDirectory, "spool"))) && (await isThere(join(dataDirectory, "data.mdb")));
  const directory = isSpool ? dataDirectory : join(dataDirectory, "spool");
  if (!isSpool) await told(checkDataFormats(dataDirectory));
  if (!(await isThere(join(directory, "data.mdb")))) {
    const answering = await answeringSocket(dataDirectory).catch(() => undefined);
    throw new CommandFault(
      `there is no queue in ${directory}${path === undefined ? "; -Path says which data directory is meant" : ""}${answering === undefined ? "" : `, and a relay answers on ${answering}`}`,
    );
  }
  const clock = createSystemClock();
  const by = whoRunsThis();
  const databaseText = `the database ${database.name} at ${database.hosts.map(({ host, port }) => `${host}:${port}`).join(", ")}`;
  const session = openSession(database, "import");
  try {
    const unfit = whyUnfit(await told(schemaState(session, database.schema)));
    if (unfit !== undefined) throw new CommandFault(unfit);
    return await told(
      asOwner(await foreignOwnerOf(directory), async () => {
        const spool = await openClosedSpool(directory, clock);
        try {
          const survey = await surveySpool(spool, clock.now(), (read) =>
            progress(`reading: ${read} of ${spool.messages}`),
          );
          const suspendedQueues = await suspendedIn(dataDirectory);
          const schema = quotedName(database.schema);
          const imported = isTrial
            ? undefined
            : await importSpool({
                spool,
                directory,
                session,
                name: (of) => `${schema}.${of}`,
                database: databaseText,
                place: `${hostname()}:${directory}`,
                by: by.name,
                suspendedQueues,
                now: clock.now(),
                progress: (moved, of) => progress(`moving: ${moved} of ${of}`),
              });
          const { faults } = spool;
          return { directory, database: databaseText, survey, imported, faults, suspendedQueues };
        } finally {
          await spool.close();
        }
      }),
    );
  } finally {
    session.close();
  }
}

async function told<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof CommandFault) throw error;
    throw new CommandFault(error instanceof Error ? error.message : String(error));
  }
}

async function suspendedIn(dataDirectory: string): Promise<string[]> {
  const text = await readFile(join(dataDirectory, "suspended-queues.json"), "utf8").catch(() => "[]");
  try {
    const names: unknown = JSON.parse(text);
    return Array.isArray(names) ? names.filter((name): name is string => typeof name === "string") : [];
  } catch {
    return [];
  }
}
