/** Who holds a data directory's spool. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { answers } from "../../admin/answering-socket.ts";

/** Processes whose entries in the spool answer (spool/lock/registered-holder.ts), by id. Never rejects. */
export async function spoolHolders(dataDirectory: string): Promise<readonly string[]> {
  const spool = join(dataDirectory, "spool");
  const names = await readdir(spool).catch(() => []);
  const living: string[] = [];
  for (const name of names) {
    const pid = /^holder\.(\d+)-[0-9a-f]{12}$/.exec(name)?.[1];
    if (pid !== undefined && (await answers(join(spool, name)))) living.push(pid);
  }
  return living;
}
