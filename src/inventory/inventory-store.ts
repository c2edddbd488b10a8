/**
 * What is known of senders, over restarts: a value for each sender, those that changed written a quarter of an hour
 * later. What a kill takes is in the traffic record and is counted again from there, so nothing waits for the disk.
 */
import { OpenFindings, type Finding } from "../core/inventory/findings.ts";
import type { Inventory } from "../core/inventory/inventory.ts";
import type { Outage } from "../core/inventory/rhythm.ts";
import { senderKey, type SavedAt, type Sender } from "../core/inventory/sender.ts";
import type { KeptOnDemand } from "../spool/store/kept-on-demand.ts";
import type { KeptValues } from "../spool/store/kept-values.ts";
import { readSenderRecord, senderRecord } from "./sender-record.ts";

/** Up to where the record was counted. */
export interface CountedTo extends SavedAt {
  /** Wall clock. */
  readonly atMs: number;
}

interface State {
  readonly sinceMs: number;
  readonly outages: readonly Outage[];
  readonly countedTo: CountedTo;
}

const prefix = "sender ";
const atOnce = 200;

export interface InventoryStore {
  /** Fills the inventory. Resolves with up to where it was counted, undefined where there is nothing. */
  load(
    inventory: Inventory,
    pause: () => Promise<void>,
  ): Promise<{
    readonly countedTo: CountedTo | undefined;
    readonly findings: OpenFindings;
  }>;
  /** `now`: up to where is counted at that moment. After it rejected, the next one writes what this one was to write. */
  save(inventory: Inventory, now: () => CountedTo, removed: readonly Sender[]): Promise<void>;
  saveFindings(findings: readonly Finding[]): Promise<void>;
}

/** Its calls reject while the disk fails. */
export function createInventoryStore(kept: KeptOnDemand): InventoryStore {
  const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
  const read = (values: KeptValues, key: string): unknown => {
    const octets = values.get(key);
    return octets === undefined ? undefined : (JSON.parse(octets.toString()) as unknown);
  };

  return {
    async load(inventory, pause) {
      const values = await kept.open();
      const state = read(values, "state") as State | undefined;
      let count = 0;
      for (const key of values.keys(prefix)) {
        if (++count % atOnce === 0) await pause();
        const octets = values.get(key);
        const sender = octets && readSenderRecord(octets);
        if (sender !== undefined) inventory.restore(sender);
      }
      if (state !== undefined) inventory.restoreTimes(state.sinceMs, state.outages);
      return {
        countedTo: state?.countedTo,
        findings: new OpenFindings((read(values, "findings") ?? []) as readonly Finding[]),
      };
    },
    async save(inventory, now, removed) {
      const values = await kept.open();
      const countedTo = now();
      const changed = inventory.takeChanged();
      try {
        for (let at = 0; at < changed.length; at += atOnce) {
          const savedAt: SavedAt = now();
          await values.write(
            changed.slice(at, at + atOnce).map((sender) => {
              sender.savedAt = { runMs: savedAt.runMs, place: savedAt.place };
              return { key: keyOf(sender), value: senderRecord(sender) };
            }),
          );
        }
        const state: State = { sinceMs: inventory.sinceMs ?? 0, outages: inventory.outages, countedTo };
        await values.write([
          ...removed.map((sender) => ({ key: keyOf(sender), value: undefined })),
          { key: "state", value: json(state) },
        ]);
      } catch (error) {
        // The next save says of more that it was counted: it must not be missing in what is written then.
        for (const sender of changed) inventory.touch(sender);
        throw error;
      }
    },
    async saveFindings(findings) {
      await (await kept.open()).write([{ key: "findings", value: json(findings) }]);
    },
  };
}

function keyOf(sender: Sender): string {
  return prefix + senderKey(sender);
}
