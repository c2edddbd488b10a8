/** Promise 2 in small: kill -9 at random moments, over and over on one spool; everything acknowledged is found. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createSystemClock } from "../../src/ports/system-ports.ts";
import { openLmdbSpool } from "../../src/spool/lmdb-spool.ts";
import { bundleInto } from "../setup/bundle-into.ts";
import { SpoolError, type Claim } from "../../src/spool/spool.ts";
import { doneAll, readContent } from "../../src/testing/spool-messages.ts";

const rounds = Number(process.env["CRASH_ROUNDS"] ?? 6);
let scratch: string;
let directory: string;
let writer: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "weir-spool-crash-"));
  directory = join(scratch, "spool");
  // One file of JavaScript starts ten times as fast as the sources do.
  writer = await bundleInto(scratch, join(import.meta.dirname, "spool-writer.ts"));
  await symlink(join(import.meta.dirname, "../../node_modules"), join(scratch, "node_modules"));
});
afterAll(() => rm(scratch, { recursive: true }));

interface Acknowledged {
  readonly sha1: string;
  readonly sizeBytes: number;
}

/**
 * Runs a writer, kills it `afterMs` after it is ready, or after it acknowledged its first, and returns what it had acknowledged
 * and settled.
 */
async function runAndKill(seed: number, afterMs: number, since: "ready" | "acknowledged") {
  const accepted = new Map<number, Acknowledged>();
  const settling = new Set<number>();
  const settled = new Set<number>();
  const child = spawn(process.execPath, [writer, directory, String(seed)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) =>
    child.on("close", (_, signal) => resolve(signal)),
  );
  let isTimed = false;
  for await (const line of createInterface({ input: child.stdout })) {
    if (!isTimed && (line === "ready") === (since === "ready")) {
      isTimed = true;
      setTimeout(() => child.kill("SIGKILL"), afterMs);
    }
    if (line === "ready") continue;
    if (line.startsWith("~ ")) settling.add(Number(line.slice(2)));
    else if (line.startsWith("- ")) settled.add(Number(line.slice(2)));
    else {
      const [id, sha1 = "", sizeBytes] = line.split(" ");
      // The last line may be cut; a cut one was never read by a client.
      if (sizeBytes !== undefined && sha1.length === 40)
        accepted.set(Number(id), { sha1, sizeBytes: Number(sizeBytes) });
    }
  }
  expect(await ended).toBe("SIGKILL");
  return { accepted, settling, settled };
}

async function bodyFiles(): Promise<string[]> {
  const names = await readdir(join(directory, "bodies"), { recursive: true, withFileTypes: true });
  return names.filter((entry) => entry.isFile()).map(({ name }) => name);
}

async function claimAll(spool: Awaited<ReturnType<typeof openLmdbSpool>>): Promise<Claim[]> {
  const claims: Claim[] = [];
  for (const { queue } of spool.queues())
    claims.push(...(await spool.claim(queue, 1_000_000, Number.POSITIVE_INFINITY)));
  return claims;
}

test(`kill -9, ${rounds} times`, { timeout: 300_000 + rounds * 5_000 }, async () => {
  let acknowledged = 0;
  for (let round = 0; round < rounds; round++) {
    const seed = Math.floor(Math.random() * 1e6);
    // In one round at least there is something to be lost, however slow the machine is.
    const since = round === 0 ? "acknowledged" : "ready";
    const { accepted, settling, settled } = await runAndKill(seed, Math.random() * 400, since);
    acknowledged += accepted.size;
    const spool = await openLmdbSpool({ directory, clock: createSystemClock() });
    const damaged: unknown[] = [];
    spool.onDamaged((damage) => damaged.push(damage));
    const claims = await claimAll(spool);
    expect(claims.length, `seed ${seed}`).toBe(spool.size);

    const found = new Map<number, Acknowledged>();
    let large = 0;
    for (const { message, content } of claims) {
      const octets = await readContent(content);
      if (content.inMemory === undefined) large++;
      const sha1 = createHash("sha1").update(octets).digest("hex");
      found.set(message.id, { sha1, sizeBytes: message.content.sizeBytes });
    }
    // What was being settled may be gone or not; if it is there, it is whole like all others.
    for (const [id, { sha1, sizeBytes }] of accepted)
      if (found.has(id) || !settling.has(id))
        expect(found.get(id), `seed ${seed}: ${id}`).toEqual({ sha1, sizeBytes });
    expect([...settled].filter((id) => found.has(id))).toEqual([]);
    await spool.sweepOrphans();
    expect(await bodyFiles()).toHaveLength(large);
    expect(damaged).toEqual([]);
    for (const claim of claims) await spool.settle(claim, doneAll(claim));
    expect(spool.size).toBe(0);
    await spool.close();
    expect(await bodyFiles()).toEqual([]);
  }
  expect(acknowledged).toBeGreaterThan(0);
});

test("one process to a spool; a killed one does not block the next", async () => {
  const clock = createSystemClock();
  const spool = await openLmdbSpool({ directory, clock });
  const second = openLmdbSpool({ directory, clock });
  await expect(second).rejects.toThrow(SpoolError);
  await expect(second).rejects.toThrow("in use by another process");
  await spool.close();
  await (await openLmdbSpool({ directory, clock })).close();
});
