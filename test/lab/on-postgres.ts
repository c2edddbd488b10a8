/**
 * `npm run test:postgres -- [PATHS]`: suites whose relays are nodes on a PostgreSQL instead of keeping a spool of their own.
 * Without paths: the dialogs that are played in real time, and mail clients as people use them.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { startPostgres } from "./postgres.ts";

/** The others turn the clock, by which no database goes. */
const usual = [
  "test/dialogs/commands.test.ts",
  "test/dialogs/paths.test.ts",
  "test/dialogs/parameters.test.ts",
  "test/dialogs/pipelining.test.ts",
  "test/dialogs/chunking.test.ts",
  "test/dialogs/end-of-data.test.ts",
  "test/dialogs/relay-permission.test.ts",
  "test/dialogs/auth.test.ts",
  "test/dialogs/starttls.test.ts",
  "test/journeys/peers.test.ts",
];

const given = process.argv.slice(2);
const server = await startPostgres({ settings: { max_connections: "400" } });
try {
  const suites = spawn("npx", ["vitest", "run", ...(given.length > 0 ? given : usual)], {
    stdio: "inherit",
    env: { ...process.env, WEIR_TEST_POSTGRES: server.folder },
  });
  const [code] = (await once(suites, "exit")) as [number | null];
  process.exitCode = code ?? 1;
} finally {
  await server.stop();
}
