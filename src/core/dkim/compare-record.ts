/** Whether what DNS says of a key is that key. */
import { readKeyRecord } from "./key-record.ts";

export type RecordState = "fits" | "differs" | "revoked" | "missing";

/**
 * `records`: the texts found. RFC 6376 §3.6.2.2: several records leave it open which one is taken, so one that fits beside
 * another is told as `differs`.
 */
export function compareRecord(wanted: string, records: readonly string[]): RecordState {
  const own = readKeyRecord(wanted);
  const found = records.flatMap((text) => readKeyRecord(text) ?? []);
  if (found.length === 0) return "missing";
  if (found.some(({ publicKey }) => publicKey === "")) return "revoked";
  const fits = found.every(({ kind, publicKey }) => kind === own?.kind && publicKey === own.publicKey);
  return fits ? "fits" : "differs";
}
