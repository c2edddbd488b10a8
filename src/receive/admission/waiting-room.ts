/**
 * Where connections over a connection limit wait for a place instead of being refused (limitAction `delay`).
 * Bounded, and fair between sources: each freed place is offered to the sources in turn, to the longest waiting
 * connection of each.
 */
import type { Clock, Timer } from "../../ports/ports.ts";

export interface Waiter {
  /** Takes a place, if there is one now. */
  enter(): Promise<boolean>;
  /** The wait is over. */
  giveUp(): void;
}

export interface WaitingRoom<W extends Waiter> {
  /** False when the room is full, or the source already has its share of it. `giveUp` is called after `delayMs`. */
  wait(connector: string, source: string, delayMs: number, waiter: W): boolean;
  /** It waits no longer. Idempotent, without a word. */
  leave(waiter: W): void;
  /** A place of this connector came free. Cost: nothing while nobody waits. */
  placeFreed(connector: string): void;
  /** Lets all go without a word, in the order in which they would have had their turns. */
  empty(): readonly W[];
  /** Waiting now, by connector. */
  waiting(connector: string): number;
}

interface Waiting<W> {
  readonly waiter: W;
  readonly timer: Timer;
}

interface Room<W> {
  /** The sources, in the order of their next turn. */
  readonly sources: Map<string, Waiting<W>[]>;
  count: number;
  /** Places that came free while one was being offered; undefined: none is. */
  freed: number | undefined;
}

/** Each waiting connection costs a socket and some hundred octets. */
const capacityPerConnector = 1_000;
/** One source never takes more than this part of the room. */
const sharePerSource = 4;

export function createWaitingRoom<W extends Waiter>(clock: Clock): WaitingRoom<W> {
  const rooms = new Map<string, Room<W>>();
  const places = new Map<W, { readonly connector: string; readonly source: string }>();

  const remove = (waiter: W): boolean => {
    const place = places.get(waiter);
    const room = place && rooms.get(place.connector);
    const queue = place && room?.sources.get(place.source);
    if (place === undefined || room === undefined || queue === undefined) return false;
    places.delete(waiter);
    const [gone] = queue.splice(
      queue.findIndex((waiting) => waiting.waiter === waiter),
      1,
    );
    gone?.timer.cancel();
    room.count--;
    if (queue.length === 0) room.sources.delete(place.source);
    if (room.sources.size === 0) rooms.delete(place.connector);
    return true;
  };

  /** Offers one place; true when somebody took it. */
  const offerOne = async ({ sources }: Room<W>): Promise<boolean> => {
    for (const [source, queue] of Array.from(sources)) {
      const first = queue[0]?.waiter;
      if (first === undefined || !(await first.enter())) continue;
      remove(first);
      // Behind the others for the next place.
      const rest = sources.get(source);
      if (rest !== undefined) {
        sources.delete(source);
        sources.set(source, rest);
      }
      return true;
    }
    return false;
  };

  const offer = async (room: Room<W>): Promise<void> => {
    while (room.freed !== undefined && room.freed > 0) {
      room.freed--;
      if (!(await offerOne(room))) room.freed = 0;
    }
    room.freed = undefined;
  };

  return {
    wait(connector, source, delayMs, waiter) {
      const room: Room<W> = rooms.get(connector) ?? { sources: new Map(), count: 0, freed: undefined };
      const queue = room.sources.get(source) ?? [];
      if (room.count >= capacityPerConnector || queue.length >= capacityPerConnector / sharePerSource)
        return false;
      const timer = clock.after(delayMs, () => {
        if (remove(waiter)) waiter.giveUp();
      });
      queue.push({ waiter, timer });
      room.count++;
      room.sources.set(source, queue);
      rooms.set(connector, room);
      places.set(waiter, { connector, source });
      return true;
    },
    leave: (waiter) => void remove(waiter),
    placeFreed(connector) {
      const room = rooms.get(connector);
      if (room === undefined) return;
      const offering = room.freed !== undefined;
      room.freed = (room.freed ?? 0) + 1;
      if (!offering) void offer(room);
    },
    empty() {
      const order: W[] = [];
      for (const room of rooms.values()) {
        const queues = [...room.sources.values()].map((queue) => queue.map(({ waiter }) => waiter));
        const rounds = Math.max(0, ...queues.map(({ length }) => length));
        for (let round = 0; round < rounds; round++)
          for (const queue of queues) if (queue[round] !== undefined) order.push(queue[round] as W);
      }
      for (const waiter of order) remove(waiter);
      return order;
    },
    waiting: (connector) => rooms.get(connector)?.count ?? 0,
  };
}
