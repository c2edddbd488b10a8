/**
 * Who uses the relay, kept up to date from the traffic record, judged once a minute, and kept over restarts. Works behind
 * the record, in pieces of a few milliseconds: nothing of it is on the mail's way.
 */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { ApiKey } from "../core/authentication/api-key.ts";
import {
  findingsOf,
  findingsOfSource,
  OpenFindings,
  type Finding,
  type JudgedAt,
} from "../core/inventory/findings.ts";
import { Inventory, type InventoryRoom } from "../core/inventory/inventory.ts";
import { applicationOfSender, partyKey, type Party } from "../core/inventory/parties.ts";
import type { Sender } from "../core/inventory/sender.ts";
import { settleLoss } from "../core/inventory/silent-loss.ts";
import type { Application } from "../core/policy/application.ts";
import { TrafficDamage, TrafficDecoder } from "../core/traffic/traffic-decoder.ts";
import type { Events } from "../events/events.ts";
import type { Clock, Timer } from "../ports/ports.ts";
import { wallRetention, type RetentionClock } from "../ports/retention-clock.ts";
import type { SeenParty, SharedNotices } from "../ports/shared-notices.ts";
import { keptOnDemand } from "../spool/store/kept-on-demand.ts";
import type { TrafficRecord } from "../traffic/traffic-record.ts";
import { createInventoryStore, type CountedTo } from "./inventory-store.ts";
import { placeOf } from "./place.ts";
import { readAgain } from "./read-again.ts";
import { createFindingTeller } from "./tell-findings.ts";
import { createToldOnce } from "./told-once.ts";

export interface InventorySettings {
  readonly applications: readonly Application[];
  readonly apiKeys: readonly Pick<ApiKey, "name" | "application">[];
}

export interface SenderInventory {
  /** Reads what an earlier run left, in the background. */
  start(record: Pick<TrafficRecord, "gather" | "family" | "runMs">): void;
  /** Counts a piece of the record. */
  gathered(octets: Buffer, beginsSegment: boolean): void;
  reconfigure(settings: InventorySettings): void;
  /** All that happened until now is counted. Resolves at once but while an earlier run's record is read. */
  settled(): Promise<void>;
  /** The applications in their order, then who belongs to none, in the order in which they came first. */
  parties(): readonly Party[];
  /** What is known begins then; undefined: nothing came yet. Wall clock. */
  readonly sinceMs: number | undefined;
  /** Those there are now, the latest first. */
  findings(): readonly Finding[];
  /** Looks at everybody now. Resolves when it is done. */
  judge(): Promise<void>;
  /** Never rejects. */
  close(): Promise<void>;
}

const judgeEveryMs = 60_000;
/** Of who did not come meanwhile. */
const everybodyEvery = 10;
const saveEveryMs = 15 * 60_000;
const tidyEveryMs = 60 * 60_000;
/** Then others get their turn. */
const sliceMs = 4;
const pauseMs = 20;
/** Clients and profiles the decoder remembers. */
const mostKnown = 10_000;
/** So much of the record may wait while an earlier run's is read. */
const mostWaitingBytes = 64 * 1024 * 1024;

