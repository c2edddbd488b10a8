import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { formatApiKey, type ApiKey } from "../../core/authentication/api-key.ts";
import { createFakeClock, type FakeClock } from "../../testing/fake-clock.ts";
import { openApiKeys, type KeptApiKeys } from "./api-keys-file.ts";

const day = 86_400_000;
const secret = (n: number): string => formatApiKey(new Uint8Array(20).fill(n));
const key = (n: number, given: Partial<ApiKey> = {}): ApiKey => ({
  name: `key ${n}`,
  keyHash: createHash("sha256").update(secret(n)).digest("hex"),
  enabled: true,
  ...given,
});

let directory: string;
let clock: FakeClock;
let told: [string, unknown][];
let keys: KeptApiKeys;

const open = async (all: readonly ApiKey[]): Promise<KeptApiKeys> =>
  (keys = await openApiKeys(join(directory, "used.json"), all, {
    clock,
    events: { wants: () => true, emit: (name, fields) => void told.push([name, fields]) },
  }));

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-keys-"));
  clock = createFakeClock();
  told = [];
});
afterEach(async () => {
  await keys.close();
  await rm(directory, { recursive: true });
});

test("a key is its owner's rights, and what is none, unknown, disabled or over is denied", async () => {
  const rights = { sendAs: [], messageRateLimit: 5, application: "Shop" };
  const now = clock.wall().getTime();
  await open([
    key(1, rights),
    key(2, { enabled: false }),
    key(3, { expires: now }),
    key(4, { expires: now + 1 }),
  ]);
  expect(keys.authenticate(secret(1))).toMatchObject({
    owner: { kind: "key", name: "key 1", rights: { messageRateLimit: 5 }, application: "Shop" },
  });
  expect(keys.authenticate(secret(4))).toHaveProperty("owner");
  expect([2, 3, 9].map((n) => keys.authenticate(secret(n)))).toEqual([
    { denied: "the API key is disabled", account: "key 2" },
    { denied: "the API key has expired", account: "key 3" },
    { denied: "there is no such API key" },
  ]);
  for (const other of ["", "weir_", `${secret(1)} `, secret(1).toUpperCase(), key(1).keyHash])
    expect(keys.authenticate(other), other).toHaveProperty("denied");
  await clock.advance(1);
  expect(keys.authenticate(secret(4))).toMatchObject({ denied: expect.stringContaining("expired") });
  keys.replace([key(2)]);
  expect([1, 2].map((n) => "owner" in keys.authenticate(secret(n)))).toEqual([false, true]);
});

test("when a key was used is written late, and known after a restart, for keys that are there still", async () => {
  await open([key(1), key(2)]);
  keys.authenticate(secret(1));
  const first = clock.wall().getTime();
  keys.authenticate(secret(2));
  await clock.advance(59_999);
  await expect(readFile(join(directory, "used.json"))).rejects.toThrow(/ENOENT/);
  await clock.advance(1);
  const written = await vi.waitFor(() => readFile(join(directory, "used.json"), "utf8"));
  expect(written).not.toContain(secret(1));
  await clock.advance(1_000);
  keys.authenticate(secret(2));
  const second = clock.wall().getTime();
  await keys.close();
  await open([key(1, { name: "renamed" }), key(2)]);
  expect([keys.lastUsed("RENAMED"), keys.lastUsed("key 2"), keys.lastUsed("key 1")]).toEqual([
    first,
    second,
    undefined,
  ]);
  keys.replace([key(2)]);
  expect([...keys.uses().values()]).toEqual([second]);
  expect(told).toEqual([]);
});

test.each(["{", "[]", '{"uses":{"a":5}}', '{"uses":{"a":"never"}}'])(
  "a file that holds %s tells of no use, which is told",
  async (text) => {
    await writeFile(join(directory, "used.json"), text);
    await open([key(1)]);
    expect(keys.lastUsed("key 1")).toBeUndefined();
    expect(told).toMatchObject([["RelayFault", { where: expect.stringContaining("counts as empty") }]]);
  },
);

test("a key that ends is told 30 days before, each day, and once when it has ended", async () => {
  const now = clock.wall().getTime();
  const ending = key(1, { expires: now + 32 * day });
  await open([ending, key(2), key(3, { enabled: false, expires: now + day })]);
  expect(told).toEqual([]);
  await clock.advance(2 * day);
  expect(told).toEqual([["ApiKeyExpires", { key: "key 1", expires: "2026-02-16", days: 30 }]]);
  // A change of the configuration tells nothing again.
  keys.replace([ending]);
  await clock.advance(29 * day);
  expect(told).toHaveLength(30);
  await clock.advance(10 * day);
  expect(told.slice(30)).toEqual([["ApiKeyExpired", { key: "key 1", expires: "2026-02-16" }]]);
  keys.replace([{ ...ending, expires: now + 400 * day }]);
  await clock.advance(2 * day);
  expect(told).toHaveLength(31);
  await keys.close();
  expect(clock.pendingTimers).toBe(0);
});

test("a use at another node counts where it is the latest, of keys that there are", async () => {
  const all = await open([key(1), key(2)]);
  const { keyHash } = key(1);
  all.learn(keyHash, 5_000);
  all.learn(keyHash, 4_999);
  all.learn(key(3).keyHash, 5_000);
  expect([all.lastUsed("KEY 1"), all.lastUsed("key 2"), [...all.uses()]]).toEqual([
    5_000,
    undefined,
    [[keyHash, 5_000]],
  ]);
  all.replace([key(2)]);
  expect([...all.uses()]).toEqual([]);
});
