/** The configuration file: read, and replaced as a whole, so that no reader ever sees half of it. */
import { readFile, realpath, stat } from "node:fs/promises";
import { FileFault } from "../ports/file-fault.ts";
import { replaceFile } from "../ports/replace-file.ts";

export class ConfigurationFileError extends Error {
  override readonly name = "ConfigurationFileError";
  /** `diskFull`: there is no room to write it. */
  readonly code: "fileChanged" | "fileFault" | "diskFull";

  constructor(code: ConfigurationFileError["code"], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/**
 * Writes `text` where the file still holds `expected`, with the old one's mode and owner; a symbolic link keeps its
 * target. Rejects with ConfigurationFileError and then leaves the file as it is.
 */
export async function replaceConfigurationText(file: string, expected: string, text: string): Promise<void> {
  try {
    const target = await realpath(file);
    const { mode, uid, gid } = await stat(target);
    const isOwn = process.getuid === undefined || (uid === process.getuid() && gid === process.getgid?.());
    await replaceFile(target, text, {
      mode: mode & 0o7777,
      ...(isOwn ? {} : { owner: { uid, gid } }),
      async beforeRename() {
        if ((await readFile(target, "utf8")) === expected) return;
        throw new ConfigurationFileError(
          "fileChanged",
          `${file} was changed by somebody else meanwhile; nothing was written, try again`,
        );
      },
    });
  } catch (fault) {
    if (fault instanceof ConfigurationFileError) throw fault;
    if (fault instanceof FileFault)
      throw new ConfigurationFileError(
        fault.code === "full" ? "diskFull" : "fileFault",
        fault.message,
        fault,
      );
    const reason = fault instanceof Error ? fault.message : String(fault);
    throw new ConfigurationFileError("fileFault", `${file} cannot be written: ${reason}`, fault);
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
