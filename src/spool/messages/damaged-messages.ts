/** Where damaged messages are set aside: `damaged/<id>` and beside it what is wrong, for a person to look at. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { MessageId } from "../../core/message/envelope.ts";
import { syncDirectory } from "../../ports/directory-sync.ts";
import { replaceFile } from "../../ports/replace-file.ts";
import type { BodyFiles } from "../bodies/body-file.ts";

/** The remains of a message, as far as they can be read. */
export interface Remains {
  readonly id: MessageId;
  readonly what: string;
  readonly record: Buffer | undefined;
  readonly state: Buffer | undefined;
}

/**
 * Writes the raw record to `<directory>/damaged/<id>`, the state to `<id>.state`, moves the body file to
 * `<id>.body` and says why in `<id>.txt`; durable when it resolves, with the record's path.
 */
export async function setRemainsAside(
  directory: string,
  bodies: BodyFiles,
  { id, what, record, state }: Remains,
): Promise<string> {
  const damaged = join(directory, "damaged");
  await mkdir(damaged, { mode: 0o700 }).catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== "EEXIST") throw error;
  });
  const path = join(damaged, String(id));
  await replaceFile(path, record ?? Buffer.alloc(0), { mode: 0o600 });
  if (state !== undefined) await replaceFile(`${path}.state`, state, { mode: 0o600 });
  const hasBody = await bodies.moveTo(id, `${path}.body`);
  const lines = [
    `Message ${id} was set aside: ${what}.`,
    `${id}: the record (src/spool/messages/record.ts describes it)${record === undefined ? "; missing" : ""}`,
    ...(state === undefined ? [] : [`${id}.state: the unfinished recipients`]),
    ...(hasBody ? [`${id}.body: the content`] : []),
  ];
  // Its directory is synced last, so the moved body's entry too.
  await replaceFile(`${path}.txt`, `${lines.join("\n")}\n`, { mode: 0o600 });
  await syncDirectory(directory);
  return path;
}
