/** Replaces a small file as a whole: whoever reads it, also after a loss of power, finds the old one or the new one. */
import { randomBytes } from "node:crypto";
import { open, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { syncDirectory } from "./directory-sync.ts";
import { FileFault, fileFault } from "./file-fault.ts";

export interface Replacement {
  /** Whatever the umask. */
  readonly mode: number;
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** The last word when all is written and nothing is replaced yet: what it rejects with is rejected with. */
  readonly beforeRename?: () => Promise<void>;
}

/**
 * Writes a draft beside the file, syncs it, renames it over the file and syncs the directory, which must be there.
 * Rejects with FileFault; the file is as it was then, and the draft is gone. Only where the directory cannot be synced the
 * new file stands there already, and the fault says so. Cost: a file and two syncs.
 */
export async function replaceFile(
  file: string,
  content: string | Uint8Array,
  { mode, owner, beforeRename }: Replacement,
): Promise<void> {
  const draft = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString("hex")}.new`);
  try {
    const handle = await open(draft, "wx", 0o600);
    try {
      await handle.writeFile(content);
      await handle.chmod(mode);
      if (owner !== undefined) await handle.chown(owner.uid, owner.gid);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw await fileFault(file, error);
  }
  try {
    await beforeRename?.();
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  }
  try {
    await rename(draft, file);
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw await fileFault(file, error);
  }
  try {
    await syncDirectory(dirname(file));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `${file} is replaced, but a loss of power may bring the old one back: ${reason}`;
    throw new FileFault("failed", message, { cause });
  }
}
