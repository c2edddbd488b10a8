/** Sessions over a restart: `admin/sessions.json` of the data directory, mode 0600. Ids are kept as hashes only. */
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { makeDirectory } from "../../ports/make-directory.ts";
import { replaceFile } from "../../ports/replace-file.ts";

const keptSchema = z.object({
  /** SHA-256 of the id. */
  key: z.string().min(1),
  /** The token's name, and when it was made: one made later under the same name is another. */
  token: z.string(),
  tokenCreatedAt: z.string(),
  csrfToken: z.string().min(1),
  openedAt: z.iso.datetime(),
  usedAt: z.iso.datetime(),
});
export type KeptSession = z.infer<typeof keptSchema>;

const fileSchema = z.object({ sessions: z.array(keptSchema) });

/** Never rejects: without the file everybody signs in again. */
export async function readSessions(file: string): Promise<readonly KeptSession[]> {
  try {
    return fileSchema.parse(JSON.parse(await readFile(file, "utf8"))).sessions;
  } catch {
    return [];
  }
}

/** Never rejects: what is not written costs a sign-in after the next start. */
export async function writeSessions(file: string, sessions: readonly KeptSession[]): Promise<void> {
  try {
    await makeDirectory(dirname(file), 0o700);
    await replaceFile(file, `${JSON.stringify({ sessions }, undefined, 2)}\n`, { mode: 0o600 });
  } catch {
    // A full disk must not keep anybody out.
  }
}
