/** The shared configuration in the database. A version is written once, in one call that may be made again. */
import { randomUUID } from "node:crypto";
import type {
  ChangeAuthor,
  ConfigurationDocument,
  ConfigurationDocuments,
  ConfigurationVersion,
} from "../../ports/configuration-documents.ts";
import { DatabaseFault } from "../../ports/database-fault.ts";
import { keptJson } from "../database/kept-text.ts";
import type { Session } from "../database/session.ts";

interface VersionRow {
  readonly version: string;
  readonly at: Date;
  readonly author: string;
  readonly author_from: string;
  readonly doing: string;
  readonly node: string;
}

interface DocumentRow extends VersionRow {
  readonly change_id: string;
  readonly text: string;
}

/** Of one call whose answer may be lost. */
const tries = 3;
const versionColumns = "version, at, author, author_from, doing, node";
const documentColumns = `${versionColumns}, change_id, text`;

/** `node`: who asks. `name`: a table or function of the schema, as SQL has it. Ends the session when it is closed. */
export function openConfigurationDocuments(
  session: Session,
  name: (of: string) => string,
  node: string,
): ConfigurationDocuments {
  const documents = async (where: string, values: readonly unknown[] = []) =>
    (
      await session.query<DocumentRow>(
        `select ${documentColumns} from ${name("configuration")} ${where}`,
        values,
      )
    ).map(documentOf);

  const again = async <Answer>(ask: () => Promise<Answer>): Promise<Answer> => {
    for (let left = tries - 1; ; left--)
      try {
        return await ask();
      } catch (error) {
        if (left === 0 || !(error instanceof DatabaseFault) || error.kind === "refused") throw error;
      }
  };

  return {
    head: async () => (await again(() => documents("order by version desc limit 1")))[0],
    async headId() {
      const [row] = await session.query<{ change_id: string }>(
        `select change_id from ${name("configuration")} order by version desc limit 1`,
      );
      return row?.change_id;
    },
    version: async (version) => (await again(() => documents("where version = $1", [version])))[0],
    async versions(limit) {
      const rows = await session.query<VersionRow>(
        `select ${versionColumns} from ${name("configuration")} order by version desc limit $1`,
        [limit],
      );
      return rows.map(versionOf);
    },
    async add(expected, text, by) {
      const changeId = randomUUID();
      const values = [expected, changeId, text, by.name, by.from, by.doing, node];
      const [row] = await again(() =>
        session.query<{ at: Date | null }>(
          `select ${name("add_configuration_1")}($1, $2, $3, $4, $5, $6, $7) as at`,
          values,
        ),
      );
      const at = row?.at ?? null;
      return at === null ? undefined : { version: expected + 1, at, by, node, changeId, text };
    },
    async tell(version, faults, inForce) {
      await session.query(`select ${name("configuration_applied_2")}($1, $2, $3, $4)`, [
        node,
        version,
        keptJson(faults),
        inForce ?? null,
      ]);
    },
    async applied() {
      const rows = await session.query<{
        node: string;
        version: string;
        in_force: string | null;
        faults: string[];
        at: Date;
      }>(`select node, version, in_force, faults, at from ${name("configuration_applied")} order by node`);
      return rows.map(({ version, in_force: inForce, ...rest }) => ({
        ...rest,
        version: Number(version),
        inForce: inForce === null ? undefined : Number(inForce),
      }));
    },
    close: () => session.close(),
  };
}

function versionOf({
  version,
  at,
  author,
  author_from: from,
  doing,
  node,
}: VersionRow): ConfigurationVersion {
  const by: ChangeAuthor = { name: author, from, doing };
  return { version: Number(version), at, by, node };
}

function documentOf(row: DocumentRow): ConfigurationDocument {
  return { ...versionOf(row), changeId: row.change_id, text: row.text };
}
