/**
 * Brute force: clients that each do what they want at their time, at the relay's own door, ledger, waiting room and rate waiters, on a
 * clock that is turned by hand. What came of it is written down entry by entry.
 */
import { noLimits } from "../../src/core/policy/client-rights.ts";
import type { ListeningDoor } from "../../src/core/policy/door.ts";
import type { RightsOfClient } from "../../src/core/policy/rights-of-client.ts";
import type { ReceiveConnectorSettings } from "../../src/core/policy/receive-connector.ts";
import { refusalCatalogue } from "../../src/core/refusals/catalogue.ts";
import type { Refusal } from "../../src/core/refusals/refusal.ts";
import type { RefusedClients } from "../../src/core/what-if/scenario.ts";
import type { Clock, Timer } from "../../src/ports/ports.ts";
import {
  createDoor,
  type Admission,
  type Admitted,
  type Held,
} from "../../src/receive/admission/admission.ts";
import type { Client } from "../../src/receive/admission/client.ts";
import { createMemoryLedger } from "../../src/receive/admission/memory-ledger.ts";
import { createRateWaiters } from "../../src/receive/admission/rate-waiters.ts";
import { createRefusals } from "../../src/receive/admission/refusals.ts";
import { createLimitUsage } from "../../src/receive/admission/usage.ts";
import { createWaitingRoom } from "../../src/receive/admission/waiting-room.ts";
import type { Traffic } from "../../src/traffic/traffic.ts";

/** Milliseconds; messages and end from the beginning of the connection on. */
export interface Wish {
  readonly atMs: number;
  readonly door: ListeningDoor;
  readonly address: string;
  readonly user: string | undefined;
  readonly messages: readonly number[];
  readonly endMs: number;
}

export interface Came {
  readonly refused: readonly (readonly [atMs: number, connector: string, source: string, limit: string])[];
  /** By limits that are only looked at. */
  readonly wouldBeRefused: readonly (readonly [
    atMs: number,
    connector: string,
    source: string,
    limit: string,
  ])[];
  readonly waited: readonly (readonly [what: "connection" | "message", connector: string, ms: number])[];
  readonly messages: readonly (readonly [atMs: number, connector: string, source: string])[];
  /** Most that were open at once, by connector, and by connector and source. */
  readonly highest: ReadonlyMap<string, number>;
  readonly lostConnections: number;
  readonly lostMessages: number;
}

/** At one instant timers of the doors run first, in the order in which they were set, then those of clients by their rank. */
export interface SimulatedClock extends Clock {
  at(atMs: number, rank: number, run: () => void): void;
  /** Runs all that is set, until nothing is left. */
  run(): Promise<void>;
}

export function simulatedClock(startMs: number): SimulatedClock {
  let nowMs = startMs;
  let order = 0;
  let timers: { atMs: number; rank: number; order: number; run: () => void }[] = [];
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 60; turn++) await Promise.resolve();
  };
  const set = (atMs: number, rank: number, run: () => void): Timer => {
    const timer = { atMs: Math.max(nowMs, atMs), rank, order: order++, run };
    timers.push(timer);
    return { cancel: () => void (timers = timers.filter((other) => other !== timer)) };
  };
  return {
    now: () => nowMs,
    wall: () => new Date(nowMs),
    after: (delayMs, run) => set(nowMs + delayMs, 0, run),
    at: (atMs, rank, run) => void set(atMs, rank, run),
    async run() {
      await settle();
      while (timers.length > 0) {
        const [next] = timers.sort((a, b) => a.atMs - b.atMs || a.rank - b.rank || a.order - b.order);
        timers = timers.filter((timer) => timer !== next);
        nowMs = next?.atMs ?? nowMs;
        next?.run();
        await settle();
      }
    },
  };
}

