/**
 * A file of the data directory for what is counted in memory: read once, written a while after a change and at a clean
 * stop. Counting goes on whatever becomes of the file, for mail is more important; each fault is told.
 */
import { readFile } from "node:fs/promises";
import type { Events } from "../events/events.ts";
import { createLateWrites, type LateWrites } from "../ports/late-writes.ts";
import type { Clock } from "../ports/ports.ts";
import { replaceFile } from "../ports/replace-file.ts";

export interface KeptFile<Value> extends LateWrites {
  /** What it held when it was opened. Undefined: it was missing, or not understood. */
  readonly stored: Value | undefined;
}

export interface KeptFileOptions<Value> {
  readonly clock: Clock;
  readonly events: Events;
  /** What is kept in it, for the event of a fault: "keeping …". */
  readonly what: string;
  readonly writeAfterMs: number;
  /** Throws where a text is of another form. */
  readonly read: (text: string) => Value;
  /** What is to be kept at this moment, beside the version of its form. */
  readonly state: () => Readonly<Record<string, unknown>>;
}

/** Never rejects. */
export async function openKeptFile<Value>(
  file: string,
  { clock, events, what, writeAfterMs, read, state }: KeptFileOptions<Value>,
): Promise<KeptFile<Value>> {
  const tell = (where: string, fault: unknown): void =>
    events.emit("RelayFault", { where, error: String(fault) });
  let stored: Value | undefined;
  try {
    stored = read(await readFile(file, "utf8"));
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code !== "ENOENT")
      tell(`reading ${file}, which counts as empty`, fault);
  }
  const writes = createLateWrites(
    clock,
    writeAfterMs,
    () => replaceFile(file, `${JSON.stringify({ version: 1, ...state() })}\n`, { mode: 0o600 }),
    (fault) => tell(`keeping ${what}`, fault),
  );
  return { ...writes, stored };
}
