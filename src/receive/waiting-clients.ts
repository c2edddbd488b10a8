/**
 * Connections that wait for a place (limitAction `delay`): each stands in the waiting room until there is one, its wait
 * is over, its client leaves, or the settings change. Then all of them stand at the door again, in their order.
 */
import type { Socket } from "node:net";
import type { ListeningEndpoint } from "../core/policy/listening-endpoint.ts";
import type { ToldRefusal } from "../core/refusals/refusal.ts";
import type { Clock } from "../ports/ports.ts";
import type { Admitted, AdmissionSettings, Arrival, Door, Held } from "./admission/admission.ts";
import { createWaitingRoom, type Waiter } from "./admission/waiting-room.ts";
import { holdSocket } from "./connection/held-socket.ts";

export interface WaitingClients {
  /** Lets a connection wait; without room for it, it is refused after all. */
  wait(socket: Socket, arrival: Arrival, endpoint: ListeningEndpoint, held: Held): void;
  /** A place of this connector came free. Cost: nothing while nobody waits. */
  placeFreed(connector: string): void;
  /** All that wait are judged by the settings in force, before who comes later. */
  settingsChanged(): Promise<void>;
  /** Waiting now, by connector. */
  waiting(connector: string): number;
  /** Refuses everybody. */
  close(): void;
}

interface WaitingClient extends Waiter {
  standAgain(): Promise<void>;
}

export function createWaitingClients(around: {
  readonly door: Door;
  readonly clock: Clock;
  /** Those in force. */
  readonly settings: () => AdmissionSettings;
  readonly open: (socket: Socket, admitted: Admitted, endpoint: ListeningEndpoint) => void;
  readonly turnAway: (socket: Socket, reply: ToldRefusal, endpoint: ListeningEndpoint) => void;
}): WaitingClients {
  const { door, clock, settings, open, turnAway } = around;
  const room = createWaitingRoom<WaitingClient>(clock);
  let closed = false;

  const wait = (socket: Socket, arrival: Arrival, endpoint: ListeningEndpoint, first: Held): void => {
    const since = clock.now();
    let held = first;
    let done = false;
    /** A look at the ledger that is under way. */
    let looking: Promise<unknown> = Promise.resolve();

    const end = (): void => {
      done = true;
      room.leave(client);
    };
    const letIn = (admitted: Admitted): boolean => {
      if (done) {
        // It left while the ledger gave it a place.
        admitted.lease.end();
        room.placeFreed(admitted.connector.name);
        return false;
      }
      end();
      input.letGo();
      open(socket, admitted, endpoint);
      return true;
    };
    const refuse = (reply: ToldRefusal): void => {
      end();
      input.letGo();
      turnAway(socket, reply, endpoint);
    };
    const client: WaitingClient = {
      async enter() {
        const look = door.enter(held);
        looking = look;
        const outcome = await look;
        if ("lease" in outcome) return letIn(outcome);
        held = { ...held, verdict: outcome };
        return false;
      },
      giveUp: () => refuse(door.refuse(held)),
      async standAgain() {
        await looking;
        if (done) return;
        // It is recorded as if it had come anew.
        door.leave(held);
        const admission = await door.admitAgain(arrival, settings());
        if (admission.kind === "admitted") return void letIn(admission.admitted);
        if (done) return;
        if (admission.kind === "refused") return refuse(admission.reply);
        held = admission.held;
        stay();
      },
    };
    const stay = (): void => {
      const { connector, source } = held.client;
      const leftMs = since + connector.limitDelay - clock.now();
      if (closed || leftMs <= 0 || !room.wait(connector.name, source, leftMs, client)) client.giveUp();
    };
    const input = holdSocket(socket, () => {
      end();
      // Who has already asked for something gets an answer.
      if (input.keptBytes > 0 && !socket.destroyed) return turnAway(socket, door.refuse(held), endpoint);
      door.leave(held);
      socket.destroy();
    });
    door.tellHeld(held);
    stay();
  };

  return {
    wait,
    placeFreed: (connector) => room.placeFreed(connector),
    async settingsChanged() {
      for (const client of room.empty()) await client.standAgain();
    },
    waiting: (connector) => room.waiting(connector),
    close() {
      closed = true;
      for (const client of room.empty()) client.giveUp();
    },
  };
}
