/**
 * A node that is suspended: readiness says so at once, so that the load balancer sends nobody here any more; what waits in
 * memory is let go of for others; after a while the door closes, for who comes all the same.
 */
import type { Clock, Timer } from "../../ports/ports.ts";
import type { NodeSuspended, Presence } from "./node-contract.ts";

export interface Drain {
  /** Undefined: this node takes mail. */
  readonly suspended: NodeSuspended | undefined;
  /** Nobody is let in any more. */
  readonly isClosed: boolean;
  /** Hears when either changes. */
  onChanged(listener: () => void): void;
  close(): void;
}

/** A node that was suspended before its start has its door closed at once. */
export function createDrain(parts: {
  readonly presence: Pick<Presence, "suspended" | "onChanged">;
  readonly clock: Clock;
  /** From the suspension to the closing of the door. */
  readonly delayMs: number;
}): Drain {
  const { presence, clock, delayMs } = parts;
  const listeners: (() => void)[] = [];
  let isClosed = presence.suspended !== undefined;
  let timer: Timer | undefined;

  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  const shut = (): void => {
    timer = undefined;
    isClosed = true;
    tell();
  };
  presence.onChanged((suspended) => {
    timer?.cancel();
    timer = undefined;
    isClosed = false;
    if (suspended === undefined || delayMs > 0) tell();
    if (suspended === undefined) return;
    if (delayMs > 0) timer = clock.after(delayMs, shut);
    else shut();
  });

  return {
    get suspended() {
      return presence.suspended;
    },
    get isClosed() {
      return isClosed;
    },
    onChanged: (listener) => void listeners.push(listener),
    close() {
      timer?.cancel();
      listeners.length = 0;
    },
  };
}
