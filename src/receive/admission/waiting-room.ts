/**
 * Where connections over a connection limit wait for a place instead of being refused (limitAction `delay`).
 * Bounded, and fair between sources: each freed place is offered to the sources in turn, to the longest waiting
 * connection of each.
 */
import type { Clock, Timer } from "../../ports/ports.ts";

export interface Waiter {
  /** Stops waiting, without a word. Idempotent. */
  leave(): void;
}

export interface WaitingRoom {
  /**
   * Waits until `enter` says it found a place, or `delayMs` are over and `giveUp` is called. Undefined when the
   * room is full, or the source already has its share of it.
   */
  wait(
    connector: string,
    source: string,
    delayMs: number,
    enter: () => boolean,
    giveUp: () => void,
  ): Waiter | undefined;
  /** A place of this connector came free. Cost: nothing while nobody waits. */
  placeFreed(connector: string): void;
  /** Waiting now, by connector. */
  waiting(connector: string): number;
  /** Sends everybody away. */
  close(): void;
}

interface Waiting {
  readonly enter: () => boolean;
  readonly giveUp: () => void;
  readonly timer: Timer;
}

/** The sources of one connector, in the order of their next turn. */
type Queues = Map<string, Waiting[]>;

/** Each waiting connection costs a socket and some hundred octets. */
const capacityPerConnector = 1_000;
/** One source never takes more than this part of the room. */
const sharePerSource = 4;

export function createWaitingRoom(clock: Clock): WaitingRoom {
  const rooms = new Map<string, Queues>();
  const counts = new Map<string, number>();

  const remove = (connector: string, source: string, waiting: Waiting): void => {
    const queues = rooms.get(connector);
    const queue = queues?.get(source);
    const at = queue?.indexOf(waiting) ?? -1;
    if (queues === undefined || queue === undefined || at === -1) return;
    waiting.timer.cancel();
    queue.splice(at, 1);
    if (queue.length === 0) queues.delete(source);
    if (queues.size === 0) rooms.delete(connector);
    const left = (counts.get(connector) ?? 1) - 1;
    if (left === 0) counts.delete(connector);
    else counts.set(connector, left);
  };

  return {
    wait(connector, source, delayMs, enter, giveUp) {
      const queues: Queues = rooms.get(connector) ?? new Map<string, Waiting[]>();
      const queue = queues.get(source) ?? [];
      const count = counts.get(connector) ?? 0;
      if (count >= capacityPerConnector || queue.length >= capacityPerConnector / sharePerSource)
        return undefined;
      const timer = clock.after(delayMs, () => {
        remove(connector, source, waiting);
        giveUp();
      });
      const waiting: Waiting = { enter, giveUp, timer };
      queue.push(waiting);
      queues.set(source, queue);
      rooms.set(connector, queues);
      counts.set(connector, count + 1);
      return { leave: () => remove(connector, source, waiting) };
    },
    placeFreed(connector) {
      const queues = rooms.get(connector);
      if (queues === undefined) return;
      for (const [source, queue] of queues) {
        const first = queue[0];
        if (first === undefined || !first.enter()) continue;
        remove(connector, source, first);
        // Behind the others for the next place.
        const rest = queues.get(source);
        if (rest !== undefined) {
          queues.delete(source);
          queues.set(source, rest);
        }
        return;
      }
    },
    waiting: (connector) => counts.get(connector) ?? 0,
    close() {
      for (const [connector, queues] of rooms) {
        for (const [source, queue] of queues) {
          for (let first = queue[0]; first !== undefined; first = queue[0]) {
            remove(connector, source, first);
            first.giveUp();
          }
        }
      }
    },
  };
}
