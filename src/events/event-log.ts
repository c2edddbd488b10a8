/** The relay's teller: filters by level, makes records, hands them to whoever subscribed. */
import type { Clock } from "../ports/ports.ts";
import { catalogue, type EventName } from "./catalogue.ts";
import { isTold, levelNumbers, type EventLevels } from "./event-level.ts";
import type { EventFields, EventRecord, Events } from "./events.ts";

export type EventListener = (record: EventRecord) => void;

export interface EventLog extends Events {
  /** Hears every event told from now on. Returns what ends it. A listener that throws is not asked again. */
  subscribe(listener: EventListener): () => void;
  /** Takes effect at once. */
  setLevels(levels: EventLevels): void;
}

/** Cost of `wants` and of an event nobody wants: one look-up. */
export function createEventLog({
  clock,
  levels,
}: {
  readonly clock: Pick<Clock, "wall">;
  readonly levels: EventLevels;
}): EventLog {
  const listeners = new Set<EventListener>();
  let told = namesTold(levels);

  const wants = (name: EventName): boolean => listeners.size > 0 && told.has(name);

  return {
    wants,
    emit<Name extends EventName>(name: Name, fields: EventFields<Name>) {
      if (!wants(name)) return;
      const record: EventRecord = { name, definition: catalogue[name], at: clock.wall(), fields };
      for (const listener of listeners) {
        try {
          listener(record);
        } catch {
          listeners.delete(listener);
        }
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    setLevels(next) {
      told = namesTold(next);
    },
  };
}

function namesTold(levels: EventLevels): ReadonlySet<EventName> {
  const set = levelNumbers(levels);
  return new Set((Object.keys(catalogue) as EventName[]).filter((name) => isTold(catalogue[name], set)));
}
