/** What webhooks still have to tell, on disk: a value for each batch. Opened with the first event there is to tell. */
import { stat } from "node:fs/promises";
import { Batch, type StoredBatch } from "../core/webhooks/batch.ts";
import { keptOnDemand } from "../spool/store/kept-on-demand.ts";

export interface WebhookStore {
  /** By webhook, the oldest first. Creates nothing. Rejects with SpoolError. */
  load(): Promise<ReadonlyMap<string, readonly Batch[]>>;
  /** `batch` undefined: it is removed. Durable when it resolves. */
  save(changes: readonly BatchChange[]): Promise<void>;
  close(): Promise<void>;
}

export interface BatchChange {
  /** Of the webhook. */
  readonly name: string;
  readonly id: string;
  readonly batch: Batch | undefined;
}

const keyOf = (name: string, id: string): string => `${name.toLowerCase()}\n${id}`;

/** `onDamage`: as openKeptValues. */
export function openWebhookStore(directory: string, onDamage?: (what: string) => void): WebhookStore {
  const kept = keptOnDemand(directory, onDamage);
  return {
    async load() {
      const found = new Map<string, Batch[]>();
      if (!(await isThere(directory))) return found;
      const values = await kept.open();
      for (const key of values.keys("")) {
        const batch = batchOf(values.get(key));
        const [name = ""] = key.split("\n", 1);
        if (batch !== undefined) found.set(name, [...(found.get(name) ?? []), batch]);
      }
      for (const batches of found.values()) batches.sort((one, other) => one.sinceMs - other.sinceMs);
      return found;
    },
    async save(changes) {
      const values = await kept.open();
      await values.write(
        changes.map(({ name, id, batch }) => ({
          key: keyOf(name, id),
          value: batch === undefined ? undefined : Buffer.from(JSON.stringify(batch.stored())),
        })),
      );
    },
    close: () => kept.close(),
  };
}

/** Undefined: it cannot be read. */
function batchOf(value: Buffer | undefined): Batch | undefined {
  if (value === undefined) return undefined;
  try {
    return Batch.of(JSON.parse(value.toString()) as StoredBatch);
  } catch {
    return undefined;
  }
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
