/** Whether the service is suspended, kept in a file of the data directory so that a restart changes nothing. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInTurn } from "../ports/in-turn.ts";
import { replaceFile } from "../ports/replace-file.ts";

export interface Suspended {
  /** ISO 8601. */
  readonly since: string;
  readonly by: string;
}

export interface ServiceSuspension {
  /** Undefined: it takes mail. */
  readonly now: Suspended | undefined;
  /** True when this changed something. Resolves when it is durable; rejects when the file cannot be written. */
  set(suspended: Suspended | undefined): Promise<boolean>;
}

/** A missing file means that it is not suspended. Rejects when it cannot be read or understood. */
export async function openServiceSuspension(dataDirectory: string): Promise<ServiceSuspension> {
  const file = join(dataDirectory, "suspended-service.json");
  let now = await stored(file);
  const inTurn = createInTurn();
  const write = async (next: Suspended | undefined): Promise<boolean> => {
    if ((now === undefined) === (next === undefined)) return false;
    await replaceFile(file, `${JSON.stringify(next ?? null)}\n`, { mode: 0o600 });
    now = next;
    return true;
  };
  return {
    get now() {
      return now;
    },
    set: (suspended) => inTurn(() => write(suspended)),
  };
}

async function stored(file: string): Promise<Suspended | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const read: unknown = JSON.parse(text);
    if (read === null) return undefined;
    const { since, by } = read as Partial<Suspended>;
    if (typeof since === "string" && typeof by === "string") return { since, by };
  } catch {
    // Told below.
  }
  throw new Error(`${file} does not say whether the service is suspended; {"since":"…","by":"…"} or null`);
}
