/**
 * A file in which every second page is free, on a disk that another programme fills: LMDB finds no pages side by side for
 * larger mail and lengthens its file by itself. Nothing in use may be written over or cut off.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createSystemClock } from "../../src/ports/system-ports.ts";
import { openLmdbSpool } from "../../src/spool/lmdb-spool.ts";
import { acceptMessage, doneAll, patterned } from "../../src/testing/spool-messages.ts";

const mount = mkdtempSync(join(tmpdir(), "weir-fragmented-"));
const canMount = (() => {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=56m", "tmpfs", mount], { stdio: "ignore" });
    return true;
  } catch {
    console.log("SKIPPED: the test of a fragmented file on a full disk needs the right to mount a tmpfs");
    return false;
  }
})();
afterAll(() => {
  if (canMount) execFileSync("umount", ["-l", mount]);
  rmSync(mount, { recursive: true });
});

const clock = createSystemClock();
const open = () => openLmdbSpool({ directory: join(mount, "spool"), clock, journal: false });

test.skipIf(!canMount)("mail that waits outlives larger mail on a full disk, and a restart", async () => {
  const small = patterned(2_700);
  const large = patterned(58_000);
  let spool = await open();
  for (let batch = 0; batch < 20; batch++)
    await Promise.all(Array.from({ length: 200 }, () => acceptMessage(spool, small)));
  const claims = await spool.claim("", 4_000, Number.POSITIVE_INFINITY);
  await Promise.all(claims.filter((_, i) => i % 2 === 0).map((claim) => spool.settle(claim, doneAll(claim))));
  const { bavail, bsize } = await statfs(mount);
  await writeFile(join(mount, "ballast"), Buffer.alloc(bavail * bsize - 3_000_000));

  let kept = 2_000;
  for (let refused = 0; refused < 20;) {
    const many = await Promise.allSettled(Array.from({ length: 4 }, () => acceptMessage(spool, large)));
    for (const { status } of many)
      if (status === "fulfilled") kept++;
      else refused++;
  }
  expect(kept).toBeGreaterThan(2_004);
  await spool.close();
  spool = await open();
  const found = await spool.claim("", 10_000, Number.POSITIVE_INFINITY);
  expect(found).toHaveLength(kept);
  for (const { content } of found) {
    const octets = content.inMemory as Buffer;
    expect(octets.equals(octets.length === small.length ? small : large)).toBe(true);
  }
  // And the disk drains.
  await Promise.all(found.map((claim) => spool.settle(claim, doneAll(claim))));
  expect(spool.size).toBe(0);
  await spool.close();
});
