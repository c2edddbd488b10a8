/**
 * Ends connections by time with one timer for all of them, so that ten thousand idle ones cost no timers.
 * Sources: Exchange ConnectionTimeout, ConnectionInactivityTimeout.
 */
import type { Clock, Timer } from "../../ports/ports.ts";
import { Places } from "../../core/turnover/places.ts";
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
  /** Returns what `forget` is to be given with it. */
  watch(watched: Watched): number;
  forget(watch: number, watched: Watched): void;
  close(): void;
}

function lookAt(watched: Watched, now: number): void {
  const { connection } = watched;
  if (connection.lingersAt(now)) {
    connection.destroy();
  } else if (connection.closingSince === undefined) {
    const idle = now - connection.lastActivityAt >= watched.inactivityTimeout() && !watched.isWaiting();
    if (idle || now - connection.openedAt >= watched.totalTimeout) watched.timedOut();
  }
}

/** Deadlines are kept to within half a second, also where what ends one fails. */
export function createDeadlines(clock: Clock): Deadlines {
  const all = new Places<Watched>();
  let timer: Timer | undefined;

  const sweep = (): void => {
    const now = clock.now();
    const faults: unknown[] = [];
    for (const watched of all) {
      try {
        lookAt(watched, now);
      } catch (fault) {
        faults.push(fault);
      }
    }
    timer?.cancel();
    timer = all.size > 0 ? clock.after(stepMs, sweep) : undefined;
    // Told as any that nobody catches: behind the looks at all others, and with a timer for them.
    if (faults.length > 0) throw faults[0];
  };

  return {
    watch(watched) {
      timer ??= clock.after(stepMs, sweep);
      return all.add(watched);
    },
    forget(watch, watched) {
      all.remove(watch, watched);
      if (all.size === 0) {
        timer?.cancel();
        timer = undefined;
      }
    },
    close() {
      timer?.cancel();
      timer = undefined;
    },
  };
}
