/** Makes the schema, moves it forward, and says whether this program works with it. */
import { DatabaseFault } from "../database/database-fault.ts";
import type { Session } from "../database/session.ts";
import { quotedName, quotedText } from "../database/sql-names.ts";
import { migrations, newestVersion } from "./migrations.ts";

export interface SchemaState {
  /** 0: there is none. */
  readonly version: number;
  readonly minReader: number;
}

const migrationMs = 600_000;

export async function schemaState(session: Session, schema: string): Promise<SchemaState> {
  const [there] = await session.query<{ found: boolean }>("select to_regclass($1) is not null as found", [
    `${quotedName(schema)}.schema_version`,
  ]);
  if (there?.found !== true) return { version: 0, minReader: 0 };
  const [row] = await session.query<{ version: number; min_reader: number }>(
    `select version, min_reader from ${quotedName(schema)}.schema_version order by version desc limit 1`,
  );
  return { version: row?.version ?? 0, minReader: row?.min_reader ?? 0 };
}

/** Undefined: this program works with it; else why not, and what to do. */
export function whyUnfit({ version, minReader }: SchemaState): string | undefined {
  if (version === 0) return "the database has no schema of Weir; make it with weir cluster init";
  if (minReader > newestVersion)
    return `the database's schema is of a later release (${version}); this one knows ${newestVersion}`;
  if (version < newestVersion)
    return `the database's schema has version ${version}, this release needs ${newestVersion}; weir cluster migrate moves it forward`;
  return undefined;
}

/**
 * Moves the schema to the newest version, or makes it, as the role of the session, which owns it then; all of it or
 * nothing. `runtime`: a role that is given what nodes need and nothing else. Answers with the versions before and behind.
 */
export async function migrateSchema(
  session: Session,
  schema: string,
  runtime?: string,
): Promise<{ readonly before: number; readonly after: number }> {
  const [server] = await session.query<{ version: number }>(
    "select current_setting('server_version_num')::int as version",
  );
  if ((server?.version ?? 0) < 150_000)
    throw new DatabaseFault("refused", "PostgreSQL 15 or later is needed");
  const name = quotedName(schema);
  const { version: before, minReader } = await schemaState(session, schema);
  if (minReader > newestVersion) throw new DatabaseFault("refused", whyUnfit({ version: before, minReader })!);
  const steps = migrations.filter(({ version }) => version > before);
  const text = [
    "begin",
    `select pg_advisory_xact_lock(hashtext('weir schema ' || ${quotedText(schema)}))`,
    ...(before === 0
      ? [
          `create schema if not exists ${name}`,
          `create table ${name}.schema_version (version int primary key, min_reader int not null, at timestamptz not null default clock_timestamp())`,
        ]
      : []),
    `set local search_path to ${name}, pg_temp`,
    ...steps.flatMap(({ version, minReader: reader, sql }) => [
      sql,
      `insert into schema_version (version, min_reader) values (${version}, ${reader})`,
    ]),
    // The functions are the only way to the tables.
    `revoke all on all functions in schema ${name} from public`,
    ...(runtime === undefined
      ? []
      : [
          `grant usage on schema ${name} to ${quotedName(runtime)}`,
          `grant select on ${name}.schema_version to ${quotedName(runtime)}`,
          `grant select on all tables in schema ${name} to ${quotedName(runtime)}`,
          `grant execute on all functions in schema ${name} to ${quotedName(runtime)}`,
        ]),
    "commit",
  ];
  try {
    await session.query(text.map((statement) => statement.replace(/;\s*$/, "")).join(";\n"), [], migrationMs);
  } catch (error) {
    await session.query("rollback").catch(() => undefined);
    throw error;
  }
  return { before, after: Math.max(before, ...steps.map(({ version }) => version)) };
}
