/** Which installation this is: a number of its data directory, so that a restart is told from another node of that name. */
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../../ports/replace-file.ts";

/** Made at the first start. The directory is there. */
export async function installationOf(dataDirectory: string): Promise<string> {
  const file = join(dataDirectory, "installation-id");
  const kept = await readFile(file, "utf8").catch((error: unknown) => {
    if ((error as { code?: unknown }).code === "ENOENT") return "";
    throw error;
  });
  if (/^[0-9a-f-]{36}$/.test(kept.trim())) return kept.trim();
  const made = randomUUID();
  await replaceFile(file, `${made}\n`, { mode: 0o600 });
  return made;
}