export async function simulateDoors(options: {
  readonly clock: SimulatedClock;
  readonly connectors: readonly ReceiveConnectorSettings[];
  readonly maxConnectionRatePerMinute: number;
  readonly rightsOf?: RightsOfClient;
  readonly refusedClients: RefusedClients;
  readonly wishes: readonly Wish[];
  readonly traffic: Traffic;
}): Promise<Came> {
  const { clock, connectors, refusedClients, traffic, rightsOf = () => noLimits } = options;
  const refused: (readonly [number, string, string, string])[] = [];
  const waited: (readonly ["connection" | "message", string, number])[] = [];
  const messages: (readonly [number, string, string])[] = [];
  const highest = new Map<string, number>();
  const open = new Map<string, number>();
  let lostConnections = 0;
  let lostMessages = 0;

  const events = { wants: () => false, emit: () => undefined };
  const wouldBeRefused: (readonly [number, string, string, string])[] = [];
  const usage = {
    ...createLimitUsage({ clock }),
    wouldRefuse: (connector: string | undefined, source: string, { limit = "" }: Refusal): void =>
      void wouldBeRefused.push([clock.now(), connector ?? "", source, limit]),
  };
  const refusals = createRefusals({ clock, events, usage, applications: () => [] });
  const ledger = createMemoryLedger(clock);
  const doorkeeper = createDoor({ ledger, clock, refusals, usage, traffic, isSuspended: () => false });
  const room = createWaitingRoom(clock);
  const stopping = new AbortController().signal;
  const rateWaiters = createRateWaiters({ door: doorkeeper, clock, connectors: () => connectors, stopping });
  const settings = {
    receiveConnectors: connectors,
    maxConnectionRatePerMinute: options.maxConnectionRatePerMinute,
    ipv6SourcePrefixLength: 64,
  };
  const local = (door: ListeningDoor) => ({ address: "127.0.0.1", port: door === "HTTP" ? 8587 : 25 });

  const count = (key: string, change: number): void => {
    const now = (open.get(key) ?? 0) + change;
    open.set(key, now);
    if (now > (highest.get(key) ?? 0)) highest.set(key, now);
  };
  const counted = ({ connector, source }: Client, change: number): void => {
    count(connector.name, change);
    count(`${connector.name} ${source}`, change);
  };

  const waitForPlace = (held: Held): Promise<Admitted | undefined> =>
    new Promise((resolve) => {
      const since = clock.now();
      let last = held;
      const waiter = {
        async enter() {
          const outcome = await doorkeeper.enter(last);
          if (!("lease" in outcome)) {
            last = { ...last, verdict: outcome };
            return false;
          }
          counted(outcome, 1);
          waited.push(["connection", outcome.connector.name, clock.now() - since]);
          resolve(outcome);
          return true;
        },
        giveUp() {
          const { told } = doorkeeper.refuse(last);
          refused.push([clock.now(), held.client.connector.name, held.client.source, told.limit ?? ""]);
          resolve(undefined);
        },
      };
      const { connector, source } = held.client;
      if (!room.wait(connector.name, source, connector.limitDelay, waiter)) waiter.giveUp();
    });

  const comeIn = async (door: ListeningDoor, address: string): Promise<Admitted | undefined> => {
    const admission: Admission = await doorkeeper.admit(
      { local: local(door), door, remoteAddress: address },
      settings,
    );
    switch (admission.kind) {
      case "admitted":
        counted(admission.admitted, 1);
        return admission.admitted;
      case "held":
        return waitForPlace(admission.held);
      case "refused": {
        const { limit = "remoteIpRanges", connector = "In" } = admission.reply.told;
        refused.push([clock.now(), connector, address, limit]);
        return undefined;
      }
    }
  };

  const leave = (admitted: Admitted): void => {
    counted(admitted, -1);
    admitted.lease.end();
    room.placeFreed(admitted.connector.name);
  };

  /** True: it may be sent; false: it was refused. */
  const mayEnter = async (admitted: Admitted, user: string | undefined): Promise<boolean> => {
    const limits = rightsOf(admitted.address, user);
    traffic.described(admitted.connection, user ?? "", "", "", "", "");
    traffic.message(admitted.connection);
    const outcome = await doorkeeper.admitMessage(admitted, user, limits, false);
    const since = clock.now();
    let last = outcome;
    if (outcome === "held") {
      traffic.messageHeld(admitted.connection);
      last =
        (await rateWaiters.wait(admitted, user, limits, { isGone: false, onGone: () => undefined })) ??
        "admitted";
      if (last === "admitted") {
        traffic.resumed(admitted.connection);
        waited.push(["message", admitted.connector.name, clock.now() - since]);
      }
    }
    if (last === "admitted" || last === "held") {
      messages.push([clock.now(), admitted.connector.name, admitted.source]);
      return true;
    }
    traffic.refused(admitted.connection, last.refused);
    const { setting = "" } = refusalCatalogue[last.refused] as { setting?: string };
    refused.push([clock.now(), admitted.connector.name, admitted.source, setting]);
    return false;
  };

  const client = async (
    { atMs, door, address, user, messages: offsets, endMs }: Wish,
    index: number,
  ): Promise<void> => {
    let shiftMs = 0;
    let next = 0;
    let resumesMs = atMs;
    let tries = 0;
    /**
     * Who had to wait or came again is before those who do what they would have done at that time in any case. Else those first who
     * came first. When the timer was set decides nothing: no record has it.
     */
    const until = (wantedMs: number, isPutOff: boolean): Promise<void> =>
      new Promise((resolve) => {
        clock.at(wantedMs, 1 + index + (isPutOff ? 0 : options.wishes.length), resolve);
      });
    await until(atMs, false);
    for (;;) {
      const admitted = await comeIn(door, address);
      if (admitted !== undefined) {
        shiftMs = Math.max(shiftMs, clock.now() - resumesMs);
        let isClosed = false;
        while (next < offsets.length && !isClosed) {
          const wantedMs = atMs + (offsets[next] ?? 0);
          await until(wantedMs + shiftMs, shiftMs > 0);
          let isIn = await mayEnter(admitted, user);
          // By HTTP it is refused alone: the connection goes on.
          while (
            !isIn &&
            door === "HTTP" &&
            refusedClients.kind === "again" &&
            tries < refusedClients.tries
          ) {
            tries++;
            await until(clock.now() + refusedClients.afterMs, true);
            isIn = await mayEnter(admitted, user);
          }
          if (isIn || door === "HTTP") {
            if (!isIn) lostMessages++;
            shiftMs = Math.max(shiftMs, clock.now() - wantedMs);
            next++;
          } else {
            isClosed = true;
            resumesMs = wantedMs;
          }
        }
        if (!isClosed) await until(atMs + endMs + shiftMs, shiftMs > 0);
        leave(admitted);
        if (!isClosed) return;
      }
      if (refusedClients.kind === "gone" || tries >= refusedClients.tries) {
        lostConnections++;
        lostMessages += offsets.length - next;
        return;
      }
      tries++;
      await until(clock.now() + refusedClients.afterMs, true);
    }
  };

  const all = options.wishes.map(client);
  await clock.run();
  await Promise.all(all);
  return { refused, wouldBeRefused, waited, messages, highest, lostConnections, lostMessages };
}
