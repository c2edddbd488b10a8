/** Events as numbers: which, how often, from when to when; of faults of Weir's own where in its code. Pure. */
import type { StoredEvent } from "../../events/store/stored-event.ts";

export interface ToldEvent {
  readonly id: number;
  readonly name: string;
  readonly count: number;
  readonly firstAt: string;
  readonly lastAt: string;
  /** Of a fault: functions and places in Weir's and Node's own files, from the latest. */
  readonly stack?: readonly string[];
}

/** Only a function's name and a place in a file of Weir or Node; what is between may hold anything. */
const frame =
  /^\s*at (?:(?:async |new )?([\w$.<>[\]# ]{1,80}) \()?(?:file:\/\/)?(?:.*\/)?((?:node:internal\/|node:|src\/|dist\/)[\w./-]{1,120}:\d+:\d+)\)?$/;
const mostFrames = 20;

export function toldEvents(events: readonly StoredEvent[]): readonly ToldEvent[] {
  const told = new Map<number, ToldEvent>();
  for (const { id, name, at, count = 1, fields } of events) {
    const before = told.get(id);
    const error = fields["error"];
    const stack =
      before?.stack ?? (name === "RelayFault" && typeof error === "string" ? stackOf(error) : undefined);
    told.set(id, {
      id,
      name,
      count: (before?.count ?? 0) + count,
      firstAt: before !== undefined && before.firstAt < at ? before.firstAt : at,
      lastAt: before !== undefined && before.lastAt > at ? before.lastAt : at,
      ...(stack === undefined ? {} : { stack }),
    });
  }
  return [...told.values()].toSorted((a, b) => b.count - a.count);
}

export function stackOf(error: string): readonly string[] {
  return error
    .split(/\n|\\x0a/)
    .flatMap((line) => {
      const [, name, place] = frame.exec(line) ?? [];
      return place === undefined ? [] : [name === undefined ? place : `${name.trim()} ${place}`];
    })
    .slice(0, mostFrames);
}
