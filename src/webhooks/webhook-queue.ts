/** What one webhook still has to tell: batches, the oldest first. Bounded; beyond it events are counted only. */
import { randomBytes } from "node:crypto";
import { Batch } from "../core/webhooks/batch.ts";
import type { EventRecord } from "../events/events.ts";
import { eventToTell, likenessOf } from "./event-to-tell.ts";

export const mostBatches = 25;

export interface WebhookQueue {
  /** Cost: a look-up; for the first of its kind its text as well. */
  add(record: EventRecord): void;
  /** Found on disk: they come first. */
  addEarlier(batches: readonly Batch[]): void;
  /** The oldest, to which nothing is added from now on; undefined: there is none. */
  take(): Batch | undefined;
  remove(batch: Batch): void;
  /** Takes out of a batch what others tell; where nothing is left it is removed. */
  drop(batch: Batch, keys: readonly string[]): void;
  readonly batches: readonly Batch[];
  /** Events. */
  readonly count: number;
}

export const newBatchId = (): string => `msg_${randomBytes(18).toString("base64url")}`;

/** `changed`: the batch is other than it was, or gone. */
export function createWebhookQueue(changed: (batch: Batch, isGone: boolean) => void): WebhookQueue {
  let batches: readonly Batch[] = [];
  const begin = (atMs: number): Batch => {
    const batch = new Batch(newBatchId(), atMs);
    batches = [...batches, batch];
    return batch;
  };
  return {
    add(record) {
      const atMs = record.at.getTime();
      const key = likenessOf(record);
      const last = batches.at(-1);
      let open = last === undefined || last.isSealed ? begin(atMs) : last;
      if (!open.again(key, atMs)) {
        if (open.isFull && batches.length < mostBatches) open = begin(atMs);
        if (open.hasRoomFor(record.name)) open.add(key, eventToTell(record), atMs);
        else open.addUntold({ id: record.definition.id, name: record.name });
      }
      changed(open, false);
    },
    addEarlier(earlier) {
      // They may have been sent: under one id always the same is told.
      for (const batch of earlier) batch.isSealed = batch.isClaimed = true;
      batches = [...earlier, ...batches];
    },
    take() {
      const [first] = batches;
      if (first !== undefined) first.isSealed = true;
      return first;
    },
    drop(batch, keys) {
      for (const key of keys) batch.drop(key);
      if (batch.count === 0) batches = batches.filter((one) => one !== batch);
      changed(batch, batch.count === 0);
    },
    remove(batch) {
      batches = batches.filter((one) => one !== batch);
      changed(batch, true);
    },
    get batches() {
      return batches;
    },
    get count() {
      return batches.reduce((sum, batch) => sum + batch.count, 0);
    },
  };
}
