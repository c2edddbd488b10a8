/** Looks at what other nodes change, each second, one after the other. Without the database what was known last holds. */
import type { Clock } from "../../ports/ports.ts";
import { repeatLook } from "../../ports/repeated-look.ts";

export interface Looks {
  add(look: () => Promise<void>): void;
  /** Looks now. Rejects as the first look that fails. */
  now(): Promise<void>;
  close(): void;
}

const usualLookMs = 1_000;

export function createLooks(clock: Clock, everyMs = usualLookMs): Looks {
  const all: (() => Promise<void>)[] = [];
  let closed = false;
  const looks = repeatLook(clock, everyMs, async () => {
    // Heartbeats tell of a database that is away.
    for (const look of all) if (!closed) await look().catch(() => undefined);
  });
  return {
    add: (look) => void all.push(look),
    async now() {
      for (const look of all) await look();
    },
    close() {
      closed = true;
      void looks.close();
    },
  };
}
