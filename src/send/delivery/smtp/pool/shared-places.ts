/**
 * This node's part of limits that hold for connections of all nodes to a next hop (ports/shared-connections.ts). Connections
 * come and go within it as within any limit; what is told and asked is told for all next hops in one call, when one wants more
 * than it has, and each second where something is other than it was. Never on the way of a message.
 */
import type { Clock, Timer } from "../../../../ports/ports.ts";
import type { SharedConnections } from "../../../../ports/shared-connections.ts";
import { OutboundConnections } from "./outbound-connections.ts";

/** The places of one next hop. */
export interface SharedHop {
  readonly taken: OutboundConnections;
  /** A connection is gone. */
  left(): void;
  /** It is not used any more by who asked for it. */
  release(): void;
}

export interface SharedPlaces {
  /** The same places for whoever names the same next hop; of several limits the last one holds. */
  of(key: string, limit: number): SharedHop;
  close(): void;
}

const lookMs = 1_000;
/** Who has less than wanted asks again so soon. */
const lackingMs = 250;
/** A next hop that nobody uses keeps its share so long: the next message needs no question. */
const keptMs = 30_000;
const mostHops = 10_000;
const mostAsks = 1_000;
/** What is held is told so often though it be the same: a database that crashed may have lost it. */
const tellAllEvery = 10;

interface Hop {
  readonly key: string;
  readonly taken: OutboundConnections;
  limit: number;
  granted: number;
  goal: number;
  users: number;
  unusedSince: number;
  askedAt: number;
  /** Of the last answer. */
  told: { readonly held: number; readonly wanted: number } | undefined;
  /** Somebody waits for more than it may have. */
  isLacking: boolean;
}

/** What it may have without asking. */
const share = ({ limit, granted, goal }: Hop): number => Math.min(limit, granted, goal);
/** What counts as this node's until the next answer. */
const held = (hop: Hop): number => Math.max(hop.taken.open, share(hop));

export function createSharedPlaces(shared: SharedConnections, clock: Clock): SharedPlaces {
  const hops = new Map<string, Hop>();
  /** Not left to the next look. */
  const urgent = new Set<Hop>();
  let asking: Promise<void> | undefined;
  let timer: Timer | undefined;
  let dueAt = Infinity;
  let lookAt = -Infinity;
  let looks = 0;
  let losses = 0;
  let closed = false;

  const plan = (at: number): void => {
    if (closed || asking !== undefined || at >= dueAt) return;
    timer?.cancel();
    dueAt = at;
    timer = clock.after(Math.max(0, at - clock.now()), askNow);
  };
  const urge = (hop: Hop): void => {
    urgent.add(hop);
    plan(urgentAt(hop));
  };
  const urgentAt = ({ isLacking, askedAt }: Hop): number => (isLacking ? askedAt + lackingMs : clock.now());
  const nextAt = (): number => {
    let at = hops.size > 0 ? lookAt : Infinity;
    for (const hop of urgent) at = Math.min(at, urgentAt(hop));
    return at;
  };

  const isNews = (hop: Hop): boolean =>
    hop.told === undefined || hop.told.held !== held(hop) || hop.told.wanted !== hop.taken.wanted;
  const isForgotten = (hop: Hop): boolean =>
    hop.users === 0 &&
    hop.taken.open === 0 &&
    (hops.size > mostHops || clock.now() - hop.unusedSince >= keptMs);

  /** Nobody knows whether what was told is known. */
  const tellAnew = (): void => {
    for (const hop of hops.values()) hop.told = undefined;
  };

  /** Those that cannot wait, and each second all that are other than they were. */
  const chosen = (now: number): readonly Hop[] => {
    if (now < lookAt) return [...urgent].filter((hop) => urgentAt(hop) <= now).slice(0, mostAsks);
    lookAt = now + lookMs;
    if (++looks % tellAllEvery === 0) tellAnew();
    return [...hops.values()]
      .filter((hop) => urgent.has(hop) || isNews(hop) || isForgotten(hop))
      .slice(0, mostAsks);
  };

  const ask = async (): Promise<void> => {
    const now = clock.now();
    const isLook = now >= lookAt;
    const asked = chosen(now);
    if (asked.length === 0 && !isLook) return;
    const asks = asked.map((hop) => {
      const { key, limit, taken } = hop;
      hop.askedAt = now;
      urgent.delete(hop);
      if (!isForgotten(hop)) return { key, limit, held: held(hop), wanted: taken.wanted };
      // Whoever comes back to it asks anew.
      hops.delete(key);
      hop.granted = 0;
      return { key, limit, held: 0, wanted: 0 };
    });
    const lossesBefore = losses;
    let answer: Awaited<ReturnType<SharedConnections["share"]>>;
    try {
      answer = await shared.share(asks);
    } catch {
      // The spool tells of a database that is away.
      tellAnew();
      for (const hop of asked) {
        hop.askedAt = clock.now() + lookMs;
        if (hop.isLacking) urgent.add(hop);
      }
      return;
    }
    // It is of before: what it gave is others' by now.
    if (losses !== lossesBefore) return;
    for (const [at, hop] of asked.entries()) {
      const { held: heldThen = 0, wanted = 0 } = asks[at] ?? {};
      const { granted, goal } = answer.given[at] ?? { granted: 0, goal: 0 };
      if (hops.get(hop.key) !== hop) continue;
      hop.granted = granted;
      hop.goal = goal;
      hop.told = { held: Math.max(heldThen, granted), wanted };
      hop.isLacking = share(hop) < Math.min(wanted, hop.limit);
      hop.taken.limitChanged();
      // What others want of it is told as soon as it is free.
      if (hop.isLacking || held(hop) < hop.told.held) urgent.add(hop);
    }
    for (const key of answer.contested) {
      const hop = hops.get(key);
      if (hop !== undefined) urgent.add(hop);
    }
  };

  const askNow = (): void => {
    timer = undefined;
    dueAt = Infinity;
    asking ??= ask().finally(() => {
      asking = undefined;
      plan(nextAt());
    });
  };

  shared.onLost(() => {
    losses++;
    for (const hop of hops.values()) {
      hop.granted = 0;
      hop.told = undefined;
      hop.taken.limitChanged();
    }
  });

  const made = (key: string, limit: number): Hop => {
    const hop: Hop = {
      key,
      limit,
      granted: 0,
      goal: 0,
      users: 0,
      unusedSince: clock.now(),
      askedAt: -Infinity,
      told: undefined,
      isLacking: false,
      taken: new OutboundConnections(
        () => share(hop),
        () => {
          if (hop.isLacking || share(hop) >= hop.limit) return;
          hop.isLacking = true;
          urge(hop);
        },
      ),
    };
    hops.set(key, hop);
    plan(nextAt());
    return hop;
  };

  return {
    of(key, limit) {
      const hop = hops.get(key) ?? made(key, limit);
      hop.users++;
      hop.limit = limit;
      let isUsed = true;
      return {
        taken: hop.taken,
        left() {
          if (hop.told !== undefined && hop.goal < hop.told.held) urge(hop);
        },
        release() {
          if (!isUsed) return;
          isUsed = false;
          hop.users--;
          hop.unusedSince = clock.now();
        },
      };
    },
    close() {
      closed = true;
      timer?.cancel();
    },
  };
}
