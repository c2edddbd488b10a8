import { expect, test } from "vitest";
import { Inventory } from "../core/inventory/inventory.ts";
import { TrafficDecoder } from "../core/traffic/traffic-decoder.ts";
import { TrafficEncoder } from "../core/traffic/traffic-encoder.ts";
import { createInventoryStore } from "./inventory-store.ts";

const startMs = Date.UTC(2026, 10, 22);

/** One connection of each source. */
function counted(sources: readonly string[]): Inventory {
  const inventory = new Inventory();
  const encoder = new TrafficEncoder(startMs);
  encoder.begin(startMs, 0);
  for (const source of sources)
    encoder.left(
      startMs,
      encoder.admitted(startMs, { connector: "In", source, address: source, door: "SMTP" }),
    );
  new TrafficDecoder(inventory).segment(encoder.take());
  return inventory;
}

test.each([0, 1])(
  "what a full disk did not take is written with what comes next: write %s fails",
  async (failing) => {
    const values = new Map<string, Buffer>();
    let writes = 0;
    const store = createInventoryStore({
      open: () =>
        Promise.resolve({
          get: (key: string) => values.get(key),
          keys: (prefix: string) => [...values.keys()].filter((key) => key.startsWith(prefix)),
          write(all: readonly { readonly key: string; readonly value: Buffer | undefined }[]) {
            if (writes++ === failing) return Promise.reject(new Error("no space left"));
            for (const { key, value } of all) if (value !== undefined) values.set(key, value);
            return Promise.resolve();
          },
          close: () => Promise.resolve(),
        }),
      close: () => Promise.resolve(),
    });
    const now = () => ({ runMs: 1, place: 1, atMs: startMs });
    const inventory = counted(["10.0.0.1", "10.0.0.2"]);
    await expect(store.save(inventory, now, [])).rejects.toThrow("no space left");
    expect(values.has("state")).toBe(false);
    await store.save(inventory, now, []);
    const again = new Inventory();
    await store.load(again, () => Promise.resolve());
    expect(Array.from(again.senders, ({ source }) => source).sort()).toEqual(["10.0.0.1", "10.0.0.2"]);
  },
);
