/**
 * Room kept on the disk for a start: files that are removed when a relay begins on a file system that is full, so that
 * it finds blocks and inodes for its socket, its lock and a page or two, delivers what waits, and so makes room itself.
 * New mail is refused meanwhile, by back pressure or by the store.
 */
import { mkdir, readdir, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../ports/ports.ts";
import { repeatLook } from "../ports/repeated-look.ts";

const files = 16;
const fileBytes = 64 * 1024;
/** Below this a start gives the reserve up. */
const shortBytes = 512 * 1024;
const shortInodes = files;
/** It is kept only where there is so much more: a disk that is nearly full needs it for mail. */
const plentyBytes = 8 * files * fileBytes;
const lookEveryMs = 60_000;

export interface StartReserve {
  /** Resolves when nothing is being written any more. Never rejects. */
  close(): Promise<void>;
}

function placeOf(directory: string): string {
  return join(directory, "reserve");
}

/** Removes the reserve where the file system has no room to speak of. True when it did. Never rejects. */
export async function giveUpStartReserve(directory: string): Promise<boolean> {
  try {
    const { bytes, inodes } = await free(directory);
    if (bytes >= shortBytes && inodes >= shortInodes) return false;
    const kept = await readdir(placeOf(directory));
    for (const name of kept) await rm(join(placeOf(directory), name));
    return kept.length > 0;
  } catch {
    return false;
  }
}

/** Makes the reserve now and, when there was no room for it, as soon as there is. Cost: a megabyte, written once. */
export async function keepStartReserve(
  directory: string,
  clock: Clock,
  mayWrite: () => boolean,
): Promise<StartReserve> {
  const make = (): Promise<unknown> => makeReserve(directory).catch(() => undefined);
  await make();
  const looks = repeatLook(clock, lookEveryMs, () => (mayWrite() ? make() : Promise.resolve()));
  return { close: () => looks.close() };
}

async function makeReserve(directory: string): Promise<void> {
  const place = placeOf(directory);
  const there = await readdir(place).catch(() => undefined);
  if (there?.length === files) return;
  if ((await free(directory)).bytes < plentyBytes) return;
  if (there === undefined) await mkdir(place, { mode: 0o700 });
  // Not zeros only, which some file systems do not store.
  const octets = Buffer.alloc(fileBytes, "room for a start on a full disk\n");
  for (let number = 0; number < files; number++)
    await writeFile(join(place, String(number)), octets, { mode: 0o600 });
}

async function free(directory: string): Promise<{ bytes: number; inodes: number }> {
  const { bavail, bsize, files: allInodes, ffree } = await statfs(directory);
  // Some file systems make inodes as they need them, and tell none.
  return { bytes: bavail * bsize, inodes: allInodes === 0 ? Number.POSITIVE_INFINITY : ffree };
}
