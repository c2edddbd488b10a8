/**
 * Ends connections by time with one timer for all of them, so that ten thousand idle ones cost no timers.
 * Sources: Exchange ConnectionTimeout, ConnectionInactivityTimeout.
 */
import type { Clock, Timer } from "../../ports/ports.ts";
import type { Connection } from "./connection.ts";

export interface Watched {
  readonly connection: Connection;
  /** How long it may be silent now. Milliseconds. */
  inactivityTimeout(): number;
  /** Milliseconds. */
  readonly totalTimeout: number;
  /** The server itself keeps the client waiting (tarpit, storing): it is not idle. */
  isWaiting(): boolean;
  timedOut(): void;
}

const stepMs = 500;

export interface Deadlines {
  watch(watched: Watched): void;
  forget(watched: Watched): void;
  close(): void;
}

/** Deadlines are kept to within half a second. */
export function createDeadlines(clock: Clock): Deadlines {
  const all = new Set<Watched>();
  let timer: Timer | undefined;

  const sweep = (): void => {
    const now = clock.now();
    for (const watched of all) {
      const { connection } = watched;
      if (connection.lingersAt(now)) {
        connection.destroy();
      } else if (connection.closingSince === undefined) {
        const idle = now - connection.lastActivityAt >= watched.inactivityTimeout() && !watched.isWaiting();
        if (idle || now - connection.openedAt >= watched.totalTimeout) watched.timedOut();
      }
    }
    timer = all.size > 0 ? clock.after(stepMs, sweep) : undefined;
  };

  return {
    watch(watched) {
      all.add(watched);
      timer ??= clock.after(stepMs, sweep);
    },
    forget(watched) {
      all.delete(watched);
      if (all.size === 0) {
        timer?.cancel();
        timer = undefined;
      }
    },
    close() {
      timer?.cancel();
      timer = undefined;
      all.clear();
    },
  };
}
