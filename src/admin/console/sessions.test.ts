/** Sessions over a restart. */
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createFakeClock, type FakeClock } from "../../testing/fake-clock.ts";
import { type AdminToken, type AdminTokens, openAdminTokens } from "../admin-tokens.ts";
import { readSessions, writeSessions } from "./session-file.ts";
import { createSessions, idleMs, type Sessions } from "./sessions.ts";

let directory: string;
let file: string;
let clock: FakeClock;
let tokens: AdminTokens;
let token: AdminToken;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-sessions-"));
  file = join(directory, "admin", "sessions.json");
  clock = createFakeClock();
  tokens = await openAdminTokens(directory);
  token = { name: "Ann", role: "operator", createdAt: clock.wall().toISOString() };
  await tokens.add(token);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const run = async (): Promise<Sessions> =>
  createSessions(clock, tokens, {
    kept: await readSessions(file),
    save: (sessions) => writeSessions(file, sessions),
  });

test("who is signed in still is after a restart, with the same CSRF token; the file does not tell the id", async () => {
  const before = await run();
  const { id, session } = before.open(token);
  await before.close();
  expect(session.ended.aborted).toBe(true);
  expect(await readFile(file, "utf8")).not.toContain(id);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const after = await run();
  expect(after.find(id)).toMatchObject({ token, csrfToken: session.csrfToken });
  after.end(id);
  await after.close();
  expect((await run()).find(id)).toBeUndefined();
});

test.each([
  ["an idle hour", () => clock.advance(idleMs)],
  ["its token was removed", () => tokens.remove("Ann")],
  ["a clock that was put back", () => void (clock = createFakeClock(clock.wall().getTime() - 60_000))],
  ["a file that cannot be read", () => writeFile(file, "{")],
])("not after %s", async (_, happens) => {
  const before = await run();
  const { id } = before.open(token);
  await before.close();
  await happens();
  const after = await run();
  expect(after.find(id)).toBeUndefined();
  await after.close();
  expect(clock.pendingTimers).toBe(0);
});
