/** Kept values that are opened with the first question: most relays have none. */
import { openKeptValues, type KeptValues } from "./kept-values.ts";

export interface KeptOnDemand {
  /** The same for all who ask. Rejects when it cannot be opened, and who asks again tries again; also once it is closed. */
  open(): Promise<KeptValues>;
  /** Behind all writes; not opened, it never is. */
  close(): Promise<void>;
}

/** `onDamage`: as openKeptValues. */
export function keptOnDemand(directory: string, onDamage?: (what: string) => void): KeptOnDemand {
  let opening: Promise<KeptValues> | undefined;
  let isClosed = false;
  return {
    open() {
      if (isClosed) return Promise.reject(new Error(`${directory} is closed`));
      const mine = (opening ??= openKeptValues(directory, onDamage));
      mine.catch(() => {
        if (opening === mine) opening = undefined;
      });
      return mine;
    },
    async close() {
      isClosed = true;
      const opened = await opening?.catch(() => undefined);
      await opened?.close();
    },
  };
}
