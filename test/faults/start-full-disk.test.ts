/** A relay starts on a file system without a block or an inode left, delivers what waits, and refuses new mail. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { open, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { createSystemClock } from "../../src/ports/system-ports.ts";
import { openLmdbSpool } from "../../src/spool/lmdb-spool.ts";
import { submissionQueue } from "../../src/spool/spool.ts";
import { acceptMessage, doneAll, patterned, readContent } from "../../src/testing/spool-messages.ts";
import { untilReleased } from "./programme/rig/loop-disk.ts";

const scratch = mkdtempSync(join(tmpdir(), "weir-start-full-"));
const mount = join(scratch, "disk");
const image = join(scratch, "image");
const mountDisk = (): void => {
  execFileSync("mkdir", ["-p", mount]);
  execFileSync("truncate", ["-s", "48M", image]);
  execFileSync("mkfs.ext4", ["-q", "-F", "-m", "0", "-N", "256", image], { stdio: "ignore" });
  execFileSync("mount", ["-o", "loop", image, mount], { stdio: "ignore" });
};
const canMount = (() => {
  try {
    mountDisk();
    execFileSync("umount", [mount]);
    return true;
  } catch {
    console.log("SKIPPED: starting on a full disk needs the right to mount a file of ext4");
    return false;
  }
})();
afterAll(() => rmSync(scratch, { recursive: true }));

const clock = createSystemClock();
const directory = join(mount, "data", "spool");
const openSpool = (told: string[] = []) =>
  openLmdbSpool({ directory, clock, onReserveGivenUp: () => told.push("reserve") });
const fillBlocks = async (): Promise<void> => {
  const file = await open(join(mount, "ballast"), "a");
  try {
    for (const size of [1024 * 1024, 4096, 512])
      for (;;) {
        try {
          await file.appendFile(Buffer.alloc(size, "x"));
        } catch {
          break;
        }
      }
  } finally {
    await file.close();
  }
};
const fillInodes = async (): Promise<void> => {
  for (let number = 0; ; number++) {
    try {
      await writeFile(join(mount, `inode${number}`), "");
    } catch {
      return;
    }
  }
};

describe.skipIf(!canMount)("a file system of 48 MB", () => {
  beforeEach(async () => {
    await untilReleased(image);
    mountDisk();
  });
  afterEach(async () => {
    execFileSync("umount", [mount]);
    await untilReleased(image);
  });

  test.each([
    { left: "no block", fills: [fillBlocks], end: "stopped" },
    { left: "no inode", fills: [fillInodes], end: "stopped" },
    { left: "neither block nor inode", fills: [fillBlocks, fillInodes], end: "stopped" },
    { left: "neither block nor inode", fills: [fillBlocks, fillInodes], end: "killed" },
  ])("that has $left, after the relay was $end", async ({ fills, end }) => {
    if (end === "killed") {
      const code = `
        const { openLmdbSpool } = await import("${new URL("../../src/spool/lmdb-spool.ts", import.meta.url).href}");
        const { createSystemClock } = await import("${new URL("../../src/ports/system-ports.ts", import.meta.url).href}");
        const { acceptMessage, patterned } = await import("${new URL("../../src/testing/spool-messages.ts", import.meta.url).href}");
        const spool = await openLmdbSpool({ directory: ${JSON.stringify(directory)}, clock: createSystemClock() });
        await acceptMessage(spool, "small");
        await acceptMessage(spool, patterned(300_000));
        process.kill(process.pid, "SIGKILL");`;
      const loader = new URL("../../node_modules/tsx/dist/loader.mjs", import.meta.url).href;
      expect(() =>
        execFileSync(process.execPath, ["--import", loader, "--input-type=module", "-e", code], {
          stdio: "ignore",
        }),
      ).toThrow();
    } else {
      const spool = await openSpool();
      await acceptMessage(spool, "small");
      await acceptMessage(spool, patterned(300_000));
      await spool.close();
    }
    for (const fill of fills) await fill();

    if (fills.every((fill) => fill === fillInodes)) {
      // Without what is kept for it, nothing can be entered; then it is said where.
      await rename(join(directory, "reserve"), join(directory, "kept"));
      await expect(openSpool()).rejects.toThrow(
        `${directory} cannot be written: the file system at ${mount} is full (`,
      );
      await rename(join(directory, "kept"), join(directory, "reserve"));
    }
    const told: string[] = [];
    const spool = await openSpool(told);
    try {
      expect(told).toEqual(["reserve"]);
      expect(spool.recovered).toBe(2);
      const claims = await spool.claim(submissionQueue, 10, clock.now());
      const contents = [];
      for (const claim of claims) {
        contents.push((await readContent(claim.content)).length);
        await spool.settle(claim, doneAll(claim));
      }
      expect(contents).toHaveLength(2);
      expect(spool.size).toBe(0);
      // More than there is room for, to be refused and not kept.
      await expect(acceptMessage(spool, patterned(8_000_000))).rejects.toMatchObject({
        code: "full",
        message: expect.stringMatching(
          new RegExp(`the spool ${directory} cannot be written: the file system at ${mount} is full`),
        ) as string,
      });
      expect(spool.size).toBe(0);
    } finally {
      await spool.close();
    }
    for (const name of await readdir(mount))
      if (name.startsWith("ballast") || name.startsWith("inode")) await rm(join(mount, name));
    const next = await openSpool();
    await acceptMessage(next, patterned(300_000));
    expect(await readdir(join(directory, "reserve"))).toHaveLength(16);
    await next.close();
  });
});
