/** What the system says of a disk, as the spool tells it. */
import { fullFileSystem, isFull } from "../../ports/file-fault.ts";
import { SpoolError } from "../spool.ts";
import { freeBytes } from "./growing-file.ts";

/** Below this an I/O error of LMDB, which does not tell why, is taken for a full disk. */
const fullBelowBytes = 1024 * 1024;

/** `full` when the disk says so, or when it is so while LMDB only says EIO. */
export async function faultOf(directory: string, cause: unknown): Promise<SpoolError> {
  if (cause instanceof SpoolError) return cause;
  const { message } = cause as { message?: unknown };
  const full = isFull(cause) || (await freeBytes(directory)) < fullBelowBytes;
  const reason = full ? `${await fullFileSystem(directory)} (${String(message)})` : String(message);
  return new SpoolError(full ? "full" : "failed", `the spool ${directory} cannot be written: ${reason}`, {
    cause,
  });
}
