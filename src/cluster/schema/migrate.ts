/** Makes the schema, moves it forward, and says whether this program works with it. */
import { DatabaseFault } from "../../ports/database-fault.ts";
import type { Session } from "../database/session.ts";
import { quotedName } from "../database/sql-names.ts";
import { migrations, newestVersion, type Migration } from "./migrations.ts";
import { knownToTheSilent, knowsSince } from "./releases.ts";

export interface SchemaState {
  /** 0: there is none. */
  readonly version: number;
  readonly minReader: number;
}

const migrationMs = 600_000;
/**
 * A step waits for its locks no longer: whoever comes after it waits behind it, heartbeats too. Somebody who looked at a
 * table and left the transaction open would stop all nodes otherwise.
 */
const lockMs = 500;
const lockTries = 10;

export async function schemaState(session: Pick<Session, "query">, schema: string): Promise<SchemaState> {
  const [there] = await session.query<{ found: boolean }>("select to_regclass($1) is not null as found", [
    `${quotedName(schema)}.schema_version`,
  ]);
  if (there?.found !== true) return { version: 0, minReader: 0 };
  const [row] = await session.query<{ version: number; min_reader: number }>(
    `select version, min_reader from ${quotedName(schema)}.schema_version order by version desc limit 1`,
  );
  return { version: row?.version ?? 0, minReader: row?.min_reader ?? 0 };
}

/** Undefined: this program works with it, or with one before it; else what to do. */
export function whyTooOld({ version, minReader }: SchemaState): string | undefined {
  return minReader > newestVersion
    ? `the database's schema has version ${version} and needs a release that knows ${minReader}; this one knows ${newestVersion}: install the later one here`
    : undefined;
}

/** Undefined: this program works with it; else why not, and what to do. */
export function whyUnfit(state: SchemaState): string | undefined {
  const { version } = state;
  if (version === 0) return "the database has no schema of Weir; make it with weir cluster init";
  const tooOld = whyTooOld(state);
  if (tooOld !== undefined) return tooOld;
  if (version < newestVersion)
    return `the database's schema has version ${version}, this release needs ${newestVersion}; weir cluster migrate moves it forward`;
  return undefined;
}

export interface MigrateOptions {
  /** A role that is given what nodes need and nothing else. */
  readonly runtime?: string | undefined;
  /** Default: all there are. */
  readonly all?: readonly Migration[];
  /** How often locks that others have are tried for. */
  readonly tries?: number;
  /** How long one that moves the schema is waited for, in milliseconds. */
  readonly turnMs?: number;
}

/** Which nodes live that would not work with `minReader`, by name. */
async function leftBehind(session: Pick<Session, "query">, schema: string, before: number, minReader: number): Promise<readonly string[]> {
  const knows = before < knowsSince ? "null::int" : "n.knows";
  const rows = await session.query<{ name: string }>(
    `select n.name from ${quotedName(schema)}.node n
      where n.ended_at is null and n.lease_until > clock_timestamp() and coalesce(${knows}, $1) < $2 order by n.name`,
    [knownToTheSilent, minReader],
  );
  return rows.map(({ name }) => name);
}

/**
 * Moves the schema to the newest version, or makes it, as the role of the session, which owns it then; all of it or
 * nothing. Nodes of earlier releases run on; a step that one which lives could not follow is refused. One that moves it already is
 * waited for. Answers with the versions before and behind. Rejects with DatabaseFault.
 */
export async function migrateSchema(
  session: Session,
  schema: string,
  { runtime, all = migrations, tries = lockTries, turnMs = migrationMs }: MigrateOptions = {},
): Promise<{ readonly before: number; readonly after: number }> {
  const [server] = await session.query<{ version: number }>(
    "select current_setting('server_version_num')::int as version",
  );
  if ((server?.version ?? 0) < 150_000)
    throw new DatabaseFault("refused", "PostgreSQL 15 or later is needed");
  const until = performance.now() + turnMs;
  for (let left = tries - 1; ; ) {
    try {
      const moved = await session.transaction(
        (query) => moveInTurn({ query }, schema, all, runtime),
        migrationMs,
      );
      if (moved !== "another moves it") return moved;
      if (performance.now() > until)
        throw new DatabaseFault(
          "refused",
          "another weir cluster migrate moves the schema still; nothing was changed here, try again when it is over",
        );
    } catch (error) {
      // A lock that is not to be had (55P03), or a node that waited for us and we for it (40P01).
      const { code } = error as DatabaseFault;
      if (code !== "55P03" && code !== "40P01") throw error;
      if (left-- === 0)
        throw new DatabaseFault(
          "refused",
          `somebody has a transaction open that uses the tables (pg_stat_activity shows who); nothing was changed, try again`,
          code,
        );
    }
    await new Promise((resolve) => setTimeout(resolve, lockMs));
  }
}

/** What is there is looked at in the same turn: before it another might have moved it. */
async function moveInTurn(
  session: Pick<Session, "query">,
  schema: string,
  all: readonly Migration[],
  runtime: string | undefined,
): Promise<{ readonly before: number; readonly after: number } | "another moves it"> {
  const name = quotedName(schema);
  const [turn] = await session.query<{ ours: boolean }>(
    "select pg_try_advisory_xact_lock(hashtext('weir schema ' || $1)) as ours",
    [schema],
  );
  if (turn?.ours !== true) return "another moves it";
  const { version: before, minReader } = await schemaState(session, schema);
  const tooOld = whyTooOld({ version: before, minReader });
  if (tooOld !== undefined) throw new DatabaseFault("refused", tooOld);
  const steps = all.filter(({ version }) => version > before);
  const needed = Math.max(0, ...steps.map((step) => step.minReader));
  const behind = before === 0 ? [] : await leftBehind(session, schema, before, needed);
  if (behind.length > 0)
    throw new DatabaseFault(
      "refused",
      `${behind.join(", ")} ${behind.length === 1 ? "runs a release" : "run releases"} that would not work with it (it needs one that knows version ${needed}): stop ${behind.length === 1 ? "it" : "them"} first, or roll the release between; nothing was changed`,
    );
  const text = [
    ...(before === 0
      ? [
          `create schema if not exists ${name}`,
          `create table ${name}.schema_version (version int primary key, min_reader int not null, at timestamptz not null default clock_timestamp())`,
        ]
      : []),
    `set local search_path to ${name}, pg_temp`,
    `set local lock_timeout to ${lockMs}`,
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
  ];
  await session.query(text.map((statement) => statement.replace(/;\s*$/, "")).join(";\n"));
  return { before, after: Math.max(before, ...steps.map(({ version }) => version)) };
}
