/** What several nodes share, on a real PostgreSQL: one server for all suites. */
import { afterAll, beforeAll, describe } from "vitest";
import { openDatabase, type Database } from "../../src/cluster/database/database.ts";
import { noPostgres, startPostgres, type TestPostgres } from "../lab/postgres.ts";
import { describePostgresAdministration } from "./postgres-administration.ts";
import { describePostgresAway } from "./postgres-away.ts";
import { describePostgresClaims } from "./postgres-claims.ts";
import { describePostgresConfiguration } from "./postgres-configuration.ts";
import { describePostgresDoubts } from "./postgres-doubts.ts";
import { describePostgresHeld } from "./postgres-held.ts";
import { describePostgresImport } from "./postgres-import.ts";
import { describePostgresLedger } from "./postgres-ledger.ts";
import { describePostgresNodes } from "./postgres-nodes.ts";
import { describePostgresReleases } from "./postgres-releases.ts";
import { describePostgresShared } from "./postgres-shared.ts";
import { describePostgresSpool } from "./postgres-spool.ts";
import { describePostgresTraps } from "./postgres-traps.ts";

describe.skipIf(noPostgres !== undefined)("on PostgreSQL", () => {
  let server: TestPostgres;
  let database: Database;

  beforeAll(async () => {
    server = await startPostgres();
    database = openDatabase(await server.withSchema("weir"));
  });
  afterAll(async () => {
    database?.close();
    await server?.stop();
  });

  describePostgresSpool(() => database);
  describePostgresNodes(() => database);
  describePostgresLedger(() => ({ server, database }));
  describePostgresAway(() => ({ server }));
  describePostgresDoubts(() => ({ server }));
  describePostgresReleases(() => ({ server }));
  describePostgresTraps(() => ({ server }));
  describePostgresClaims(() => ({ server }));
  describePostgresHeld(() => ({ server }));
  describePostgresConfiguration(() => database);
  describePostgresAdministration(() => database);
  describePostgresImport(() => database);
  describePostgresShared(() => database);
});
