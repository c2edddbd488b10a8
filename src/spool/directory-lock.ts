/**
 * One process to a spool. The lock file names its holder by process id and, where the system tells it, by the
 * start of that process, so that neither a killed holder nor a recycled process id blocks the next start.
 */
import { link, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { SpoolError } from "./spool.ts";

/** A killed holder may take a moment to be gone. */
const patienceMs = 3_000;
const lookAgainMs = 100;

/**
 * Locks a directory; resolves with what unlocks it. Rejects with SpoolError `failed` when another holds it, and goes on
 * holding it for a few seconds.
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const path = join(directory, "lock");
  const own = `${process.pid} ${await startOf(process.pid)}\n`;
  const draft = join(directory, `lock.${process.pid}`);
  await writeFile(draft, own, { mode: 0o600 });
  const impatientAt = performance.now() + patienceMs;
  try {
    for (;;) {
      try {
        await link(draft, path);
        return async () => {
          if ((await holderOf(path)) === own) await unlink(path).catch(() => undefined);
        };
      } catch (error) {
        if ((error as { code?: unknown }).code !== "EEXIST") throw error;
      }
      const holder = await holderOf(path);
      if (holder === undefined) continue;
      if (!(await isRunning(holder))) await takeAway(path, holder, draft);
      else if (performance.now() < impatientAt) await delay(lookAgainMs);
      else
        throw new SpoolError(
          "failed",
          `the spool ${directory} is in use by process ${Number.parseInt(holder, 10)} (${path})`,
        );
    }
  } finally {
    await unlink(draft).catch(() => undefined);
  }
}

/** Removes the lock of a holder that is gone, and puts it back should another have replaced it meanwhile. */
async function takeAway(path: string, holder: string, draft: string): Promise<void> {
  const aside = `${draft}.stale`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return;
    throw error;
  }
  if ((await holderOf(aside)) !== holder) await link(aside, path).catch(() => undefined);
  await unlink(aside).catch(() => undefined);
}

async function holderOf(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}

async function isRunning(holder: string): Promise<boolean> {
  const [pidText = "", start = ""] = holder.trim().split(" ");
  const pid = Number(pidText);
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as { code?: unknown }).code !== "EPERM") return false;
  }
  return start === (await startOf(pid));
}

/** Boot and start tick of a process from /proc; `-` where there is none, or where it only waits to be reaped. */
async function startOf(pid: number): Promise<string> {
  try {
    const boot = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state, startTicks = ""] = [fields[0], fields[19]];
    if (state === "Z" || state === "X") return "-";
    return `${boot}:${startTicks}`;
  } catch {
    return "-";
  }
}
