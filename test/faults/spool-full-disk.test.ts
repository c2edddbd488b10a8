/** A full disk, as a small file system in memory: refused, nothing kept, well again when there is space. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { readdir, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { createSystemClock } from "../../src/ports/system-ports.ts";
import { openLmdbSpool, type LmdbSpool, type LmdbSpoolOptions } from "../../src/spool/lmdb-spool.ts";
import { SpoolError, submissionQueue, type Claim } from "../../src/spool/spool.ts";
import { acceptMessage, doneAll, patterned, readContent } from "../../src/testing/spool-messages.ts";

const clock = createSystemClock();
const mount = mkdtempSync(join(tmpdir(), "weir-full-disk-"));
const canMount = (() => {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", mount], { stdio: "ignore" });
    execFileSync("umount", [mount], { stdio: "ignore" });
    return true;
  } catch {
    console.log("SKIPPED: the full-disk tests need the right to mount a tmpfs");
    rmSync(mount, { recursive: true });
    return false;
  }
})();

const segmentBytes = 256 * 1024;
const stores: readonly [string, Pick<LmdbSpoolOptions, "journal">][] = [
  ["LMDB alone", { journal: false }],
  ["a journal", { journal: { segmentBytes: { least: segmentBytes, most: segmentBytes } } }],
];

if (canMount) afterAll(() => rmSync(mount, { recursive: true }));

describe.skipIf(!canMount).each(stores)("a full disk under %s", (_, options) => {
  let spool: LmdbSpool;
  let faults: SpoolError[];
  const unhandled: unknown[] = [];
  const noteUnhandled = (reason: unknown) => unhandled.push(reason);
  const ballast = join(mount, "ballast");

  beforeEach(async () => {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", mount]);
    faults = [];
    spool = await openLmdbSpool({
      directory: join(mount, "spool"),
      clock,
      ...options,
      onFault: (fault) => faults.push(fault),
    });
    process.on("unhandledRejection", noteUnhandled);
  });
  afterEach(async () => {
    await spool.close();
    execFileSync("umount", [mount]);
    process.off("unhandledRejection", noteUnhandled);
    expect(unhandled).toEqual([]);
  });

  const fill = async () => {
    const { bavail, bsize } = await statfs(mount);
    await writeFile(ballast, Buffer.alloc(bavail * bsize));
  };
  const fillWithMail = async () => {
    const kept: number[] = [];
    for (;;) {
      try {
        kept.push((await acceptMessage(spool, patterned(50_000))).id);
      } catch (error) {
        expect(error).toMatchObject({ name: "SpoolError", code: "full" });
        return kept;
      }
    }
  };
  const claimAll = () => spool.claim(submissionQueue, 10_000, clock.now());

  test("refuses small messages, keeps those it took, and takes mail again", async () => {
    const kept = await fillWithMail();
    expect(kept.length).toBeGreaterThan(50);
    expect(spool.size).toBe(kept.length);
    expect(faults).toMatchObject([{ code: "full" }]);
    await expect(acceptMessage(spool, patterned(50_000))).rejects.toMatchObject({ code: "full" });

    const claims = await claimAll();
    expect(claims.map(({ message }) => message.id)).toEqual(kept);
    for (const claim of claims) {
      expect(claim.content.inMemory?.equals(patterned(50_000))).toBe(true);
      await spool.settle(claim, doneAll(claim));
    }
    expect(spool.size).toBe(0);
    await acceptMessage(spool, patterned(50_000));
    expect(spool.size).toBe(1);
  });

  test("many at once: each refused one is told so", async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 300 }, () => acceptMessage(spool, patterned(50_000))),
    );
    const refused = outcomes.filter(({ status }) => status === "rejected");
    expect(refused.length).toBeGreaterThan(100);
    for (const outcome of refused) expect(outcome).toMatchObject({ reason: { code: "full" } });
    expect(spool.size).toBe(300 - refused.length);
    expect(await claimAll()).toHaveLength(spool.size);
  });

  test("a change that cannot be written is written when there is space", async () => {
    await acceptMessage(spool, "x");
    const [claim] = (await claimAll()) as [Claim];
    await fill();
    // More than is kept back for changes while the disk is full.
    const reports = 60;
    let durable = false;
    const report = {
      envelope: claim.message.envelope,
      origin: claim.message.origin,
      content: patterned(60_000),
    };
    const settling = spool
      .settle(
        claim,
        doneAll(claim),
        Array.from({ length: reports }, () => report),
      )
      .then(() => {
        durable = true;
      });
    await expect.poll(() => faults).toMatchObject([{ code: "full" }]);
    expect(durable).toBe(false);
    expect(await claimAll()).toEqual([]);
    await rm(ballast);
    await settling;
    expect(await claimAll()).toHaveLength(reports);
  });

  test("refuses large messages and leaves no file", async () => {
    const draft = () => acceptMessage(spool, patterned(20_000_000));
    await expect(draft()).rejects.toMatchObject({ name: "SpoolError", code: "full" });
    expect(spool.size).toBe(0);
    const names = await readdir(join(mount, "spool", "bodies"), { recursive: true, withFileTypes: true });
    expect(names.filter((entry) => entry.isFile())).toEqual([]);
    const content = patterned(1_000_000);
    await acceptMessage(spool, content);
    const [claim] = (await claimAll()) as [Claim];
    expect(content.equals(await readContent(claim.content))).toBe(true);
  });
});
