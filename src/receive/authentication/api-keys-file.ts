/**
 * When each API key was used last, in a file of the data directory: written a minute after a use and at a clean stop,
 * never on the way of a request. A crash may forget the last minute.
 */
import type { ApiKey } from "../../core/authentication/api-key.ts";
import type { Events } from "../../events/events.ts";
import type { Clock } from "../../ports/ports.ts";
import { openKeptFile } from "../kept-file.ts";
import { createApiKeys, type ApiKeys } from "./api-keys.ts";
import { createKeyWatch } from "./key-watch.ts";

export interface KeptApiKeys extends ApiKeys {
  /** Writes what is not written. Never rejects. */
  close(): Promise<void>;
}

const writeAfterMs = 60_000;

/** A file that is missing tells of no use, one that cannot be understood neither, which is told. */
export async function openApiKeys(
  file: string,
  initial: readonly ApiKey[],
  { clock, events }: { readonly clock: Clock; readonly events: Events },
): Promise<KeptApiKeys> {
  const kept = await openKeptFile(file, {
    clock,
    events,
    what: "when API keys were used",
    writeAfterMs,
    read: usesIn,
    state: () => ({
      uses: Object.fromEntries(Array.from(keys.uses(), ([hash, at]) => [hash, new Date(at).toISOString()])),
    }),
  });
  const keys = createApiKeys(initial, clock, kept.stored ?? new Map(), () => kept.changed());
  const watch = createKeyWatch(clock, events);
  watch.watch(initial);
  return {
    ...keys,
    replace(next) {
      keys.replace(next);
      watch.watch(next);
    },
    close() {
      watch.stop();
      return kept.close();
    },
  };
}

function usesIn(text: string): ReadonlyMap<string, number> {
  const { uses } = JSON.parse(text) as { readonly uses?: unknown };
  if (typeof uses !== "object" || uses === null) throw new TypeError("it tells of no uses");
  return new Map(
    Object.entries(uses).map(([hash, at]): [string, number] => {
      const instant = typeof at === "string" ? Date.parse(at) : Number.NaN;
      if (Number.isNaN(instant)) throw new TypeError("a use is no instant");
      return [hash, instant];
    }),
  );
}
