// Where tests write: a folder of their own that goes with all they leave in it, since some end what they start by force.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { freemem, tmpdir } from "node:os";
import { join } from "node:path";

/**
 * In memory where there is enough: a flush costs nothing there, and what must outlive a loss of power is tried on disks that
 * the tests mount themselves. A TMPDIR that is set holds.
 */
function scratchPlace() {
  const inMemory = "/dev/shm";
  if (process.env.TMPDIR !== undefined || !existsSync(inMemory)) return tmpdir();
  const { bavail, bsize } = statfsSync(inMemory);
  const roomBytes = Math.min(bavail * bsize, freemem());
  return roomBytes >= 8 * 2 ** 30 ? inMemory : tmpdir();
}

/** `folder` is for results, `leftovers` is the tests' TMPDIR: servers that are tried run as other users. */
export function makeScratch() {
  const folder = mkdtempSync(join(scratchPlace(), "weir-test-"));
  const leftovers = join(folder, "tmp");
  mkdirSync(leftovers);
  chmodSync(folder, 0o755);
  chmodSync(leftovers, 0o1777);
  return { folder, leftovers, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
