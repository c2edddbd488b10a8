/**
 * One process to a spool, whoever it is: the holder is known by what the kernel keeps for it, never by a process id,
 * which means nothing in another container (docs/decisions/0018-one-relay-to-a-directory.md).
 */
import { setTimeout as delay } from "node:timers/promises";
import { SpoolError } from "../spool.ts";
import { tryExclusiveOpen } from "./exclusive-open.ts";
import type { DirectoryLock } from "./lock-attempt.ts";
import { tryRegister } from "./registered-holder.ts";

/** A killed holder may take a moment to be gone, and so may one that is just stopping. */
const defaultPatienceMs = 3_000;

/** macOS, the BSDs and Windows open a file for one process alone; elsewhere holders are registered by a socket. */
const opensExclusively = ["darwin", "freebsd", "openbsd", "netbsd", "win32"].includes(process.platform);

/**
 * Locks a directory that exists. Rejects with SpoolError `failed` when another holds it, and goes on holding it for a
 * few seconds (`patienceMs`).
 */
export async function lockDirectory(
  directory: string,
  patienceMs = defaultPatienceMs,
): Promise<DirectoryLock> {
  const attempt = opensExclusively ? tryExclusiveOpen : tryRegister;
  const impatientAt = performance.now() + patienceMs;
  for (;;) {
    const result = await attempt(directory);
    if (!("heldBy" in result)) return result;
    if (performance.now() >= impatientAt)
      throw new SpoolError(
        "failed",
        `the spool ${directory} is in use by another process (${result.heldBy})`,
      );
    // Two that start together must not step aside in step.
    await delay(50 + Math.random() * 100);
  }
}
