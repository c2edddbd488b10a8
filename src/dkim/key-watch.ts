/** Looks once a day whether DNS still has the record of each key, and tells of those where it has not. */
import { judgeRecord, type LookedUpKey, type RecordVerdict } from "../core/dkim/judge-record.ts";
import type { Events } from "../events/events.ts";
import type { Resolver } from "../ports/lookup.ts";
import type { Clock, Timer } from "../ports/ports.ts";
import type { DkimKey } from "./dkim-settings.ts";

export interface KeyWatch {
  /** Looks at those that are new or changed within a minute, and at all of them each day. */
  watch(keys: readonly DkimKey[]): void;
  /** Of keys that were looked up, in the order of the configuration. */
  found(): readonly LookedUpKey[];
  /** For good. */
  stop(): void;
}

export interface KeyWatchContext {
  readonly resolver: Resolver;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly events: Events;
}

/** A relay that is started again and again asks nothing each time; milliseconds, and as long again at random. */
const soonMs = 10_000;
const soonSpreadMs = 40_000;
const dayMs = 86_400_000;
/** Relays that were started together do not ask together; part of a day, both ways. */
const daySpread = 0.1;
/** When DNS could not be asked for some. */
const againMs = 3_600_000;

/** Asks DNS anew: an answer that was kept may be from before somebody changed it. Never rejects. */
export async function lookUpKey(
  { name, state, key: { record } }: DkimKey,
  resolver: Resolver,
): Promise<RecordVerdict> {
  resolver.forget(name);
  return judgeRecord({ name, state, record }, await resolver.lookUp(name, "TXT"));
}

export function createKeyWatch({ resolver, clock, random, events }: KeyWatchContext): KeyWatch {
  let keys: readonly DkimKey[] = [];
  const known = new Map<string, LookedUpKey & { readonly record: string }>();
  let timer: Timer | undefined;
  /** Of the looks; one that another follows ends. */
  let turn = 0;

  const isKnown = ({ name, state, key: { record } }: DkimKey): boolean => {
    const one = known.get(name);
    return one?.state === state && one.record === record;
  };

  const plan = (inMs: number): void => {
    timer?.cancel();
    const mine = ++turn;
    timer = keys.length === 0 ? undefined : clock.after(inMs, () => void look(mine));
  };

  const look = async (mine: number): Promise<void> => {
    let isUnknown = false;
    for (const key of keys) {
      const verdict = await lookUpKey(key, resolver);
      if (turn !== mine) return;
      const { name, state } = key;
      if (verdict.dns === "unknown") {
        isUnknown = true;
        events.emit("DkimKeyNotLookedUp", { key: name, error: verdict.details });
        continue;
      }
      tell(key, verdict);
      known.set(name, { ...verdict, name, state, record: key.key.record, at: clock.wall() });
    }
    plan(isUnknown ? againMs : dayMs * (1 + daySpread * (2 * random() - 1)));
  };

  const tell = ({ name, state }: DkimKey, { ok, dns, details }: RecordVerdict): void => {
    const before = known.get(name);
    if (ok) {
      if (before?.ok === false) events.emit("DkimKeyFits", { key: name, state });
    } else if (state !== "published") events.emit("DkimKeyUnfit", { key: name, state, details });
    // It is on its way into DNS: that is told once.
    else if (before?.dns !== dns || before.state !== state)
      events.emit("DkimKeyNotPublished", { key: name, details });
  };

  return {
    watch(next) {
      const isNews = next.some((key) => !isKnown(key));
      keys = next;
      const names = new Set(next.map(({ name }) => name));
      for (const name of known.keys()) if (!names.has(name)) known.delete(name);
      if (isNews || keys.length === 0) plan(soonMs + soonSpreadMs * random());
    },
    found: () =>
      keys.flatMap((key) => {
        const one = isKnown(key) ? known.get(key.name) : undefined;
        return one === undefined ? [] : [one];
      }),
    stop() {
      keys = [];
      plan(0);
    },
  };
}
