/**
 * A file in the directory of a spool whose mail was put into a database of several nodes. It stands there before the first
 * message is: from then on a relay that started on the directory would send a second time what the nodes send.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isMissing } from "../../ports/file-fault.ts";
import { replaceFile } from "../../ports/replace-file.ts";

export const movedMarkFile = "moved-to-cluster.json";

export interface MovedMark {
  /** Of this directory's move, for the database. */
  readonly source: string;
  /** For people: which database. */
  readonly database: string;
  readonly begunAt: string;
  /** Undefined: not all of it is there yet. */
  readonly endedAt?: string;
}

/** Undefined: nobody has begun to move it. Rejects where it cannot be read. */
export async function readMovedMark(directory: string): Promise<MovedMark | undefined> {
  let text: string;
  try {
    text = await readFile(join(directory, movedMarkFile), "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  const mark = JSON.parse(text) as Partial<MovedMark>;
  if (typeof mark.source !== "string" || typeof mark.begunAt !== "string")
    throw new Error(`${join(directory, movedMarkFile)} does not say where the mail was moved`);
  return { ...mark, source: mark.source, begunAt: mark.begunAt, database: mark.database ?? "a database" };
}

/** Durable when it resolves. */
export async function writeMovedMark(directory: string, mark: MovedMark): Promise<void> {
  await replaceFile(join(directory, movedMarkFile), `${JSON.stringify(mark, undefined, 2)}\n`, {
    mode: 0o644,
  });
}

/** Why no relay may start on the directory, and what to do; undefined: it may. */
export function whyMoved(directory: string, mark: MovedMark | undefined): string | undefined {
  if (mark === undefined) return undefined;
  const { database, begunAt, endedAt } = mark;
  return endedAt === undefined
    ? `a part of the mail in ${directory} is in ${database} since ${begunAt}: a relay here would send it a second time; run weir cluster import again, which moves the rest`
    : `the mail in ${directory} was moved into ${database} at ${endedAt}: a relay here would send it a second time; move this folder away to begin with an empty queue (docs/several-nodes.md, Moving a queue)`;
}
