/** Where the store stands, as it asks before it writes: what stands there may be another's by now. */
import type { SpoolPlace } from "../lock/spool-place.ts";
import { SpoolError } from "../spool.ts";

export interface StorePlace {
  /** Throws SpoolError when the lock is lost, as of the last look: nothing may be written any more. Cost: none. */
  assertLocked(): void;
  /** Looks, and rejects with SpoolError when the directory is not the one that was opened: nothing is made in it. */
  assertInPlace(): Promise<void>;
}

/** Nobody moves it. */
export const anyPlace: StorePlace = {
  assertLocked: () => undefined,
  assertInPlace: () => Promise.resolve(),
};

export function storePlace(place: Pick<SpoolPlace, "lockFault" | "look"> | undefined): StorePlace {
  if (place === undefined) return anyPlace;
  return {
    assertLocked: () => failFor(place.lockFault),
    assertInPlace: async () => failFor(await place.look()),
  };
}

function failFor(fault: string | undefined) {
  if (fault !== undefined) throw new SpoolError("failed", fault);
}
