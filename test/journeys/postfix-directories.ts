/** Where a Postfix of a test's own keeps its mail, with the owners that it insists on. */
import { execFile } from "node:child_process";
import { chmod, chown, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

export async function idOf(database: "passwd" | "group", name: string): Promise<number> {
  return Number((await promisify(execFile)("getent", [database, name])).stdout.split(":")[2]);
}

/** As `postfix check` makes them, which takes its time. */
export async function makePostfixDirectories(directory: string): Promise<void> {
  const [owner, dropGroup] = [await idOf("passwd", "postfix"), await idOf("group", "postdrop")];
  const make = async (path: string, mode: number, user: number, group = 0): Promise<void> => {
    await mkdir(join(directory, path));
    await chown(join(directory, path), user, group);
    await chmod(join(directory, path), mode);
  };
  await make("spool", 0o755, 0);
  await make("data", 0o700, owner);
  await make("spool/pid", 0o755, 0);
  for (const queue of ["active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming"])
    await make(`spool/${queue}`, 0o700, owner);
  for (const queue of ["private", "saved", "trace"]) await make(`spool/${queue}`, 0o700, owner);
  await make("spool/public", 0o710, owner, dropGroup);
  await make("spool/maildrop", 0o730, owner, dropGroup);
}
