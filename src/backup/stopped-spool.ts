/** The spool of a relay that does not run, copied file by file while nobody else can open it. */
import { constants, copyFile, mkdir, open, readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isMissing } from "../ports/file-fault.ts";
import { lockDirectory } from "../spool/lock/directory-lock.ts";

/** What a spool is made of, beside its bodies: the rest is made anew. */
const parts = ["data.mdb", "journal/0", "journal/1"];

/** Resolves with undefined: nobody has counted. Rejects with SpoolError when a process holds it. */
export async function copyStoppedSpool(
  spool: string,
  directory: string,
  take: (body: { readonly id: number; readonly path: string }) => Promise<void>,
  patienceMs?: number,
): Promise<undefined> {
  const lock = await lockDirectory(spool, patienceMs);
  try {
    for (const part of parts) {
      const target = join(directory, part);
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      try {
        await copyFile(join(spool, part), target, constants.COPYFILE_FICLONE);
      } catch (error) {
        if (isMissing(error)) continue;
        throw error;
      }
      const handle = await open(target, "r+");
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    }
    const bodies = join(spool, "bodies");
    const entries = await readdir(bodies, { recursive: true, withFileTypes: true }).catch(
      (error: unknown) => {
        if (isMissing(error)) return [];
        throw error;
      },
    );
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name);
      const isBody = /^\d+$/.test(entry.name) && /^[0-9a-f]{2}$/.test(basename(entry.parentPath));
      if (entry.isFile() && isBody) await take({ id: Number(entry.name), path });
    }
    return undefined;
  } finally {
    await lock.unlock();
  }
}
