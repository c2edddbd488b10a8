/** Replaces a configuration file as a whole, so that no reader ever sees half of it. */
import { randomBytes } from "node:crypto";
import { chown, open, readFile, realpath, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { syncDirectory } from "../ports/directory-sync.ts";

export class ConfigurationFileError extends Error {
  override readonly name = "ConfigurationFileError";
  readonly code: "fileChanged" | "fileFault";

  constructor(code: "fileChanged" | "fileFault", message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/**
 * Writes `text` where the file still holds `expected`: a new file in the same folder, synced, with the old one's mode
 * and owner, renamed over it; a symbolic link keeps its target. Rejects with ConfigurationFileError and then leaves the
 * file as it is.
 */
export async function replaceFile(file: string, expected: string, text: string): Promise<void> {
  let temporary: string | undefined;
  try {
    const target = await realpath(file);
    const { mode, uid, gid } = await stat(target);
    const path = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString("hex")}.new`);
    const handle = await open(path, "wx", 0o600);
    temporary = path;
    try {
      await handle.writeFile(text);
      await handle.chmod(mode & 0o7777);
      if (process.getuid !== undefined && (uid !== process.getuid() || gid !== process.getgid?.())) {
        await chown(path, uid, gid);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    if ((await readFile(target, "utf8")) !== expected) {
      throw new ConfigurationFileError(
        "fileChanged",
        `${file} was changed by somebody else meanwhile; nothing was written, try again`,
      );
    }
    await rename(path, target);
    temporary = undefined;
    await syncDirectory(dirname(target));
  } catch (fault) {
    if (fault instanceof ConfigurationFileError) throw fault;
    const reason = fault instanceof Error ? fault.message : String(fault);
    throw new ConfigurationFileError("fileFault", `${file} cannot be written: ${reason}`, fault);
  } finally {
    if (temporary !== undefined) await unlink(temporary).catch(() => undefined);
  }
}

/** Rejects with ConfigurationFileError. */
export async function readConfigurationText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (fault) {
    const reason = fault instanceof Error ? fault.message : String(fault);
    throw new ConfigurationFileError("fileFault", `${file} cannot be read: ${reason}`, fault);
  }
}
