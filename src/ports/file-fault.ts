/** A file that could not be written, told so that whoever reads it knows which one, on which disk, and why. */
import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

export class FileFault extends Error {
  override readonly name = "FileFault";
  /** `full`: the file system has no room; it is worth trying again when there is some. */
  readonly code: "full" | "failed";

  constructor(code: FileFault["code"], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** No room: none on the file system, none left by a quota. */
export function isFull(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === "ENOSPC" || code === "EDQUOT";
}

/** Nothing stands where a path leads. */
export function isMissing(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === "ENOENT" || code === "ENOTDIR";
}

/** Something stands where a path leads. Rejects when that cannot be found out. */
export function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => {
      if (isMissing(error)) return false;
      throw error;
    },
  );
}

/** What a write to `path` failed with, with path and file system in its text. Never rejects. */
export async function fileFault(path: string, error: unknown): Promise<FileFault> {
  if (error instanceof FileFault) return error;
  const reason = error instanceof Error ? error.message : String(error);
  if (!isFull(error))
    return new FileFault("failed", `${path} cannot be written: ${reason}`, { cause: error });
  const text = `${await fullFileSystem(path)} (${reason.replace(/, .*$/, "")})`;
  return new FileFault("full", `${path} cannot be written: ${text}`, { cause: error });
}

/** Says which file system it is that has no room for a path. */
export async function fullFileSystem(path: string): Promise<string> {
  return `the file system at ${await mountPointOf(path)} is full`;
}

/** The directory at which the file system of a path begins. */
async function mountPointOf(path: string): Promise<string> {
  const deviceOf = (of: string): Promise<number | undefined> =>
    stat(of).then(
      ({ dev }) => dev,
      () => undefined,
    );
  let at = resolve(path);
  // A file that is not there yet is where its directory is.
  let device = await deviceOf(at);
  for (; device === undefined && at !== dirname(at); device = await deviceOf(at)) at = dirname(at);
  for (let above = dirname(at); above !== at && (await deviceOf(above)) === device; above = dirname(at))
    at = above;
  return at;
}