export function openSenderInventory(options: {
  readonly dataDirectory: string;
  readonly clock: Clock;
  readonly events: Events;
  readonly settings: InventorySettings;
  /** What the clock on the wall is ahead of UTC at an instant. */
  readonly localOffsetMs?: (atMs: number) => number;
  readonly room?: InventoryRoom;
  /** Tells what is too old. Default: the clock on the wall. */
  readonly retention?: RetentionClock;
  /** Of several nodes: what they tell once. */
  readonly notices?: SharedNotices | undefined;
}): SenderInventory {
  const { clock, events, room, retention = wallRetention(options.clock) } = options;
  const localOffsetMs = options.localOffsetMs ?? ((at: number) => -60_000 * new Date(at).getTimezoneOffset());
  let { settings } = options;
  const directory = join(options.dataDirectory, "inventory");
  const kept = keptOnDemand(directory, (what) =>
    events.emit("LogFault", { log: "inventory of senders", error: what }),
  );
  const store = createInventoryStore(kept);
  const inventory = new Inventory(room);
  const decoder = new TrafficDecoder(inventory, mostKnown);
  const teller = createFindingTeller(events);
  const toldOnce = createToldOnce(options.notices);
  let findings = new OpenFindings();
  let record: Parameters<SenderInventory["start"]>[0] | undefined;
  let owners = new Map<Sender, Application | undefined>();
  /** Of the record, while that of an earlier run is read. */
  let waiting: { readonly octets: Buffer; readonly beginsSegment: boolean }[] | undefined = [];
  let waitingBytes = 0;
  let ready: Promise<void> = Promise.resolve();
  let removed: Sender[] = [];
  const closing = new AbortController();
  let isFaulty = false;
  let rounds = 0;
  let judgedMs = 0;
  const timers = new Set<Timer>();

  const wall = (): number => clock.wall().getTime();
  const after = (ms: number, then: () => void): void => {
    if (closing.signal.aborted) return;
    const timer = clock.after(ms, () => {
      timers.delete(timer);
      then();
    });
    timers.add(timer);
  };
  /** Lets others have their turn where a slice was used up: by the machine's time, whatever the clock says. */
  const createPause = (): (() => Promise<void>) => {
    let begunMs = performance.now();
    return async () => {
      if (closing.signal.aborted || performance.now() - begunMs < sliceMs) return;
      await setTimeout(pauseMs, undefined, { ref: false, signal: closing.signal }).catch(() => undefined);
      begunMs = performance.now();
    };
  };
  const failed = (fault: unknown): void => {
    if (isFaulty) return;
    isFaulty = true;
    events.emit("LogFault", { log: "inventory of senders", error: String(fault) });
  };

  const count = (octets: Buffer, beginsSegment: boolean): void => {
    try {
      if (beginsSegment) decoder.segment(octets);
      else decoder.part(octets);
    } catch (error) {
      if (!(error instanceof TrafficDamage)) throw error;
      // The next segment begins anew.
      decoder.damaged();
    }
    if (inventory.isFull) tidy();
  };

  /** Between two pieces of work there is never more than fits. */
  const tidy = (): void => {
    for (const sender of inventory.tidy(retention.now())) {
      owners.delete(sender);
      removed.push(sender);
    }
  };

  const countedTo = (): CountedTo => {
    const place = decoder.place;
    return {
      runMs: place?.head.runMs ?? record?.runMs ?? 0,
      place: place === undefined ? 0 : placeOf(place.head.sequence, place.entry),
      atMs: inventory.lastMs,
    };
  };

  const ownerOf = (sender: Sender): Application | undefined => {
    if (owners.has(sender)) return owners.get(sender);
    const owner = applicationOfSender(settings.applications, settings.apiKeys, sender);
    owners.set(sender, owner);
    return owner;
  };

  const parties = (): Party[] => {
    const named = new Map(settings.applications.map((one) => [one, [] as Sender[]]));
    const others: Party[] = [];
    for (const sender of inventory.senders) {
      const owner = ownerOf(sender);
      if (owner === undefined) others.push({ application: undefined, senders: [sender] });
      else named.get(owner)?.push(sender);
    }
    return [...Array.from(named, ([application, senders]) => ({ application, senders })), ...others];
  };

  const judgeAll = async (everybody: boolean): Promise<void> => {
    const nowMs = wall();
    if (retention.isBelieved) inventory.noLaterThan(nowMs);
    const sinceMs = inventory.sinceMs;
    if (sinceMs === undefined) return;
    const at: JudgedAt = { nowMs, sinceMs, outages: inventory.outages, localOffsetMs };
    const isDue = (sender: Sender): boolean => everybody || sender.lastMs >= judgedMs - judgeEveryMs;
    const pause = createPause();
    const abouts = new Set<string>();
    const begun: Finding[] = [];
    const over: Finding[] = [];
    const seen: SeenParty[] = [];
    const judged = (about: string, found: readonly Finding[]): void => {
      const changes = findings.judged(about, found);
      begun.push(...changes.begun);
      over.push(...changes.over);
    };
    // With a new configuration each has to be looked for anew.
    for (const sender of inventory.senders) {
      ownerOf(sender);
      await pause();
    }
    for (const party of parties()) {
      const about = partyKey(party);
      abouts.add(about);
      if (!party.senders.some(isDue)) continue;
      if (options.notices !== undefined) seen.push(seenAs(about, party.senders));
      for (const sender of party.senders) if (settleLoss(sender, nowMs)) inventory.touch(sender);
      judged(about, findingsOf(party, at));
      await pause();
    }
    for (const source of inventory.sources()) {
      const senders = inventory.sendersOf(source);
      abouts.add(`source ${source}`);
      if (!senders.some(isDue)) continue;
      judged(`source ${source}`, findingsOfSource(source, senders, at));
      await pause();
    }
    over.push(...findings.retain((about) => abouts.has(about)));
    const told = await toldOnce({ nowMs, seen, begun, over });
    teller.begun(told.begun, nowMs);
    teller.over(told.over, nowMs);
    judgedMs = nowMs;
    if (begun.length + over.length > 0) await store.saveFindings(findings.all()).catch(failed);
  };

  let judging: Promise<void> = Promise.resolve();
  const judge = (everybody: boolean): Promise<void> =>
    (judging = judging.then(() => (closing.signal.aborted ? undefined : judgeAll(everybody))).catch(failed));

  const judgeLater = (): void =>
    after(judgeEveryMs, () => {
      record?.gather();
      void ready.then(() => judge(rounds++ % everybodyEvery === 0)).then(judgeLater);
    });

  const save = async (): Promise<void> => {
    if (!inventory.hasChanged() && removed.length === 0) return;
    const gone = removed;
    removed = [];
    try {
      await store.save(inventory, countedTo, gone);
    } catch (error) {
      removed = [...gone, ...removed];
      throw error;
    }
    isFaulty = false;
  };
  const saveLater = (): void => after(saveEveryMs, () => void ready.then(save).catch(failed).then(saveLater));

  const tidyLater = (): void =>
    after(tidyEveryMs, () => {
      tidy();
      tidyLater();
    });

  const readEarlier = async (from: NonNullable<typeof record>): Promise<void> => {
    const rest = createPause();
    const pause = (): Promise<void> => {
      if (inventory.isFull) tidy();
      return rest();
    };
    let counted: CountedTo | undefined;
    if (await isThere(directory)) {
      const loaded = await store.load(inventory, pause);
      findings = loaded.findings;
      counted = loaded.countedTo;
    }
    await readAgain(from.family, counted, from.runMs, inventory, pause, closing.signal);
  };

  return {
    start(from) {
      record = from;
      ready = readEarlier(from)
        .catch(failed)
        .then(() => {
          const gathered = waiting ?? [];
          waiting = undefined;
          for (const { octets, beginsSegment } of gathered) count(octets, beginsSegment);
        });
      judgeLater();
      saveLater();
      tidyLater();
    },
    gathered(octets, beginsSegment) {
      if (waiting === undefined) return count(octets, beginsSegment);
      waitingBytes += octets.length;
      if (waitingBytes <= mostWaitingBytes) waiting.push({ octets, beginsSegment });
    },
    reconfigure(next) {
      settings = next;
      owners = new Map();
    },
    settled() {
      record?.gather();
      return ready;
    },
    parties,
    get sinceMs() {
      return inventory.sinceMs;
    },
    findings: () => findings.all().toSorted((one, other) => other.sinceMs - one.sinceMs),
    async judge() {
      record?.gather();
      await ready;
      await judge(true);
    },
    async close() {
      closing.abort();
      for (const timer of timers) timer.cancel();
      timers.clear();
      await ready;
      await judging;
      await kept.close();
    },
  };
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function seenAs(who: string, senders: readonly Sender[]): SeenParty {
  let [firstMs, lastMs] = [Infinity, 0];
  for (const sender of senders) {
    firstMs = Math.min(firstMs, sender.firstMs);
    lastMs = Math.max(lastMs, sender.lastMs);
  }
  return { who, firstMs, lastMs };
}
