/** Looks at what other nodes change, each second, one after the other. Without the database what was known last holds. */
export interface Looks {
  add(look: () => Promise<void>): void;
  /** Looks now. Rejects as the first look that fails. */
  now(): Promise<void>;
  close(): void;
}

const usualLookMs = 1_000;

export function createLooks(everyMs = usualLookMs): Looks {
  const all: (() => Promise<void>)[] = [];
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const plan = (): void => {
    if (closed) return;
    timer = setTimeout(() => {
      void (async () => {
        // Heartbeats tell of a database that is away.
        for (const look of all) if (!closed) await look().catch(() => undefined);
        plan();
      })();
    }, everyMs).unref();
  };
  plan();
  return {
    add: (look) => void all.push(look),
    async now() {
      for (const look of all) await look();
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
